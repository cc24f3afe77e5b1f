//! What a shard wants done: on its socket, in the store, and what its supervisor should know.

use std::fmt;

use baton_model::{
    Dispatch, Epoch, Expected, InstanceId, Marker, OfferId, ResumeUrl, Seq, SessionId,
    SessionNumber, SessionRow, SessionStart,
};

use crate::{Asked, SocketId};

/// Something to carry out. The order of outputs counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Build a client, connect, and poll it until HELLO.
    Open {
        /// Its number from here on.
        socket: SocketId,
        /// The session to resume; without one it will IDENTIFY.
        resume: Option<ResumeFrom>,
    },
    /// Poll on: RESUME goes out with the next poll, or the queue is asked for an IDENTIFY.
    Proceed {
        /// Which client.
        socket: SocketId,
    },
    /// Send a close frame and poll on until the echo. Discord's own request to go (op 7, op 9)
    /// makes twilight send one by itself; asking again does no harm.
    Close {
        /// Which client.
        socket: SocketId,
        /// What the frame says.
        code: CloseCode,
    },
    /// Drop the client as it is. To Discord that is a broken connection: the session lives on.
    Drop {
        /// Which client.
        socket: SocketId,
    },
    /// Ask the fleet's gate for one IDENTIFY.
    RequestPermit {
        /// For which client.
        socket: SocketId,
    },
    /// The permit is not wanted any more; it must not be spent.
    WithdrawPermit {
        /// For which client.
        socket: SocketId,
    },
    /// Let the client's queue answer: IDENTIFY goes out.
    Identify {
        /// Which client.
        socket: SocketId,
    },
    /// Ask the store.
    Store(Request),
    /// Tell the supervisor.
    Notice(Notice),
}

/// What a RESUME names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeFrom {
    /// Discord's id of the session.
    pub id: SessionId,
    /// Where; none for the main gateway url.
    pub url: Option<ResumeUrl>,
    /// The last dispatch that the stream holds.
    pub seq: Seq,
}

/// What a close frame does to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// 4000: the session can be resumed.
    Resumable,
    /// 1000: the session ends.
    Ending,
}

/// A question to the store. Each is idempotent: sent again, it has the same effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Own the row, if its lease is the expected one.
    Claim {
        /// The lease to replace.
        expected: Expected,
    },
    /// Own the row that is on offer to us.
    Accept {
        /// The epoch it is offered under.
        under: Epoch,
        /// Which offer.
        offer: OfferId,
    },
    /// Replace the row's session and write the marker, both or neither; but only if the row holds
    /// `previous`, and the stream ends there. An attempt that comes late, or to a store that fell
    /// back, is answered with [`OtherPrevious`](crate::Answer::OtherPrevious). A session id that
    /// the row already holds gets the same number again.
    BeginSession {
        /// The lease.
        epoch: Epoch,
        /// Discord's id of the session.
        id: SessionId,
        /// Where to resume it.
        resume_url: Option<ResumeUrl>,
        /// Why there is a new one.
        start: SessionStart,
        /// The one before it, and the last seq the stream holds of that.
        previous: Option<(SessionNumber, Seq)>,
    },
    /// Add entries to the stream.
    Append(Append),
    /// Put the lease on offer. From then on our appends are refused.
    Offer {
        /// The lease.
        epoch: Epoch,
        /// Who may accept.
        to: InstanceId,
        /// Which offer under this epoch.
        offer: OfferId,
    },
    /// Take the offer back. An attempt to make the same offer that comes later is refused.
    Retract {
        /// The lease.
        epoch: Epoch,
        /// Which offer.
        offer: OfferId,
    },
    /// Give the lease back, with the session.
    Release {
        /// The lease.
        epoch: Epoch,
    },
    /// Make the row ours again, if its epoch is not above this one; an offer of ours is void. A
    /// session that the row holds is left as it is, with its seq: the stream ends there. A row
    /// without one, or with an earlier one, takes ours, and the stream gets a marker.
    Reassert {
        /// The lease.
        epoch: Epoch,
        /// The session as we know it; its seq is that from which we could write it again. None if
        /// it can begin once more instead, with its own marker.
        session: Option<SessionRow>,
    },
    /// Remove the resume url from the row. Best effort, without an answer.
    ForgetResumeUrl {
        /// The lease.
        epoch: Epoch,
        /// Of this session only.
        session: SessionNumber,
    },
}

