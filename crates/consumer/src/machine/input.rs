//! What a lane's machine is told, and what it wants done.

use std::{sync::Arc, time::Duration};

use baton_model::{Moment, StreamId};
use baton_store::Entry;
use bytes::Bytes;

/// An entry as it was read, before anything of it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) id: StreamId,
    /// How often it has been delivered to anybody, this time included.
    pub(crate) deliveries: u32,
    pub(crate) fields: Vec<(Bytes, Bytes)>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// The answer to [`Output::Read`]; nothing if nothing has come for a while.
    Read(Vec<Arrival>),
    /// Nothing was read, and what was on its way may be lost.
    ReadFailed,
    /// A handler has ended.
    Ended(StreamId, Ending),
    /// An errand was carried out.
    Done(Errand, Done),
    /// An errand was not carried out, or it is unknown whether it was.
    Failed(Errand),
    /// The lane is ours until then, at the least.
    Sure(Moment),
    /// The lane belongs to somebody else.
    Fenced,
    /// Nothing new is to be begun, and what is held is to be finished.
    Stop,
    /// What is being handled is to be finished, and the rest to be left to others.
    Yield,
    /// What is not finished is to be left to others.
    GiveUp,
    /// It is later.
    Time,
}

/// How a handler ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Handled,
    /// With this error.
    Failed(String),
}

/// What comes of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    Written,
    /// Of [`Errand::Keep`]: those that are others' now.
    Lost(Vec<StreamId>),
    /// Of [`Errand::Claim`]: what was taken over, and up to where has been looked; nothing if there
    /// is nothing more.
    Claimed(Vec<Arrival>, Option<StreamId>),
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Read up to so many new entries. It is answered before the next is wanted.
    Read(usize),
    /// Hand this to its handler.
    Handle { id: StreamId, attempt: u32, entry: Arc<Entry> },
    /// Ask the store for this. It is answered before the next is wanted.
    Run(Errand),
    /// A delivery was given up on.
    GaveUp(Arc<Burial>),
    /// There is nothing left to do.
    Over,
}

/// Something that is asked of the store. All may be asked again if it is unknown whether they were
/// carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Acknowledge these.
    Ack(Vec<StreamId>),
    /// Write a dead letter, and acknowledge what it is about, in one.
    Bury(Arc<Burial>),
    /// Say that these are still being worked on.
    Keep(Vec<StreamId>),
    /// Take deliveries over.
    Claim(Claim),
    /// Leave these to whoever wants them, at once.
    Release(Vec<StreamId>),
    /// End the read that is under way: nothing new is wanted.
    Wake,
    /// Remove consumers that are gone and have nothing pending.
    Sweep,
}

/// A delivery that is given up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Burial {
    pub(crate) id: StreamId,
    pub(crate) attempts: u32,
    pub(crate) error: String,
    /// The entry as it was read.
    pub(crate) fields: Vec<(Bytes, Bytes)>,
}

/// Which deliveries to take over: those behind `after` of which nothing was heard for `idle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) whose: Whose,
    pub(crate) idle: Duration,
    pub(crate) after: StreamId,
    pub(crate) count: usize,
}

/// Whose deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Our own, from before we started.
    Own,
    /// Anybody's.
    All,
}
