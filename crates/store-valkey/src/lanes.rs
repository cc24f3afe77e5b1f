//! What operators see of lanes, on Valkey.

use std::time::Duration;

use baton_model::{AppName, Lane, limits::DEAD_LETTERS_AT_ONCE_MAX};
use baton_store::{
    ConsumerView, DeadLetter, GroupAddress, GroupView, LaneView, Lanes, REDELIVERED_UNTOUCHED,
    REDELIVERER, Redelivery, StoreError, StreamId, key::Key,
};
use redis::Pipeline;

use crate::{
    Valkey, arg,
    events::stream_element,
    leases::events_key,
    library::function,
    reply::{Reply, nth},
};

impl Lanes for Valkey {
    async fn lane(&self, app: &AppName, lane: Lane) -> Result<LaneView, StoreError> {
        let keys = [events_key(app, lane), Key::Commands(app, lane).to_string()];
        let reply = self.control().call(function::LANE, keys, []).await?;
        let mut seen = match reply.outcome()? {
            ("ok", rest) => read_lane(rest)?,
            _ => return Err(reply.unexpected("ok")),
        };
        let letters = seen.groups.iter().map(|group| GroupAddress { app, lane, name: &group.name });
        let counts = self.count_letters(letters.map(letters_key)).await?;
        for (group, count) in seen.groups.iter_mut().zip(counts) {
            group.dead_letters = count;
        }
        Ok(seen)
    }

    async fn remove_group(&self, group: GroupAddress<'_>) -> Result<bool, StoreError> {
        let keys = [events_key(group.app, group.lane)];
        let reply = self.control().call(function::REMOVE_GROUP, keys, [arg(group.name)]).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(true),
            ("gone", _) => Ok(false),
            _ => Err(reply.unexpected("ok or gone")),
        }
    }

    async fn dead_letters(
        &self,
        group: GroupAddress<'_>,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let key = letters_key(group);
        let reply = self.read_stream(&key, after, count).await?;
        let letters = reply.list()?.iter().map(|element| {
            let (id, fields) = stream_element(&key, element)?;
            Ok(DeadLetter { id, fields })
        });
        letters.collect()
    }

    async fn drop_dead_letters(
        &self,
        group: GroupAddress<'_>,
        ids: &[StreamId],
    ) -> Result<u64, StoreError> {
        let key = letters_key(group);
        let mut dropped = 0;
        for some in ids.chunks(DEAD_LETTERS_AT_ONCE_MAX) {
            let mut command = redis::cmd("XDEL");
            command.arg(&key);
            for id in some {
                command.arg(id.to_string());
            }
            dropped += self.data().send_one(command).await?.count()?;
        }
        Ok(dropped)
    }

    async fn redeliver(
        &self,
        group: GroupAddress<'_>,
        letter: StreamId,
    ) -> Result<Redelivery, StoreError> {
        let keys = [events_key(group.app, group.lane), letters_key(group)];
        let untouched = arg(REDELIVERED_UNTOUCHED.as_millis());
        let args = [arg(group.name), arg(letter), arg(REDELIVERER), untouched];
        let reply = self.control().call(function::REDELIVER, keys, args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(Redelivery::Pending),
            ("letter", _) => Ok(Redelivery::NoLetter),
            ("unnamed", _) => Ok(Redelivery::NamesNoEntry),
            ("entry", rest) => {
                let entry = nth(rest, 0)?.optional_id()?;
                let entry = entry.ok_or_else(|| reply.unexpected("an entry's id"))?;
                Ok(Redelivery::EntryGone(entry))
            }
            ("group", _) => Ok(Redelivery::NoGroup),
            _ => Err(reply.unexpected("ok, letter, unnamed, entry or group")),
        }
    }
}

impl Valkey {
    /// How many dead letters stand under each of these keys of one lane.
    async fn count_letters(
        &self,
        keys: impl Iterator<Item = String>,
    ) -> Result<Vec<u64>, StoreError> {
        let mut pipeline = Pipeline::new();
        for key in keys {
            pipeline.cmd("XLEN").arg(key);
        }
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.data().send(&mut pipeline).await?;
        answers.into_iter().map(|answer| answer?.count()).collect()
    }
}

fn letters_key(group: GroupAddress<'_>) -> String {
    Key::DeadLetters(group.app, group.lane, group.name).to_string()
}

fn read_lane(rest: &[Reply]) -> Result<LaneView, StoreError> {
    let groups = nth(rest, 5)?.list()?.iter().map(|group| read_group(group.list()?));
    let mut groups = groups.collect::<Result<Vec<_>, _>>()?;
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(LaneView {
        length: nth(rest, 0)?.number()?,
        bytes: nth(rest, 1)?.number()?,
        first: nth(rest, 2)?.optional_id()?,
        last: nth(rest, 3)?.optional_id()?,
        commands_length: nth(rest, 4)?.number()?,
        groups,
    })
}

fn read_group(group: &[Reply]) -> Result<GroupView, StoreError> {
    let lag = nth(group, 2)?;
    let consumers = nth(group, 5)?.list()?.chunks(3).map(read_consumer);
    let mut consumers = consumers.collect::<Result<Vec<_>, _>>()?;
    consumers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(GroupView {
        name: name(nth(group, 0)?)?,
        pending: nth(group, 1)?.number()?,
        lag: if lag.text()?.is_empty() { None } else { Some(lag.number()?) },
        last_delivered: nth(group, 3)?.optional_id()?.unwrap_or_default(),
        oldest_pending: nth(group, 4)?.optional_id()?,
        dead_letters: 0,
        consumers,
    })
}

fn read_consumer(consumer: &[Reply]) -> Result<ConsumerView, StoreError> {
    Ok(ConsumerView {
        name: name(nth(consumer, 0)?)?,
        pending: nth(consumer, 1)?.number()?,
        idle: Duration::from_millis(nth(consumer, 2)?.number()?),
    })
}

/// A name that consumers have chosen, for people: it may be any bytes.
fn name(reply: &Reply) -> Result<String, StoreError> {
    Ok(String::from_utf8_lossy(&reply.bytes()?).into_owned())
}
