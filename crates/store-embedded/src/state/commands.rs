//! Commands: what consumers ask shards to send, and how far each shard has got.

use baton_model::{AppName, Lane, StoreMillis, limits::COMMANDS_TRIMMED_MAX};
use baton_store::{
    Command, CommandEntry, CommandError, CommandTrim, Hold, HoldError, MalformedCommand,
    ShardAddress, StoreError, StreamId, ensure_command_fits,
};

use super::{LaneAddress, NewId, Record, Row, StoreState, StreamName, stream::is_older};

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
        let lane = LaneAddress { app: app.clone(), lane };
        let name = StreamName::Commands(lane);
        let added = self.add_record(now, &name, NewId::Now, Record::from(command.encode()));
        added.map_err(|refused| StoreError::unavailable(refused.to_string()).into())
    }

    /// See [`Commands::commands`](baton_store::Commands::commands).
    #[must_use]
    pub fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Vec<CommandEntry> {
        let name = StreamName::Commands(LaneAddress { app: app.clone(), lane });
        let Some(stream) = self.streams.get(&name) else {
            return Vec::new();
        };
        let records = stream.behind(after, count).into_iter();
        records.map(|(id, record)| (id, command_in(&record))).collect()
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
        let name = StreamName::Commands(LaneAddress { app: app.clone(), lane });
        let Some(stream) = self.streams.get(&name) else {
            return 0;
        };
        let goes = |id: StreamId| id <= done || is_older(id, now, trim.age_max);
        let (count, upto) = stream.oldest(COMMANDS_TRIMMED_MAX, goes);
        if let Some(upto) = upto {
            self.trim_records(&name, upto);
        }
        count
    }
}

/// Anybody may write there: it may be no command.
fn command_in(record: &Record) -> Result<Command, MalformedCommand> {
    Command::decode(record.fields().map(|(name, value)| (&name[..], value.clone())))
}
