//! The connection to Discord: which socket there is, what it waits for, and until when.
//!
//! Each state has exactly the fields that make sense in it. Every state with a socket has a
//! deadline, for Discord and twilight may both wait for ever.

use baton_model::{Moment, limits::SILENCE_MAX};

use crate::{ResumeFrom, SocketId, WakeReason};

pub(crate) enum Link {
    /// There is no socket, and none is wanted.
    Unwanted,
    /// There will be one.
    BackingOff { until: Moment },
    /// There will be one when what was received is in the stream.
    Shed,
    /// Discord rejects the app; there will be one when somebody has acted.
    Fatal,
    /// On its way to HELLO.
    Connecting { socket: SocketId, resume: Option<ResumeFrom>, deadline: Moment },
    /// Greeted and held, until the lease is ours.
    Warm { socket: SocketId, resume: ResumeFrom, deadline: Moment },
    /// RESUME is out; the replay runs.
    Resuming { socket: SocketId, deadline: Moment },
    /// On its way to READY.
    Identifying { socket: SocketId, permit: Permit },
    /// Events arrive.
    Live { socket: SocketId, since: Moment, heard_at: Moment },
    /// Events arrive and are left to whoever resumes next. It is polled, since its heartbeats
    /// must flow for as long as it is open.
    Deaf { socket: SocketId, since: Moment, heard_at: Moment },
    /// Our close frame is out; the echo is awaited.
    Closing { socket: SocketId, deadline: Moment, then: Then, hearing: Hearing },
}

/// How far an IDENTIFY has got.
#[derive(Clone, Copy)]
pub(crate) enum Permit {
    /// The client has not asked its queue yet.
    Expected { deadline: Moment },
    /// It has, and we may not pass that on.
    Withheld { heard_at: Moment },
    /// The gate has been asked.
    Asked { heard_at: Moment },
    /// IDENTIFY is out; READY is awaited.
    Used { deadline: Moment },
}

/// What follows when the socket is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Another one, after a pause.
    Reconnect,
    /// Another one, when the ring is empty.
    Shed,
    /// Nothing.
    Stay,
}

/// Whether a closing socket's last dispatches are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// They are: should the RESUME fail, they would be lost.
    All,
    /// They are not: what comes before them was dropped.
    Nothing,
}

/// A socket, by how one parts from it.
pub(crate) enum Contact {
    None,
    /// No websocket yet, or none that could carry a close frame.
    Unmet,
    Met(SocketId),
    /// Parted from, but for the echo.
    Closing {
        socket: SocketId,
        deadline: Moment,
    },
}

impl Link {
    pub(crate) const fn contact(&self) -> Contact {
        match *self {
            Self::Unwanted | Self::BackingOff { .. } | Self::Shed | Self::Fatal => Contact::None,
            Self::Connecting { .. } | Self::Warm { .. } => Contact::Unmet,
            Self::Resuming { socket, .. }
            | Self::Identifying { socket, .. }
            | Self::Live { socket, .. }
            | Self::Deaf { socket, .. } => Contact::Met(socket),
            Self::Closing { socket, deadline, .. } => Contact::Closing { socket, deadline },
        }
    }

    pub(crate) const fn socket(&self) -> Option<SocketId> {
        match *self {
            Self::Unwanted | Self::BackingOff { .. } | Self::Shed | Self::Fatal => None,
            Self::Connecting { socket, .. }
            | Self::Warm { socket, .. }
            | Self::Resuming { socket, .. }
            | Self::Identifying { socket, .. }
            | Self::Live { socket, .. }
            | Self::Deaf { socket, .. }
            | Self::Closing { socket, .. } => Some(socket),
        }
    }

    /// When this state has lasted for too long, or long enough.
    pub(crate) fn deadline(&self) -> Option<(Moment, WakeReason)> {
        match *self {
            Self::Unwanted | Self::Shed | Self::Fatal => None,
            Self::BackingOff { until } => Some((until, WakeReason::BackOff)),
            Self::Connecting { deadline, .. } => Some((deadline, WakeReason::Hello)),
            Self::Warm { deadline, .. } => Some((deadline, WakeReason::WarmHeld)),
            Self::Resuming { deadline, .. } => Some((deadline, WakeReason::Resumed)),
            Self::Identifying { permit, .. } => Some(permit.deadline()),
            Self::Live { heard_at, .. } | Self::Deaf { heard_at, .. } => {
                Some((heard_at + SILENCE_MAX, WakeReason::Silence))
            }
            Self::Closing { deadline, .. } => Some((deadline, WakeReason::CloseEcho)),
        }
    }
}

impl Permit {
    fn deadline(self) -> (Moment, WakeReason) {
        match self {
            Self::Expected { deadline } | Self::Used { deadline } => (deadline, WakeReason::Ready),
            Self::Withheld { heard_at } | Self::Asked { heard_at } => {
                (heard_at + SILENCE_MAX, WakeReason::Silence)
            }
        }
    }
}
