//! What a shard is told: by its supervisor, by its socket, by the store, and by the clock.
//!
//! Every answer names what it answers, because it may arrive long after the question has lost its
//! meaning. An answer to a question that is no longer open changes nothing.

use std::fmt;

use baton_model::{
    Dispatch, Epoch, Expected, InstanceId, LeaseRow, OfferId, ResumeUrl, RowSession, Seq,
    SessionId, SessionNumber, SessionRow,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The moment named by [`poll_timeout`](crate::ShardMachine::poll_timeout) has come.
    Wake,

    /// Take the lease, if the row still stands as it was seen.
    Claim {
        /// As it was seen.
        expected: Expected,
    },
    /// The row as somebody just read it: at start, after a hint, in a sweep.
    Row(LeaseRow),
    /// The shard is about to be offered to this instance: get a socket as far as HELLO.
    Warm(SessionRow),
    /// Give the shard to another instance.
    HandOver {
        /// Who shall have it.
        to: InstanceId,
    },
    /// Give the lease back, whoever takes it next; its session stays in the row.
    Release,
    /// The instance is sure of its leases.
    LeaseConfirmed,
    /// It is not: its last acknowledged beat is too old.
    LeaseUnconfirmed,
    /// The store turned out to be another one, or to have forgotten something.
    StoreChanged,
    /// No IDENTIFY for this app until [`Restart`](Self::Restart): Discord rejected it for good.
    Halt,
    /// Try again what was given up: somebody has mended the cause of a fatal close.
    Restart,
    /// Close the connection and RESUME on another one; an operator asked for it.
    Reconnect,
    /// End the session and begin another one; an operator asked for it.
    NewSession,
    /// The instance's memory for rings is nearly full: hold no more than must be held.
    Shed,
    /// The share of that memory that this shard may use. Until it is told, that is all there is
    /// before shards are shed.
    RingBudget {
        /// Frames and what each costs besides.
        bytes: usize,
    },

    /// Something happened on a socket.
    Socket {
        /// On which.
        socket: SocketId,
        /// What.
        event: SocketEvent,
    },
    /// The store answered.
    Store(Answer),
}

/// One websocket client of this shard, in the order they were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

/// What happens on a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// No connection came about.
    ConnectFailed,
    /// Discord greeted. The client is held until [`Proceed`](crate::Output::Proceed).
    Hello,
    /// The client asked its queue for permission to IDENTIFY.
    PermitWanted,
    /// The fleet's gate granted what [`RequestPermit`](crate::Output::RequestPermit) asked for.
    PermitGranted,
    /// A new session began.
    Ready {
        /// Discord's id of it.
        id: SessionId,
        /// Where to resume it; none if Discord sent nothing that is a url.
        resume_url: Option<ResumeUrl>,
        /// READY itself.
        dispatch: Dispatch,
    },
    /// Any other dispatch, RESUMED among them.
    Dispatch(Dispatch),
    /// Any frame that is no dispatch and asks for nothing, such as a heartbeat's ACK.
    Frame,
    /// Op 7: Discord wants the shard to reconnect.
    ReconnectAsked,
    /// Op 9.
    InvalidSession {
        /// Whether the session may still be resumed.
        resumable: bool,
    },
    /// The websocket is closed, by whomever; the client has been dropped.
    Closed {
        /// Discord's close code, if a close frame came.
        code: Option<u16>,
    },
}

