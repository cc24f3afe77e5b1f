//! Commands on Valkey.

use baton_model::{
    AppName, Lane,
    limits::{COMMANDS_TRIMMED_MAX, RESULTS_KEPT, RESULTS_KEPT_MAX, ROWS_AT_ONCE_MAX},
};
use baton_store::{
    AnswerError, Command, CommandEntry, CommandError, CommandResult, CommandTrim, Commands, Hold,
    HoldError, ShardAddress, StoreError, StreamId, ensure_command_fits, is_awaited, key::Key,
};
use fred::interfaces::HashesInterface;
use redis::{Cmd, Pipeline};

use crate::{
    Valkey, arg,
    events::stream_element,
    library::function,
    reply::{Reply, fred_error, nth},
};

impl Commands for Valkey {
    async fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> Result<StreamId, CommandError> {
        ensure_command_fits(command)?;
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
    ) -> Result<Vec<CommandEntry>, StoreError> {
        let key = Key::Commands(app, lane).to_string();
        let reply = self.read_stream(&key, after, count).await?;
        reply.list()?.iter().map(|element| read_command(&key, element)).collect()
    }

    async fn await_commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
    ) -> Result<(), StoreError> {
        self.await_behind(Key::Commands(app, lane).to_string(), after).await
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        let key = Key::Row(shard).to_string();
        let done: Option<String> = self
            .control()
            .client()
            .hget(key.as_str(), "commands")
            .await
            .map_err(|error| fred_error(&error))?;
        read_place(&key, done)
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        let place = [arg(done.millis), arg(done.number)];
        self.as_holder(function::COMMANDS_DONE, hold, place).await.map(drop)
    }

    async fn answer_command(
        &self,
        app: &AppName,
        lane: Lane,
        result: &CommandResult,
    ) -> Result<(), AnswerError> {
        if !is_awaited(result)? {
            return Ok(());
        }
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(answer_command(app, lane, result));
        let mut answers = self.data().send(&mut pipeline).await?;
        self.ensure_library_after(&answers).await;
        let answer = answers.pop().unwrap_or_else(|| Err(StoreError::unknown("no answer")));
        answer?.outcome()?;
        Ok(())
    }

    async fn results(
        &self,
        app: &AppName,
        lane: Lane,
        reply_to: &str,
        after: StreamId,
    ) -> Result<Vec<(StreamId, CommandResult)>, StoreError> {
        let key = Key::Results(app, lane, reply_to).to_string();
        let reply = self.read_stream(&key, after, RESULTS_KEPT_MAX).await?;
        reply.list()?.iter().map(|element| read_result(&key, reply_to, element)).collect()
    }

    /// Where the shards are is read first, in small pieces, for a lane may have thousands. Until
    /// the trim they can only have got further.
    async fn trim_commands(
        &self,
        app: &AppName,
        lane: Lane,
        trim: CommandTrim<'_>,
    ) -> Result<u64, StoreError> {
        let shards: Vec<_> = trim.shards(app, lane).collect();
        let mut done = shards.first().map_or(StreamId::START, |_| StreamId::END);
        for some in shards.chunks(ROWS_AT_ONCE_MAX) {
            done = done.min(self.all_have_done(some).await?);
        }
        let age_max = u64::try_from(trim.age_max.as_millis()).unwrap_or(u64::MAX);
        let args = [arg(done.millis), arg(done.number), arg(age_max), arg(COMMANDS_TRIMMED_MAX)];
        let key = Key::Commands(app, lane).to_string();
        let reply = self.control().call(function::TRIM_COMMANDS, [key], args).await?;
        match reply.outcome()? {
            ("ok", rest) => nth(rest, 0)?.number(),
            _ => Err(reply.unexpected("ok")),
        }
    }
}

impl Valkey {
    /// Up to where each of these shards has dealt with its lane's commands.
    async fn all_have_done(&self, shards: &[ShardAddress]) -> Result<StreamId, StoreError> {
        let pipeline = self.control().client().pipeline();
        let keys: Vec<_> = shards.iter().map(|shard| Key::Row(shard).to_string()).collect();
        for key in &keys {
            let queued: Result<(), _> = pipeline.hget(key.as_str(), "commands").await;
            queued.map_err(|error| fred_error(&error))?;
        }
        let places: Result<Vec<Option<String>>, _> = pipeline.all().await;
        let places = places.map_err(|error| fred_error(&error))?;
        let mut places = keys.iter().zip(places).map(|(key, place)| read_place(key, place));
        places.try_fold(StreamId::END, |done, place| Ok(done.min(place?)))
    }
}

fn read_place(key: &str, place: Option<String>) -> Result<StreamId, StoreError> {
    let corrupt = |_| StoreError::corrupt(key, "field commands", "a stream id");
    place.map_or(Ok(StreamId::START), |text| text.parse().map_err(corrupt))
}

fn answer_command(app: &AppName, lane: Lane, result: &CommandResult) -> Cmd {
    let mut command = redis::cmd("FCALL");
    command
        .arg(function::ANSWER)
        .arg(1)
        .arg(Key::Results(app, lane, &result.reply_to).to_string())
        .arg(RESULTS_KEPT_MAX)
        .arg(RESULTS_KEPT.as_secs() * 1_000);
    let [_version, fields @ ..] = result.encode();
    for (_, value) in fields {
        command.arg(value.as_ref());
    }
    command
}

fn read_result(
    key: &str,
    reply_to: &str,
    element: &Reply,
) -> Result<(StreamId, CommandResult), StoreError> {
    let (id, fields) = stream_element(key, element)?;
    let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
    let corrupt =
        |error| StoreError::corrupt(format!("{key} {id}"), format!("{error}"), "a result");
    Ok((id, CommandResult::decode(reply_to, fields).map_err(corrupt)?))
}

fn read_command(key: &str, element: &Reply) -> Result<CommandEntry, StoreError> {
    let (id, fields) = stream_element(key, element)?;
    let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
    Ok((id, Command::decode(fields)))
}
