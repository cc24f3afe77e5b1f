//! What operators and watchdogs see: in which state a shard is, since when, and who must act
//! next, by when.

use std::fmt;

use baton_model::{InstanceId, Moment};

/// A shard at one instance, in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// What it is about.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// Whose turn it is.
    pub waits_for: Actor,
    /// When the machine acts if they do not; none where only they can.
    pub deadline: Option<Moment>,
}

/// What a shard is about. Where it gives its lease away, that; else how its connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody asked for it here.
    Idle,
    /// Its lease is being claimed.
    Claiming,
    /// A socket for a lease to come is on its way to HELLO.
    Warming,
    /// That socket is held.
    Warm,
    /// A lease on offer is being accepted.
    Accepting,
    /// The next connection waits.
    BackingOff,
    /// A socket is on its way to HELLO.
    Connecting,
    /// The replay runs.
    Resuming,
    /// IDENTIFY waits for the gate, or for us to be allowed to ask it.
    AwaitingPermit,
    /// IDENTIFY is out, or about to go.
    Identifying,
    /// Events arrive; the store has not numbered their session yet.
    Beginning,
    /// Events arrive.
    Live,
    /// The same, while the stream gets back what the store lost.
    Healing,
    /// The store is being reminded whose the row is.
    Reasserting,
    /// What was received is being appended before the lease is given away.
    Flushing,
    /// The lease is being put on offer.
    Offering,
    /// The lease is on offer.
    Offered,
    /// The offer is being taken back.
    Retracting,
    /// The lease is being given back.
    Releasing,
    /// The socket is closing.
    Closing,
    /// The socket was closed to save memory; the ring drains.
    Shed,
    /// Discord rejects the app.
    Fatal,
    /// The lease was lost to another instance.
    Fenced,
    /// The lease went to the target of a hand-over.
    Moved,
    /// The lease was given back.
    Released,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// This instance's supervisor.
    Supervisor,
    /// The store.
    Store,
    /// Discord.
    Discord,
    /// The fleet's gate for IDENTIFYs.
    Gate,
    /// The target of a hand-over.
    Target(InstanceId),
    /// Whoever can mend the app: its token, its intents, its shard count.
    Operator,
    /// Nobody but time.
    Clock,
}

/// Why the machine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeReason {
    /// HELLO is overdue.
    Hello,
    /// The client's wish for an IDENTIFY, or READY, is overdue.
    Ready,
    /// RESUMED, or the next dispatch of the replay, is overdue.
    Resumed,
    /// The socket has been silent for too long.
    Silence,
    /// The echo of a close frame is overdue.
    CloseEcho,
    /// The pause before the next connection is over.
    BackOff,
    /// A warm socket has been held for too long.
    WarmHeld,
    /// The flush before a hand-over or a release is overdue.
    Flush,
    /// The offer, or its acceptance, is overdue.
    Offer,
    /// A request to the store goes out again.
    StoreRetry,
    /// The mark must move past dispatches that a filter left out.
    Mark,
    /// The ring may let go of something.
    RingKeep,
}

impl State {
    /// The state as operators read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Claiming => "claiming",
            Self::Warming => "warming",
            Self::Warm => "warm",
            Self::Accepting => "accepting",
            Self::BackingOff => "backing off",
            Self::Connecting => "connecting",
            Self::Resuming => "resuming",
            Self::AwaitingPermit => "awaiting permit",
            Self::Identifying => "identifying",
            Self::Beginning => "beginning",
            Self::Live => "live",
            Self::Healing => "healing",
            Self::Reasserting => "reasserting",
            Self::Flushing => "flushing",
            Self::Offering => "offering",
            Self::Offered => "offered",
            Self::Retracting => "retracting",
            Self::Releasing => "releasing",
            Self::Closing => "closing",
            Self::Shed => "shed",
            Self::Fatal => "fatal",
            Self::Fenced => "fenced",
            Self::Moved => "moved",
            Self::Released => "released",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supervisor => f.write_str("supervisor"),
            Self::Store => f.write_str("store"),
            Self::Discord => f.write_str("discord"),
            Self::Gate => f.write_str("gate"),
            Self::Target(to) => write!(f, "target {to}"),
            Self::Operator => f.write_str("operator"),
            Self::Clock => f.write_str("clock"),
        }
    }
}

impl WakeReason {
    /// The reason in a word or two.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Ready => "ready",
            Self::Resumed => "resumed",
            Self::Silence => "silence",
            Self::CloseEcho => "close echo",
            Self::BackOff => "back-off",
            Self::WarmHeld => "warm held",
            Self::Flush => "flush",
            Self::Offer => "offer",
            Self::StoreRetry => "store retry",
            Self::Mark => "mark",
            Self::RingKeep => "ring keep",
        }
    }
}

impl fmt::Display for WakeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
