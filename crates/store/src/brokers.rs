//! Streams that `@discordjs/brokers` reads: copies of events, and commands from there.
//!
//! What stands in such an entry, the store does not know: one field, `data`, in a format of
//! others. It keeps the promises of a lane for them: a copy is written with its entry, or instead
//! of it, in the same step, under the same lease. And it routes a command out of their stream in
//! one step, once.
//!
//! The names of these streams are others' as well, and lie in any slot: a Cluster and the embedded
//! store refuse all of this.

use std::{future::Future, time::Duration};

use baton_model::{AppName, Lane, Seq};
use bytes::Bytes;
use thiserror::Error;

use crate::{Append, AppendError, Command, StoreError, StreamId, Trim, Trimmed, error::unhappy};

/// Under what name Baton reads commands there: the name of a consumer group, so that whoever lists
/// the stream's groups sees how far it is.
pub const ROUTER: &str = "baton";

/// The field of such an entry that holds something.
pub const BROKERS_FIELD: &str = "data";

/// An append, with copies of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedAppend {
    /// What goes into the lane.
    pub append: Append,
    /// What goes elsewhere with it.
    pub copies: Copies,
}

/// Copies of an append's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    /// For each entry of the append what is written elsewhere; none for what has no copy.
    pub each: Vec<Option<Copied>>,
    /// Whether what has a copy stands in the lane too.
    pub lane: InLane,
}

/// Whether what has a copy stands in the lane too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InLane {
    /// It does.
    Also {
        /// About how many entries a stream of copies holds at most: beyond them the oldest go with
        /// the write.
        entries_max: u64,
    },
    /// It does not, unless the store refuses the copy. No write cuts a stream of copies short: what
    /// would go stands nowhere else.
    Instead,
}

/// A copy of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The key of its stream.
    pub stream: String,
    /// What it holds.
    pub data: Bytes,
}

/// What an append with copies has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The lane's seq of the shard afterwards.
    pub seq: Seq,
    /// Copies that were not written because their keys hold something else, or may not be touched:
    /// how many, and what the store said of the last. Their entries stand in the lane.
    pub refused: Option<(u64, String)>,
}

/// What was found in a stream of commands: its place, and what its field holds, if it has it.
pub type OutgoingEntry = (StreamId, Option<Bytes>);

/// Commands on their way from a stream of others into the lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// Of which app.
    pub app: &'a AppName,
    /// From which stream.
    pub stream: &'a str,
    /// Where the caller believes the router to be.
    pub from: StreamId,
    /// Where it will be then.
    pub to: StreamId,
    /// What was read between them and is to be sent, each with its lane, in their order.
    pub commands: &'a [(Lane, Command)],
}

/// Why commands were not routed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RouteError {
    /// The router is elsewhere: somebody else has routed these.
    #[error("the stream was read up to {0} already")]
    Elsewhere(StreamId),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(RouteError);

/// How one of these streams is kept short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tend<'a> {
    /// Of which app.
    pub app: &'a AppName,
    /// Which stream.
    pub stream: &'a str,
    /// How much is kept. No marker is written: its readers would not know it.
    pub keep: Trim,
    /// After how much time a consumer group goes that nobody reads with.
    pub group_idle_max: Duration,
}

/// What was done to a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tended {
    /// What was trimmed.
    pub trimmed: Trimmed,
    /// Consumer groups that are gone.
    pub groups_removed: Vec<String>,
}

/// Copies of events, and commands of others.
pub trait Brokers {
    /// As [`Events::append_all`](crate::Events::append_all), and each entry that goes into the lane
    /// takes its copy along, in the same step: an append that is repeated, or fenced, writes
    /// neither again. A copy that the store cannot write holds up nothing.
    ///
    /// With [`InLane::Instead`] each entry stands in one place: in the stream of its copy, or in
    /// the lane if it has none or the store cannot write it. The mark moves over both alike.
    fn append_copied(
        &self,
        appends: &[CopiedAppend],
    ) -> impl Future<Output = Vec<Result<Appended, AppendError>>> + Send;

    /// The streams into which copies of an app's events were ever written, by their keys.
    fn copied_streams(
        &self,
        app: &AppName,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Trims a stream as [`Events::trim`](crate::Events::trim) does a lane, and removes consumer
    /// groups that nobody has read with for `group_idle_max`: all their consumers have been idle
    /// for at least as long, nothing was delivered to them since, and looks at the stream have
    /// found it so for that long. The router's group stays. Repeating it is harmless.
    fn tend(&self, tend: Tend<'_>) -> impl Future<Output = Result<Tended, StoreError>> + Send;

    /// Up to where commands of a stream were routed. A router that has never been there begins
    /// behind what is older than `age_max`.
    fn routed(
        &self,
        stream: &str,
        age_max: Duration,
    ) -> impl Future<Output = Result<StreamId, StoreError>> + Send;

    /// Reads what stands behind `after`, oldest first, at most `count`.
    fn outgoing(
        &self,
        stream: &str,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<OutgoingEntry>, StoreError>> + Send;

    /// Waits for something behind `after`, as [`Commands::await_commands`] does.
    ///
    /// [`Commands::await_commands`]: crate::Commands::await_commands
    fn await_outgoing(
        &self,
        stream: &str,
        after: StreamId,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts commands into their lanes and moves the router, in one step, if the router is where
    /// the caller believes it to be. So each goes into its lane once, whoever tries how often.
    fn route(&self, route: Route<'_>) -> impl Future<Output = Result<(), RouteError>> + Send;
}
