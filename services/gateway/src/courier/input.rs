//! What a courier is told.

use std::collections::BTreeSet;

use baton_model::{Moment, StreamId, TraceParent};
use baton_shard::SocketId;
use baton_store::Op;
use bytes::Bytes;

use super::refusals::RateLimited;

/// A command as it lies in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Its place.
    pub id: StreamId,
    /// When it is too late.
    pub expires: Option<Moment>,
    /// Under which name its sender waits; empty if it does not.
    pub reply_to: String,
    /// Set if its sender traces it.
    pub trace: Option<TraceParent>,
    /// The frame, unchecked; or why it cannot be read.
    pub frame: Result<Bytes, String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The time of [`poll_timeout`](super::Courier::poll_timeout) has come.
    Wake,
    /// The shard's next command was read.
    Read(Parcel),
    /// Up to here there are no further commands for this shard.
    Passed(StreamId),
    /// The connection on which commands may be sent: its session is live and the lease is sure.
    /// None if there is none at this moment.
    Link(Option<SocketId>),
    /// What was to be sent there is written.
    Written(SocketId),
    /// What was to be sent there has not been, and will not be: nothing may be sent there any more.
    TakenBack(SocketId),
    /// The store holds this place.
    Saved(StreamId),
    /// It does not, or has not said so.
    NotSaved,
    /// Discord has refused a request.
    RateLimited(RateLimited),
    /// These may be sent from here on, and no others.
    Allow(BTreeSet<Op>),
    /// The bot is to be shown in another way; a frame that says so. A later one takes the place of
    /// one that has not been sent.
    Show(String),
}
