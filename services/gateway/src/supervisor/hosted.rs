//! What the supervisor remembers of a shard that has a task here.

use baton_model::{Epoch, InstanceId, Moment, SessionRow};
use baton_shard::SocketId;

/// A shard with a task.
#[derive(Debug, Default)]
pub(super) struct Hosted {
    /// How many errands its task was sent on.
    pub(super) errands: u64,
    /// Whether the fleet waits to hear what became of a claim.
    pub(super) is_claiming: bool,
    /// Whether its task was started afresh and has not got its lease again.
    pub(super) is_restarted: bool,
    /// Who held it before, as far as it was seen when it was claimed or accepted.
    pub(super) origin: Origin,
    /// The lease that it holds.
    pub(super) held: Option<Epoch>,
    /// Whether it was told to end, because its app is to run no more.
    pub(super) is_ending: bool,
    /// Whether it was live here.
    pub(super) was_live: bool,
    /// The socket that waits for a permit.
    pub(super) waiting: Option<SocketId>,
    /// To whom it is to be handed over.
    pub(super) heir: Option<InstanceId>,
}

/// From whom a lease comes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Origin {
    /// Nobody, as far as is known.
    #[default]
    Unknown,
    /// It was claimed from whoever held it, if somebody did.
    Claimed(Option<InstanceId>),
    /// It was offered by this instance.
    Offered(InstanceId),
}

/// A lease that ended here: rows read before that are no news.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    pub(super) epoch: Epoch,
    pub(super) at: Moment,
}

/// A shard that is to come here by a move.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) stage: Stage,
    /// When its row is looked at again, for the offer.
    pub(super) next_look: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its session is being read.
    Reading,
    /// The task gets a socket ready.
    Warming {
        /// For this session.
        session: SessionRow,
        /// Since when it tries.
        since: Moment,
    },
    /// It has not got one. The source keeps the shard, unless it has not heard of this.
    Failed,
    /// The source knows that all is ready.
    Awaited,
}

impl Hosted {
    pub(super) const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Whether nobody expects anything of it.
    pub(super) const fn is_spare(&self) -> bool {
        !self.is_claiming && self.held.is_none()
    }
}
