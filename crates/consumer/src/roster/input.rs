//! What the roster is told, and what it wants done.

use std::collections::BTreeMap;

use baton_model::Moment;

use super::record::{Record, Row};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A beat has been taken.
    Polled(Poll),
    /// A beat was not taken, or it is unknown whether it was.
    BeatFailed,
    /// An errand was carried out.
    Done(Errand, Row),
    /// An errand was not carried out, or it is unknown whether it was.
    Failed(Errand),
    /// We have stopped reading a lane that we held under this epoch, in whatever way.
    Ended(u16, u64),
    /// Since when the delivery that has been in hand for longest has been; none if nothing is.
    InHand(Option<Moment>),
    /// We are to leave.
    Leave,
    /// It is later.
    Time,
}

/// What the answer to a beat shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Poll {
    /// When the beat was sent.
    pub(crate) sent: Moment,
    /// What everybody says; nothing where it cannot be read.
    pub(crate) records: BTreeMap<String, Option<Record>>,
    /// Whether our own record stood there before.
    pub(crate) was_known: bool,
    /// Which server has answered: another one after every failover and restart.
    pub(crate) server: String,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Beat, with this record; these that are long dead are to be forgotten. It is answered before
    /// the next is wanted.
    Beat { record: Record, forget: Vec<String> },
    /// Ask a lane's row. One errand for a lane at a time.
    Run(Errand),
    /// The lane is ours under this epoch: read it.
    Begin(u16, u64),
    /// Stop reading the lane: it is another's.
    End(u16),
    /// The same, and leave to that other whatever is not done in a moment.
    Yield(u16),
    /// Nobody else has the lane until then.
    Sure(u16, Moment),
    /// We hold nothing any more, and may go.
    Left,
}

/// Something that is asked of a lane's row; its answer is the row as it stands then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    Look(u16),
    /// Take it, if its epoch is this.
    Claim(u16, u64),
    /// Give it back, held under this epoch.
    Release(u16, u64),
}

impl Errand {
    pub(crate) const fn lane(self) -> u16 {
        match self {
            Self::Look(lane) | Self::Claim(lane, _) | Self::Release(lane, _) => lane,
        }
    }
}
