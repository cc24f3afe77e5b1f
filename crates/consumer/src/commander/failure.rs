//! What can come of a command besides what was hoped for.

use std::time::Duration;

use baton_model::{AppName, ShardNumber};
use baton_store::{StoreError, Unhappy, Unsendable};
use thiserror::Error;

/// Why a command is not on its way.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// Discord takes no more in one frame.
    #[error("command has {0} bytes; Discord accepts at most 4096")]
    TooLarge(usize),
    /// Discord would close the connection over it.
    #[error("command cannot be sent")]
    Invalid(#[source] Unsendable),
    /// The app has fewer shards.
    #[error("there is no shard {shard}; the app has {shards}, from 0 on")]
    NoSuchShard {
        /// The one that was meant.
        shard: ShardNumber,
        /// How many there are.
        shards: u32,
    },
    /// The text names no guild.
    #[error("{0:?} is no guild's id; expected a number, as in 613425648685547541")]
    NoGuildId(String),
    /// No instance has run the app yet, so nobody knows how many shards it has.
    #[error("fleet does not know the app {0}; check its name, or start a gateway first")]
    NoSuchApp(AppName),
    /// No random name could be drawn.
    #[error("no random number for a name")]
    NoRandom,
    /// The store did not take it, or it is unknown whether it did.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why it is not known that a command was sent to Discord.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AskError {
    /// It did not get on its way.
    #[error(transparent)]
    NotSent(#[from] SendError),
    /// Its time was over before the shard could send it.
    #[error("command expired before the shard could send it")]
    Expired,
    /// The shard's instance takes it for something that Discord would close the connection over.
    #[error("command was refused: {why}")]
    Refused {
        /// What is wrong with it.
        why: String,
    },
    /// It was given up, although there is nothing wrong with it.
    #[error("command was dropped: {why}")]
    Dropped {
        /// What stood in its way.
        why: String,
    },
    /// Discord does not want to be asked this for a while.
    #[error("command is rate limited; try again in {retry_after:?}")]
    RateLimited {
        /// For how long.
        retry_after: Duration,
    },
    /// Nobody has said what became of it. It is not sent any more once its time is over.
    #[error("no result within {0:?}; check that a gateway runs the shard")]
    NoResult(Duration),
}

/// Why members were not collected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MembersError {
    /// They were not asked for.
    #[error(transparent)]
    NotAsked(#[from] AskError),
    /// There are more than are wanted.
    #[error("guild has more members than the limit of {0}; raise it, or ask for fewer")]
    TooMany(usize),
    /// What Discord has told of them is no list of members.
    #[error("chunk of members cannot be read: {0}")]
    Unreadable(String),
    /// Not all of them came in time.
    #[error("{came} of {expected} chunks came within {within:?}")]
    Incomplete {
        /// How many chunks came.
        came: usize,
        /// How many there should be; 0 if none came to say so.
        expected: usize,
        /// How long they were waited for.
        within: Duration,
    },
}

impl Unhappy for SendError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }

    fn outcome_unknown(&self) -> bool {
        matches!(self, Self::Store(error) if error.outcome_unknown())
    }
}
