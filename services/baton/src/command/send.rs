//! `command send`: something to Discord, on a shard's socket.

use std::time::{Duration, Instant};

use baton_model::{AppName, Lane, StreamId, whole_millis};
use baton_store::{Command, CommandError, CommandOutcome, ForOperators, Op, Sendable};
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::{SendArguments, SendOp},
    fleet::{Find, Look},
    output::{self, units},
    program::{Desk, drawn},
};

/// How long a result is waited for beyond the time at which the command is too late.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// The pause between two looks for a result.
const PAUSE: Duration = Duration::from_millis(100);

/// A command that was sent, as JSON shows it.
#[derive(Debug, Serialize)]
struct Sent {
    shard: String,
    id: StreamId,
    /// Null if nobody has waited for it.
    outcome: Option<&'static str>,
    why: Option<String>,
    retry_after_ms: Option<u64>,
}

pub(super) async fn send(desk: &Desk, arguments: SendArguments) -> Result<Exit, Failure> {
    let frame = frame(arguments.op, &text(&arguments.json)?)?;
    Sendable::check(&frame).map_err(|why| Failure::Usage(format!("not sent: {why}")))?;
    let look = Look::take(&desk.store).await?;
    let shard = look.find_shard(&arguments.shard)?;
    let lane = look.apps[&shard.app].lanes.lane_of(shard.number);
    let reply_to = if arguments.wait { name()? } else { String::new() };
    let command = Command {
        shard: shard.number,
        expires: Some(look.now.after(arguments.ttl)),
        reply_to,
        trace: None,
        frame: frame.into(),
    };
    let id = desk.store.send_command(&shard.app, lane, &command).await.map_err(refused)?;
    let outcome = match arguments.wait {
        true => {
            let patience = arguments.timeout.unwrap_or(arguments.ttl + ANSWERED_WITHIN);
            Some(result(desk, (&shard.app, lane), &command.reply_to, patience).await?)
        }
        false => None,
    };
    let sent = Sent::of(shard.to_string(), id, outcome.as_ref());
    output::one("command", &sent, desk.globals.output, Sent::text)?;
    match &sent.outcome {
        None | Some("sent") => Ok(Exit::Done),
        Some(_) => Err(Failure::Other(sent.words())),
    }
}

/// What was said on the command line, or stands in the file that was named there.
fn text(json: &str) -> Result<String, Failure> {
    let Some(file) = json.strip_prefix('@') else {
        return Ok(json.to_owned());
    };
    std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("--json {file}: {error}")))
}

fn frame(op: SendOp, json: &str) -> Result<Vec<u8>, Failure> {
    let op = match op {
        SendOp::Raw => return Ok(json.as_bytes().to_vec()),
        SendOp::Presence => Op::UpdatePresence,
        SendOp::Voice => Op::UpdateVoiceState,
        SendOp::Members => Op::RequestGuildMembers,
        SendOp::Soundboard => Op::RequestSoundboardSounds,
    };
    // Byte for byte as it was said, once it is known to be one value.
    let data: &serde_json::value::RawValue = serde_json::from_str(json)
        .map_err(|error| Failure::Usage(format!("--json holds no JSON: {error}")))?;
    Ok(op.frame(data.get()).into_bytes())
}

/// Under which nobody else waits.
fn name() -> Result<String, Failure> {
    Ok(format!("baton-cli-{:016x}", drawn()?))
}

fn refused(error: CommandError) -> Failure {
    match error {
        CommandError::TooLarge(_) | CommandError::ReplyToTooLong(_) => {
            Failure::Usage(error.to_string())
        }
        CommandError::Store(error) => Failure::Store(error),
    }
}

async fn result(
    desk: &Desk,
    (app, lane): (&AppName, Lane),
    reply_to: &str,
    patience: Duration,
) -> Result<CommandOutcome, Failure> {
    let begun = Instant::now();
    loop {
        let results = desk.store.results(app, lane, reply_to, StreamId::START).await?;
        if let Some((_, result)) = results.into_iter().next() {
            return Ok(result.outcome);
        }
        if begun.elapsed() >= patience {
            return Err(Failure::TimedOut(format!(
                "no result within {}; the command may be sent yet, until its time is over",
                units::time(patience)
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Sent {
    fn of(shard: String, id: StreamId, outcome: Option<&CommandOutcome>) -> Self {
        let (why, retry_after_ms) = match outcome {
            Some(CommandOutcome::Invalid { why } | CommandOutcome::Dropped { why }) => {
                (Some(why.clone()), None)
            }
            Some(CommandOutcome::RateLimited { retry_after }) => {
                (None, Some(whole_millis(*retry_after)))
            }
            Some(CommandOutcome::Sent | CommandOutcome::Expired) | None => (None, None),
        };
        Self { shard, id, outcome: outcome.map(CommandOutcome::name), why, retry_after_ms }
    }

    /// What became of it, in words.
    fn words(&self) -> String {
        let Self { shard, id, .. } = self;
        let mut text = format!("{shard}: command {id} {}", self.outcome.unwrap_or("is on its way"));
        if let Some(why) = &self.why {
            text += &format!(": {why}");
        }
        if let Some(ms) = self.retry_after_ms {
            text += &format!("; try again in {}", units::time(Duration::from_millis(ms)));
        }
        text
    }

    fn text(&self) -> String {
        self.words() + "\n"
    }
}
