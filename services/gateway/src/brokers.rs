//! Streams that unmodified `@discordjs/brokers` reads and writes (`docs/brokers.md`).
//!
//! Each dispatch that goes into a lane takes a copy along, or gives way to it, in a stream by its
//! event's name and in the format of that package; the lane's append writes both in one step, so
//! what holds for a lane holds for the copies (ADR 0016). Backwards, what such a program puts into
//! `gateway_send` is routed to the lane of its shard, and is a command like any other from there
//! on.
//!
//! What goes the way of the events stands in [`copying`], and is called by each shard's task. The
//! rest is one task for each app, where its first shard is: it routes, and it cleans up.

pub mod copying;
pub mod msgpack;
pub mod outgoing;

mod routing;
mod serving;
mod tending;

use std::time::Duration;

pub(crate) use self::serving::{Served, Serving};

/// The stream in which commands come.
const OUTGOING: &str = "gateway_send";

/// How an app's copies are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokersSettings {
    /// Whether what has a copy stands in its lane too.
    pub mode: CopyMode,
    /// What the names of its streams begin with; nothing for readers that others wrote.
    pub prefix: String,
    /// After how much time a consumer group goes that nobody reads with.
    pub group_idle_max: Duration,
}

/// Whether what has a copy stands in its lane too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// It does.
    Also,
    /// It does not, unless the copy cannot be written.
    Instead,
}

impl BrokersSettings {
    /// The key of the stream with this name.
    #[must_use]
    pub fn stream(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
