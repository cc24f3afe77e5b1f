//! Commands on Valkey.

use std::collections::BTreeMap;

use baton_model::{AppName, Lane, ShardNumber, StoreMillis, limits::COMMAND_BYTES_MAX};
use baton_store::{
    Command, CommandError, Commands, Hold, HoldError, ShardAddress, StoreError, StreamId, key::Key,
};
use bytes::Bytes;
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
        let add = pipeline
            .cmd("XADD")
            .arg(Key::Commands(app, lane).to_string())
            .arg("*");
        for (name, value) in fields(command) {
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
        reply
            .list()?
            .iter()
            .map(|element| read_command(&key, element))
            .collect()
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
        self.as_holder(function::COMMANDS_DONE, hold, place)
            .await
            .map(drop)
    }
}

/// A command's fields, always the same ones in the same order.
fn fields(command: &Command) -> [(&'static str, Bytes); 6] {
    [
        ("v", Bytes::from_static(b"1")),
        ("sh", arg(command.shard)),
        (
            "exp",
            command.expires.map_or_else(Bytes::new, |at| arg(at.0)),
        ),
        ("re", arg(&command.reply_to)),
        ("tp", command.trace.map_or_else(Bytes::new, arg)),
        ("d", command.frame.clone()),
    ]
}

fn read_command(key: &str, element: &Reply) -> Result<(StreamId, Command), StoreError> {
    let (id, fields) = stream_element(key, element)?;
    let fields: BTreeMap<&[u8], &Bytes> = fields
        .iter()
        .map(|(name, value)| (name.as_ref(), value))
        .collect();
    let corrupt =
        |field: &str| StoreError::corrupt(format!("{key} {id} field {field}"), "junk", "a command");
    let text = |field: &str| {
        let bytes = fields
            .get(field.as_bytes())
            .copied()
            .ok_or_else(|| corrupt(field))?;
        std::str::from_utf8(bytes).map_err(|_| corrupt(field))
    };
    let expires = match text("exp")? {
        "" => None,
        at => Some(StoreMillis(at.parse().map_err(|_| corrupt("exp"))?)),
    };
    let trace = match text("tp")? {
        "" => None,
        trace => Some(trace.parse().map_err(|_| corrupt("tp"))?),
    };
    let command = Command {
        shard: ShardNumber(text("sh")?.parse().map_err(|_| corrupt("sh"))?),
        expires,
        reply_to: text("re")?.to_owned(),
        trace,
        frame: fields
            .get(b"d".as_slice())
            .copied()
            .cloned()
            .ok_or_else(|| corrupt("d"))?,
    };
    Ok((id, command))
}
