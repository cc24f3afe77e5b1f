//! What a supervisor is told.

use std::{num::NonZeroU16, time::Duration};

use baton_fleet::{Hint, RequestId};
use baton_model::{AppName, AppShape, InstanceId, Intent, LeaseRow, ShardKey, StoreMillis};
use baton_shard::{Notice, SocketId};
use baton_store::Connecting;

/// An app as it is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    /// Into what it is cut, as all instances have agreed.
    pub shape: AppShape,
    /// How many shards may identify at the same time, as Discord says.
    pub buckets: NonZeroU16,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The time of [`poll_timeout`](super::Supervisor::poll_timeout) has come.
    Wake,
    /// What concerns nobody but the fleet: most answers of the store, the presence, a drain.
    Fleet(Box<baton_fleet::Input>),
    /// Another instance says something.
    Hint(Hint),
    /// An app is to run, or runs otherwise than before.
    App(AppName, App),
    /// An app is to run no more. Its shards end when the other instances know it as well;
    /// [`Remark::Retired`](super::Remark::Retired) follows.
    Retire(AppName),
    /// What operators want, all of it, and the store's time; comes with every poll, before it.
    Intents(Vec<Intent>, StoreMillis),
    /// Answers [`Ask::Sweep`](super::Ask::Sweep).
    Swept(RequestId, baton_fleet::Sweep),
    /// Answers [`Ask::Row`](super::Ask::Row). An answer that does not come is asked for again.
    Row(ShardKey, Option<LeaseRow>),
    /// A shard of this instance says something.
    Report(ShardKey, Report),
    /// The process is about to use up its memory: everything is to be given away while there is
    /// time.
    ShortOfMemory {
        /// How long that may take.
        limit: Duration,
    },
    /// A shard's task made no progress, and another one has taken its place.
    Restarted(ShardKey),
    /// No IDENTIFY for the app until [`Resume`](Self::Resume): Discord rejects it.
    Halt(AppName),
    /// What was wrong with the app has been mended, or may have been: one shard may find out.
    Probe(AppName),
    /// Discord accepts the app again.
    Resume(AppName),
    /// An app's token was read from its source again.
    TokenRead {
        /// Which app.
        app: AppName,
        /// Was it another one?
        changed: bool,
    },
}

/// How a shard has come to its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// By which way.
    pub how: Connecting,
    /// How long there were none, where this instance had them before.
    pub gap: Option<Duration>,
    /// Dispatches that came before RESUMED.
    pub replayed: u64,
    /// Those of them that the stream held when RESUME went out.
    pub skipped: u64,
}

/// What a shard's task says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// What its machine has to say.
    Notice(Notice),
    /// It needs to IDENTIFY.
    PermitWanted(SocketId),
    /// It does not any more.
    PermitWithdrawn,
    /// Its lease stands on offer.
    Offered {
        /// To whom.
        to: InstanceId,
    },
    /// Its events arrive; the machine's notice of it follows.
    Connected(Connection),
    /// It holds nothing and waits for nothing.
    AtRest {
        /// How many errands it has run so far: with another one on its way, it is needed.
        errands: u64,
    },
}
