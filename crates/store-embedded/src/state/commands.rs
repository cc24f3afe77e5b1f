//! Commands: what consumers ask shards to send, and how far each shard has got.

use baton_model::{AppName, Lane, StoreMillis, limits::COMMANDS_TRIMMED_MAX};
use baton_store::{
    Command, CommandError, CommandTrim, Hold, HoldError, ShardAddress, StreamId,
    ensure_command_fits,
};

use super::{
    Change, LaneAddress, Row, StoreState,
    stream::{is_older, next_id},
};

impl StoreState {
    /// See [`Commands::send_command`](baton_store::Commands::send_command).
    ///
    /// # Errors
    /// [`CommandError::TooLarge`] if Discord would close the connection over it, and
    /// [`CommandError::ReplyToTooLong`] if its result could not be kept.
    pub fn send_command(
        &mut self,
        now: StoreMillis,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> Result<StreamId, CommandError> {
        ensure_command_fits(command)?;
        let app = app.clone();
        let lane = LaneAddress { app, lane };
        let last = self.commands.get(&lane).and_then(|stream| stream.last());
        let id = next_id(last, now);
        self.change(Change::Command(lane.clone(), id, command.clone()));
        if let Some(upto) = self.commands[&lane].excess(self.retention) {
            self.change(Change::CommandsTrimmed(lane, upto));
        }
        Ok(id)
    }

    /// See [`Commands::commands`](baton_store::Commands::commands).
    #[must_use]
    pub fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Vec<(StreamId, Command)> {
        let app = app.clone();
        let stream = self.commands.get(&LaneAddress { app, lane });
        stream.map_or_else(Vec::new, |stream| stream.behind(after, count))
    }

    /// See [`Commands::commands_done`](baton_store::Commands::commands_done).
    #[must_use]
    pub fn commands_done(&self, shard: &ShardAddress) -> StreamId {
        let row = self.rows.get(shard);
        row.map_or(StreamId::START, |row| row.commands_done)
    }

    /// See [`Commands::set_commands_done`](baton_store::Commands::set_commands_done).
    ///
    /// # Errors
    /// [`Fenced`](baton_store::Fenced) if the caller does not own the row.
    pub fn set_commands_done(&mut self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        let row = self.row_owned(hold)?;
        if done > row.commands_done {
            self.put_row(&hold.address, Row { commands_done: done, ..row });
        }
        Ok(())
    }

    /// See [`Commands::trim_commands`](baton_store::Commands::trim_commands).
    pub fn trim_commands(
        &mut self,
        now: StoreMillis,
        app: &AppName,
        lane: Lane,
        trim: CommandTrim<'_>,
    ) -> u64 {
        let done = trim.shards(app, lane).map(|shard| self.commands_done(&shard)).min();
        let done = done.unwrap_or_default();
        let lane = LaneAddress { app: app.clone(), lane };
        let Some(stream) = self.commands.get(&lane) else {
            return 0;
        };
        let goes = |id: StreamId| id <= done || is_older(id, now, trim.age_max);
        let (count, upto) = stream.oldest(COMMANDS_TRIMMED_MAX, goes);
        if let Some(upto) = upto {
            self.change(Change::CommandsTrimmed(lane, upto));
        }
        count
    }
}