/// The store's answer to a [`Request`](crate::Request).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The lease is ours.
    Claimed {
        /// The epoch that the claim expected to find.
        expected: Epoch,
        /// Ours.
        epoch: Epoch,
        /// What to resume.
        session: Option<SessionRow>,
    },
    /// The row was not as expected.
    ClaimLost {
        /// The epoch that the claim expected to find.
        expected: Epoch,
        /// What was found, if anything.
        row: Option<LeaseRow>,
    },
    /// The offered lease is ours.
    Accepted {
        /// The epoch it was offered under.
        under: Epoch,
        /// Which offer.
        offer: OfferId,
        /// Ours.
        epoch: Epoch,
        /// What to resume.
        session: Option<SessionRow>,
    },
    /// There is no such offer.
    OfferGone {
        /// The epoch it had been made under.
        under: Epoch,
        /// Which offer.
        offer: OfferId,
        /// What the row says, if there is one.
        row: Option<LeaseRow>,
    },
    /// The row holds the new session, and the stream its marker.
    Started {
        /// Under which epoch.
        epoch: Epoch,
        /// Which session.
        id: SessionId,
        /// The number it was given.
        number: SessionNumber,
    },
    /// The stream holds everything up to `last`.
    Appended {
        /// Under which epoch.
        epoch: Epoch,
        /// In which session.
        session: SessionNumber,
        /// The append's last seq.
        last: Seq,
    },
    /// The row's seq lies below the append's `prev`: the store lost a tail.
    Gap {
        /// Under which epoch.
        epoch: Epoch,
        /// In which session.
        session: SessionNumber,
        /// The last dispatch that the stream holds.
        row: Seq,
    },
    /// The row holds another session than the append named.
    OtherSession {
        /// Under which epoch.
        epoch: Epoch,
        /// The session that was named.
        session: SessionNumber,
        /// The one that the row holds.
        row: Option<RowSession>,
    },
    /// The row's session is not the one, or does not end where, the new session was said to
    /// follow: the store fell back.
    OtherPrevious {
        /// Under which epoch.
        epoch: Epoch,
        /// The session that was to begin.
        id: SessionId,
        /// The one that the row holds.
        row: Option<RowSession>,
    },
    /// The offer stands; our appends are refused.
    Offered {
        /// Under which epoch.
        epoch: Epoch,
        /// Which offer.
        offer: OfferId,
    },
    /// The offer is taken back; the lease is ours as before.
    Retracted {
        /// Under which epoch.
        epoch: Epoch,
        /// Which offer.
        offer: OfferId,
    },
    /// The lease is free; its session stays in the row.
    Released {
        /// The epoch that ended.
        epoch: Epoch,
    },
    /// The row names us as owner under our epoch, as before.
    Reasserted {
        /// Under which epoch.
        epoch: Epoch,
        /// The session that the row holds.
        session: Option<RowSession>,
    },
    /// It was not carried out, or nobody knows.
    Failed {
        /// What.
        asked: Asked,
        /// Why.
        failure: Failure,
    },
}

/// Which [`Request`](crate::Request) failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The claim that expected this epoch.
    Claim(Epoch),
    /// The acceptance of this offer, made under this epoch.
    Accept(Epoch, OfferId),
    /// A new session under this epoch.
    BeginSession(Epoch),
    /// An append under this epoch, in this session.
    Append(Epoch, SessionNumber),
    /// This offer, made under this epoch.
    Offer(Epoch, OfferId),
    /// Taking it back.
    Retract(Epoch, OfferId),
    /// Giving back the lease of this epoch.
    Release(Epoch),
    /// Writing back the row of this epoch.
    Reassert(Epoch),
}

impl Asked {
    /// The epoch it was asked under, or expected to find.
    #[must_use]
    pub const fn epoch(self) -> Epoch {
        match self {
            Self::Claim(epoch)
            | Self::Accept(epoch, _)
            | Self::BeginSession(epoch)
            | Self::Append(epoch, _)
            | Self::Offer(epoch, _)
            | Self::Retract(epoch, _)
            | Self::Release(epoch)
            | Self::Reassert(epoch) => epoch,
        }
    }
}

/// Why a request was not carried out, or may not have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Somebody else was granted the lease later, or it was given back.
    Fenced {
        /// The row's epoch: ours, or above.
        row: Epoch,
    },
    /// The store has lost the lease: it holds no row, or one from before the lease was granted.
    Forgotten,
    /// The store carries nothing out at present. This says nothing about the lease.
    Unavailable,
    /// No answer came in time: it may have been carried out, or may yet be.
    Unknown,
}
