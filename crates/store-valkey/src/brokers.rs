//! Streams of others, on Valkey.

use std::{iter, time::Duration};

use baton_model::{AppName, Seq};
use baton_store::{
    Append, AppendError, Appended, BROKERS_FIELD, Brokers, CopiedAppend, InLane, OutgoingEntry,
    ROUTER, Route, RouteError, StoreError, StreamId, Tend, Tended, key::Key,
};
use baton_valkey_link::Topology;
use redis::Cmd;

use crate::{
    Valkey, arg,
    events::{appended, millis, read_trimmed, stream_element, trim_args},
    leases::events_key,
    library::function,
    reply::{Reply, nth},
};

impl Brokers for Valkey {
    async fn append_copied(&self, appends: &[CopiedAppend]) -> Vec<Result<Appended, AppendError>> {
        match self.ensure_one_slot() {
            Ok(()) => {
                self.send_appends(appends.iter().map(append_command), appended_with_copies).await
            }
            Err(error) => appends.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }

    async fn copied_streams(&self, app: &AppName) -> Result<Vec<String>, StoreError> {
        let mut command = redis::cmd("HKEYS");
        command.arg(Key::Copied(app).to_string());
        let reply = self.data().send_one(command).await?;
        reply.list()?.iter().map(|key| Ok(key.text()?.to_owned())).collect()
    }

    async fn tend(&self, tend: Tend<'_>) -> Result<Tended, StoreError> {
        self.ensure_one_slot()?;
        let Tend { app, stream, keep, group_idle_max } = tend;
        let keys = [stream.to_owned(), Key::IdleGroups(app, stream).to_string()];
        let args = trim_args(&keep).into_iter().chain([millis(group_idle_max), arg(ROUTER)]);
        let reply = self.control().call(function::TEND, keys, args).await?;
        match reply.outcome()? {
            ("ok", rest) => {
                let names = nth(rest, 5)?.list()?.iter();
                let names = names.map(|name| {
                    let bytes = name.bytes()?;
                    Ok(String::from_utf8_lossy(&bytes).into_owned())
                });
                let groups_removed = names.collect::<Result<_, StoreError>>()?;
                Ok(Tended { trimmed: read_trimmed(rest)?, groups_removed })
            }
            _ => Err(reply.unexpected("ok")),
        }
    }

    async fn routed(&self, stream: &str, age_max: Duration) -> Result<StreamId, StoreError> {
        let args = [arg(ROUTER), millis(age_max)];
        let reply = self.control().call(function::ROUTED, [stream.to_owned()], args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(nth(rest, 0)?.optional_id()?.unwrap_or_default()),
            _ => Err(reply.unexpected("ok")),
        }
    }

    async fn outgoing(
        &self,
        stream: &str,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<OutgoingEntry>, StoreError> {
        let reply = self.read_stream(stream, after, count).await?;
        let entry = |element| {
            let (id, fields) = stream_element(stream, element)?;
            let data = fields.into_iter().find(|(name, _)| name == BROKERS_FIELD.as_bytes());
            Ok((id, data.map(|(_, data)| data)))
        };
        reply.list()?.iter().map(entry).collect()
    }

    async fn await_outgoing(&self, stream: &str, after: StreamId) -> Result<(), StoreError> {
        self.await_behind(stream.to_owned(), after).await
    }

    async fn route(&self, route: Route<'_>) -> Result<(), RouteError> {
        self.ensure_one_slot()?;
        let mut keys = vec![route.stream.to_owned()];
        let mut args = vec![arg(ROUTER), arg(route.from), arg(route.to)];
        for (lane, command) in route.commands {
            keys.push(Key::Commands(route.app, *lane).to_string());
            args.push(arg(keys.len() - 1));
            args.extend(command.encode().map(|(_, value)| value));
        }
        let reply = self.control().call(function::ROUTE, keys, args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("elsewhere", rest) => {
                Err(RouteError::Elsewhere(nth(rest, 0)?.optional_id()?.unwrap_or_default()))
            }
            _ => Err(reply.unexpected("ok or elsewhere").into()),
        }
    }
}

impl Valkey {
    /// A function touches one slot, and names that others have chosen lie in many.
    fn ensure_one_slot(&self) -> Result<(), StoreError> {
        match self.config().url.topology {
            Topology::Standalone(_) | Topology::Sentinel { .. } => Ok(()),
            Topology::Cluster(_) => Err(StoreError::refused(
                "a Cluster cannot hold streams for @discordjs/brokers; use one without",
            )),
        }
    }
}

fn append_command(copied: &CopiedAppend) -> Cmd {
    let CopiedAppend { append, copies } = copied;
    let Append { hold, session, prev, entries, last } = append;
    let address = &hold.address;
    let mut command = redis::cmd("FCALL");
    let (function, entries_max) = match copies.lane {
        InLane::Also { entries_max } => (function::APPEND_COPIED, entries_max),
        InLane::Instead => (function::APPEND_INSTEAD, 0),
    };
    command.arg(function).arg(3);
    command.arg(Key::Row(address).to_string()).arg(events_key(address.app(), address.lane));
    command.arg(Key::Copied(address.app()).to_string());
    command.arg(hold.owner.to_string()).arg(hold.epoch.0).arg(session.0);
    command.arg(prev.0).arg(last.0).arg(address.shard.number.0).arg(entries_max);
    let copies = copies.each.iter().map(Option::as_ref).chain(iter::repeat(None));
    for (entry, copy) in entries.iter().zip(copies) {
        for field in entry.own_fields() {
            command.arg(field.as_ref());
        }
        let (stream, data) = copy.map_or(("", &[][..]), |copy| (&copy.stream, &copy.data));
        command.arg(stream).arg(data);
    }
    command
}

fn appended_with_copies(answer: Result<Reply, StoreError>) -> Result<Appended, AppendError> {
    let reply = answer?;
    let (outcome, rest) = reply.outcome()?;
    if outcome != "ok" {
        return appended(Ok(reply)).map(|seq| Appended { seq, refused: None });
    }
    let refused = match nth(rest, 1)?.number()? {
        0 => None,
        count => Some((count, nth(rest, 2)?.text()?.to_owned())),
    };
    Ok(Appended { seq: Seq(nth(rest, 0)?.number()?), refused })
}
