//! Commands.

use baton_model::{AppName, Lane};
use baton_store::{
    Command, CommandError, Commands, Hold, HoldError, ShardAddress, StoreError, StreamId,
};

use crate::EmbeddedStore;

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
    ) -> Result<Vec<(StreamId, Command)>, StoreError> {
        self.live.run(|at| at.state.commands(app, lane, after, count)).await
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        self.live.run(|at| at.state.commands_done(shard)).await
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        self.live.run(|at| at.state.set_commands_done(hold, done)).await?
    }
}
