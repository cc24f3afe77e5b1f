//! Commands over a bad connection.

use baton_model::{AppName, Lane};

use super::Faulty;
use crate::{Command, CommandError, Commands, Hold, HoldError, ShardAddress, StoreError, StreamId};

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
    ) -> Result<Vec<(StreamId, Command)>, StoreError> {
        self.through(self.store.commands(app, lane, after, count)).await
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        self.through(self.store.commands_done(shard)).await
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        self.through(self.store.set_commands_done(hold, done)).await
    }
}
