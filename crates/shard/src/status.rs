//! What operators and watchdogs see: in which state a shard is, since when, and who must act
//! next, by when.

use std::fmt;

use baton_model::{InstanceId, Moment};

pub use baton_model::ShardState as State;

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
