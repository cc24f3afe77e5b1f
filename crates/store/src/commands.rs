//! Commands: what consumers ask a shard to send to Discord.

use std::future::Future;

use baton_model::{AppName, Lane};
use thiserror::Error;

use crate::{Command, Hold, HoldError, ShardAddress, StoreError, StreamId, error::unhappy};

/// Why a command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    /// Discord would close the connection over it.
    #[error("command has {0} bytes; Discord accepts at most 4096")]
    TooLarge(usize),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(CommandError);

/// The command streams, one a lane, and each shard's place in its lane's.
///
/// Every command that is taken is durable and has its place in the lane's order. The place up to
/// which a shard has dealt with its commands is part of its row: it moves with the lease, so that
/// a hand-over neither repeats nor skips a command.
pub trait Commands {
    /// Adds a command. Repeated after an unknown outcome it may stand there twice.
    fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> impl Future<Output = Result<StreamId, CommandError>> + Send;

    /// Reads the lane's commands behind `after`, oldest first, at most `count`; those of other
    /// shards among them.
    fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<(StreamId, Command)>, StoreError>> + Send;

    /// Up to where the shard has dealt with its lane's commands.
    fn commands_done(
        &self,
        shard: &ShardAddress,
    ) -> impl Future<Output = Result<StreamId, StoreError>> + Send;

    /// Moves that place forward; never back. Only the holder may.
    fn set_commands_done(
        &self,
        hold: &Hold,
        done: StreamId,
    ) -> impl Future<Output = Result<(), HoldError>> + Send;
}
