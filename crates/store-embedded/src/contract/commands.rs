//! Commands.

use baton_model::{AppName, Lane};
use baton_store::{
    AnswerError, Command, CommandEntry, CommandError, CommandResult, CommandTrim, Commands, Hold,
    HoldError, ShardAddress, StoreError, StreamId, key::Key,
};

use crate::{EmbeddedStore, live::Scene, state::bytes_of};

impl Commands for EmbeddedStore {
    async fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> Result<StreamId, CommandError> {
        self.live.run(|at| at.state.send_command(at.now, app, lane, command)).await?
    }

    async fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<CommandEntry>, StoreError> {
        self.live.run(|at| at.state.commands(app, lane, after, count)).await
    }

    async fn await_commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
    ) -> Result<(), StoreError> {
        let mut told = self.live.commands_told();
        let is_there = |at: Scene<'_>| !at.state.commands(app, lane, after, 1).is_empty();
        // It ends: whatever lies behind that place has been told of, or will be.
        while !self.live.look(is_there)? {
            if told.changed().await.is_err() {
                unreachable!("the sender lives in self");
            }
        }
        Ok(())
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        self.live.run(|at| at.state.commands_done(shard)).await
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        self.live.run(|at| at.state.set_commands_done(hold, done)).await?
    }

    async fn answer_command(
        &self,
        app: &AppName,
        lane: Lane,
        result: &CommandResult,
    ) -> Result<(), AnswerError> {
        let answer = |at: Scene<'_>| {
            at.touched.insert(bytes_of(Key::Results(app, lane, &result.reply_to)));
            self.live.results().add(at.now, app, lane, result)
        };
        self.live.run(answer).await?
    }

    async fn results(
        &self,
        app: &AppName,
        lane: Lane,
        reply_to: &str,
        after: StreamId,
    ) -> Result<Vec<(StreamId, CommandResult)>, StoreError> {
        let read = |now| self.live.results().behind(now, (app, lane, reply_to), after);
        self.live.run(|at| read(at.now)).await
    }

    async fn trim_commands(
        &self,
        app: &AppName,
        lane: Lane,
        trim: CommandTrim<'_>,
    ) -> Result<u64, StoreError> {
        self.live.run(|at| at.state.trim_commands(at.now, app, lane, trim)).await
    }
}