impl Request {
    /// The name under which it fails; none for what is not answered at all.
    #[must_use]
    pub const fn asked(&self) -> Option<Asked> {
        match self {
            Self::Claim { expected } => Some(Asked::Claim(expected.epoch)),
            Self::Accept { under, offer } => Some(Asked::Accept(*under, *offer)),
            Self::BeginSession { epoch, .. } => Some(Asked::BeginSession(*epoch)),
            Self::Append(append) => Some(Asked::Append(append.epoch, append.session)),
            Self::Offer { epoch, offer, .. } => Some(Asked::Offer(*epoch, *offer)),
            Self::Retract { epoch, offer } => Some(Asked::Retract(*epoch, *offer)),
            Self::Release { epoch } => Some(Asked::Release(*epoch)),
            Self::Reassert { epoch, .. } => Some(Asked::Reassert(*epoch)),
            Self::ForgetResumeUrl { .. } => None,
        }
    }
}

/// Entries for the stream, as one link of the chain from the first dispatch of a session to its
/// last. The link also covers dispatches between `prev` and `last` that a filter left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The lease.
    pub epoch: Epoch,
    /// The session.
    pub session: SessionNumber,
    /// Where the stream ends, as far as we know.
    pub prev: Seq,
    /// In order; empty if only the mark is to move.
    pub entries: Vec<Entry>,
    /// Where it ends afterwards.
    pub last: Seq,
}

/// One entry of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An event as Discord sent it.
    Dispatch(Dispatch),
    /// What Baton has to say at this place.
    Marker {
        /// The place.
        seq: Seq,
        /// What.
        marker: Marker,
    },
}

impl Entry {
    /// Its place in the session.
    #[must_use]
    pub fn seq(&self) -> Seq {
        match self {
            Self::Dispatch(dispatch) => dispatch.seq,
            Self::Marker { seq, marker: _ } => *seq,
        }
    }

    /// The bytes of its frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        match self {
            Self::Dispatch(dispatch) => dispatch.frame.len(),
            Self::Marker { .. } => 0,
        }
    }
}

/// What the supervisor should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The socket has been greeted and is held: the shard may be offered.
    Warm,
    /// The warm socket is no more: an offer will be taken by an ordinary RESUME.
    Cold,
    /// The lease went to somebody else before we got it.
    NotOurs,
    /// The lease is ours.
    Ours {
        /// Under which epoch.
        epoch: Epoch,
    },
    /// Somebody else owns the shard; what was not appended has been dropped.
    Fenced {
        /// The epoch that ended.
        epoch: Epoch,
    },
    /// The target of the hand-over owns the shard.
    Moved {
        /// The epoch that ended.
        epoch: Epoch,
    },
    /// The shard was to be given away and could not be: it goes on here.
    StillHere {
        /// Under which epoch.
        epoch: Epoch,
    },
    /// The lease has been given back.
    Released {
        /// The epoch that ended.
        epoch: Epoch,
    },
    /// The shard has a session and its events arrive.
    Live,
    /// The store holds less than it had acknowledged: it has lost the lease, a session or the end
    /// of the stream. It is given back what is known here.
    RolledBack {
        /// Under which epoch.
        epoch: Epoch,
    },
    /// Discord ended the session's connection soon after it was resumed, as if somebody else had
    /// resumed it; and the store says that the shard is ours.
    Contested {
        /// Under which epoch.
        epoch: Epoch,
    },
    /// The session cannot be resumed; the next one's marker will say so.
    SessionLost,
    /// Discord rejects the app for good: no IDENTIFY for it until somebody acts.
    Fatal {
        /// The close code.
        code: u16,
    },
    /// Connections fail one after the other: another instance may fare better.
    CannotConnect,
    /// What was asked for cannot be done.
    Refused(Refusal),
}

/// Why something that the supervisor asked for cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The instance is not sure of its leases.
    Unconfirmed,
    /// The shard has no lease to give away.
    NotOurs,
    /// The shard has a lease, or is about to get one.
    AlreadyOurs,
    /// A hand-over is under way, the row is being written back, or a session begins.
    Busy,
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resumable => "4000",
            Self::Ending => "1000",
        })
    }
}
