//! One lane's commands: where they are sent, and where their results and what Discord makes of them
//! can be heard.

use std::{sync::Arc, time::Duration};

use baton_model::{AppName, Lane, ShardNumber, StoreMillis, StreamId, TraceParent, whole_millis};
use baton_store::{Command, StoreError, key::Key};
use redis::Value;

use super::listener::{Heard, Listener};
use crate::{
    answer::{id, list, text},
    machine::Arrival,
    route::Servers,
    settings::ANSWER_TIMEOUT,
    shared_wire::SharedWire,
};

/// Ids of streams are the server's time, which may be a little less at the next server after a
/// failover.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(5);

/// What Discord's answer to a request for members is called.
const CHUNK: &[u8] = b"GUILD_MEMBERS_CHUNK";

/// The way to one lane and back.
pub(super) struct Post {
    commands: String,
    wire: SharedWire,
    results: Listener,
    chunks: Listener,
}

impl Post {
    pub(super) fn new(servers: &Arc<Servers>, app: &AppName, lane: Lane, reply_to: &str) -> Self {
        let commands = Key::Commands(app, lane).to_string();
        let listener = |key: Key<'_>, sieve| Listener::new(servers.clone(), key.to_string(), sieve);
        Self {
            wire: SharedWire::new(servers.clone(), commands.clone(), ANSWER_TIMEOUT),
            commands,
            results: listener(Key::Results(app, lane, reply_to), |_| true),
            chunks: listener(Key::Events(app, lane), |arrival| {
                field(arrival, "t").is_some_and(|name| name == CHUNK)
            }),
        }
    }

    /// What time it is at the store.
    pub(super) async fn now(&self) -> Result<StoreMillis, StoreError> {
        let time = list(self.wire.send(&redis::cmd("TIME")).await?)?;
        let number = |at: usize| -> Result<u64, StoreError> {
            let value = time.get(at).unwrap_or(&Value::Nil);
            text(value)?.parse().map_err(|_| StoreError::refused("server answered no time"))
        };
        Ok(StoreMillis(number(0)? * 1_000 + number(1)? / 1_000))
    }

    /// Writes a command; whoever wants to hear of it says under which name.
    pub(super) async fn send(
        &self,
        shard: ShardNumber,
        expires: Option<StoreMillis>,
        (reply_to, trace): (&str, Option<TraceParent>),
        frame: Vec<u8>,
    ) -> Result<StreamId, StoreError> {
        let reply_to = reply_to.to_owned();
        let command = Command { shard, expires, reply_to, trace, frame: frame.into() };
        let mut add = redis::cmd("XADD");
        add.arg(&self.commands).arg("*");
        for (name, value) in command.encode() {
            add.arg(name).arg(value.as_ref());
        }
        id(&self.wire.send(&add).await?)
    }

    /// What becomes of commands that are sent from now on.
    pub(super) fn results(&self, now: StoreMillis) -> Heard {
        self.results.join(just_before(now))
    }

    /// Members that Discord tells of from now on.
    pub(super) fn chunks(&self, now: StoreMillis) -> Heard {
        self.chunks.join(just_before(now))
    }
}

fn just_before(now: StoreMillis) -> StreamId {
    let millis = now.0.saturating_sub(whole_millis(CLOCKS_APART_MAX));
    StreamId { millis, number: 0 }
}

/// The value of a field of what was read.
pub(super) fn field<'a>(arrival: &'a Arrival, name: &str) -> Option<&'a [u8]> {
    let found = arrival.fields.iter().find(|(field, _)| field.as_ref() == name.as_bytes());
    found.map(|(_, value)| value.as_ref())
}
