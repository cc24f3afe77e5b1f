//! Commands: what consumers ask a shard to send to Discord.

use std::{future::Future, time::Duration};

use baton_model::{
    AppName, AppShape, Lane, ShardKey,
    limits::{COMMAND_BYTES_MAX, REPLY_TO_BYTES_MAX},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Command, CommandEntry, CommandResult, Hold, HoldError, ShardAddress, StoreError, StreamId,
    error::unhappy,
};

/// Why a command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum CommandError {
    /// Discord would close the connection over it.
    #[error("command has {0} bytes; Discord accepts at most 4096")]
    TooLarge(usize),
    /// A result could not be kept under such a name.
    #[error("command wants its result under a name of {0} bytes; expected at most 128")]
    ReplyToTooLong(usize),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(CommandError);

/// Why a result was not written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// Nothing is kept under such a name.
    #[error("result is wanted under a name of {0} bytes; expected at most 128")]
    ReplyToTooLong(usize),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(AnswerError);

/// Which commands of a lane may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandTrim<'a> {
    /// Every shape of the app of which shards run: the old and the new one while a generation is
    /// switched. What all of their shards have dealt with goes; with no shape, that is nothing.
    pub shapes: &'a [AppShape],
    /// What is older than this goes, whoever has not dealt with it.
    pub age_max: Duration,
}

impl CommandTrim<'_> {
    /// Where the rows of the lane's shards are.
    pub fn shards(&self, app: &AppName, lane: Lane) -> impl Iterator<Item = ShardAddress> {
        self.shapes.iter().flat_map(move |shape| {
            let generation = shape.generation;
            shape.shards_of(lane).map(move |number| ShardAddress {
                shard: ShardKey { app: app.clone(), generation, number },
                lane,
            })
        })
    }
}

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

    /// Reads what stands in the lane's stream behind `after`, oldest first, at most `count`: the
    /// commands of all its shards, and what is no command, each at its place. Who cannot read one
    /// entry can read the next.
    fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<CommandEntry>, StoreError>> + Send;

    /// Waits for something in the lane's stream behind `after`, for as long as it takes; it may
    /// also end before. Nothing is taken: whoever was told reads. It costs the store next to
    /// nothing, and may be given up at any time.
    fn await_commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

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

    /// Tells a command's sender what became of it, if it waits for that under a name. For each
    /// name at most `RESULTS_KEPT_MAX` results are kept, for `RESULTS_KEPT` after the last; they
    /// may be lost with the process that holds them. Repeated after an unknown outcome a result
    /// may stand there twice.
    fn answer_command(
        &self,
        app: &AppName,
        lane: Lane,
        result: &CommandResult,
    ) -> impl Future<Output = Result<(), AnswerError>> + Send;

    /// Reads the results for a name behind `after`, oldest first.
    fn results(
        &self,
        app: &AppName,
        lane: Lane,
        reply_to: &str,
        after: StreamId,
    ) -> impl Future<Output = Result<Vec<(StreamId, CommandResult)>, StoreError>> + Send;

    /// Removes commands that need not be kept, oldest first, at most `COMMANDS_TRIMMED_MAX`, and
    /// returns how many. The last one of a lane may stay, whatever became of it. Repeating it
    /// removes nothing that should stay.
    fn trim_commands(
        &self,
        app: &AppName,
        lane: Lane,
        trim: CommandTrim<'_>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// Checks what can be wrong with a command; for implementations.
///
/// # Errors
/// [`CommandError::TooLarge`] if Discord would close the connection over it, and
/// [`CommandError::ReplyToTooLong`] if its result could not be kept.
pub fn ensure_command_fits(command: &Command) -> Result<(), CommandError> {
    let (frame, name) = (command.frame.len(), command.reply_to.len());
    if frame > COMMAND_BYTES_MAX {
        return Err(CommandError::TooLarge(frame));
    }
    if name > REPLY_TO_BYTES_MAX {
        return Err(CommandError::ReplyToTooLong(name));
    }
    Ok(())
}

/// Whether anybody waits for a result; for implementations.
///
/// # Errors
/// [`AnswerError::ReplyToTooLong`] if nothing is kept under such a name.
pub fn is_awaited(result: &CommandResult) -> Result<bool, AnswerError> {
    match result.reply_to.len() {
        name if name > REPLY_TO_BYTES_MAX => Err(AnswerError::ReplyToTooLong(name)),
        name => Ok(name > 0),
    }
}
