//! Commands over a bad connection.

use baton_model::{AppName, Lane};

use super::Faulty;
use crate::{
    AnswerError, Command, CommandEntry, CommandError, CommandResult, CommandTrim, Commands, Hold,
    HoldError, ShardAddress, StoreError, StreamId,
};

impl<S: Commands + Sync> Commands for Faulty<S> {
    async fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> Result<StreamId, CommandError> {
        self.through(self.store.send_command(app, lane, command)).await
    }

    async fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<CommandEntry>, StoreError> {
        self.through(self.store.commands(app, lane, after, count)).await
    }

    async fn await_commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
    ) -> Result<(), StoreError> {
        self.through(self.store.await_commands(app, lane, after)).await
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        self.through(self.store.commands_done(shard)).await
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        self.through(self.store.set_commands_done(hold, done)).await
    }

    async fn answer_command(
        &self,
        app: &AppName,
        lane: Lane,
        result: &CommandResult,
    ) -> Result<(), AnswerError> {
        self.through(self.store.answer_command(app, lane, result)).await
    }

    async fn results(
        &self,
        app: &AppName,
        lane: Lane,
        reply_to: &str,
        after: StreamId,
    ) -> Result<Vec<(StreamId, CommandResult)>, StoreError> {
        self.through(self.store.results(app, lane, reply_to, after)).await
    }

    async fn trim_commands(
        &self,
        app: &AppName,
        lane: Lane,
        trim: CommandTrim<'_>,
    ) -> Result<u64, StoreError> {
        self.through(self.store.trim_commands(app, lane, trim)).await
    }
}
