//! Commands on Valkey.

use baton_model::{AppName, Lane, limits::COMMAND_BYTES_MAX};
use baton_store::{
    Command, CommandError, Commands, Hold, HoldError, ShardAddress, StoreError, StreamId, key::Key,
};
use fred::interfaces::HashesInterface;
use redis::Pipeline;

use crate::{
    Valkey, arg,
    events::stream_element,
    library::function,
    reply::{Reply, fred_error},
};

impl Commands for Valkey {
    async fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> Result<StreamId, CommandError> {
        if command.frame.len() > COMMAND_BYTES_MAX {
            return Err(CommandError::TooLarge(command.frame.len()));
        }
        let mut pipeline = Pipeline::with_capacity(1);
        let add = pipeline.cmd("XADD").arg(Key::Commands(app, lane).to_string()).arg("*");
        for (name, value) in command.encode() {
            add.arg(name).arg(value.as_ref());
        }
        let answer = self.data().send(&mut pipeline).await?.pop();
        let reply = answer.unwrap_or_else(|| Err(StoreError::unknown("no answer")))?;
        let id = reply.text()?.parse();
        Ok(id.map_err(|_| reply.unexpected("a stream id"))?)
    }

    async fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, Command)>, StoreError> {
        let key = Key::Commands(app, lane).to_string();
        let reply = self.read_stream(&key, after, count).await?;
        reply.list()?.iter().map(|element| read_command(&key, element)).collect()
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        let key = Key::Row(shard).to_string();
        let done: Option<String> = self
            .control()
            .client()
            .hget(key.as_str(), "commands")
            .await
            .map_err(|error| fred_error(&error))?;
        let corrupt = |_| StoreError::corrupt(&key, "field commands", "a stream id");
        done.map_or(Ok(StreamId::START), |text| text.parse().map_err(corrupt))
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        let place = [arg(done.millis), arg(done.number)];
        self.as_holder(function::COMMANDS_DONE, hold, place).await.map(drop)
    }
}

fn read_command(key: &str, element: &Reply) -> Result<(StreamId, Command), StoreError> {
    let (id, fields) = stream_element(key, element)?;
    let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
    let corrupt =
        |error| StoreError::corrupt(format!("{key} {id}"), format!("{error}"), "a command");
    Ok((id, Command::decode(fields).map_err(corrupt)?))
}
