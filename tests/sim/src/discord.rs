//! The connections between processes and Discord: latency, order, and what breaks them.
//!
//! Discord itself is the judge's own machine. Here is only the way there: each connection has its
//! latency, nothing on it overtakes anything, and a connection that is cut is dead without either
//! end knowing.

use std::{collections::BTreeMap, time::Duration};

use baton_mock_discord::ConnectionId;
use baton_model::{Moment, ShardKey};
use baton_shard::SocketId;

use crate::world::Pid;

/// What a client does, on its way to Discord.
#[derive(Debug, Clone)]
pub(crate) enum Arrival {
    Dial {
        to_resume_host: bool,
    },
    Text(String),
    /// The end, with a close frame or without one.
    Closed(Option<u16>),
}

/// A connection, or the attempt at one.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) pid: Pid,
    pub(crate) shard: ShardKey,
    pub(crate) socket: SocketId,
    pub(crate) pipe: Pipe,
    /// Discord reads nothing from it.
    pub(crate) is_stalled: bool,
    latency: Duration,
    to_client: Moment,
    to_discord: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pipe {
    Open,
    /// Nothing passes any more, and nobody knows.
    Dead,
    Ended,
}

/// All connections there have been.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    by_id: BTreeMap<ConnectionId, Connection>,
    open: BTreeMap<(Pid, ShardKey, SocketId), ConnectionId>,
    last: u64,
}

impl Connections {
    pub(crate) fn dial(
        &mut self,
        (pid, shard, socket): (Pid, ShardKey, SocketId),
        latency: Duration,
    ) -> ConnectionId {
        self.last += 1;
        let id = ConnectionId(self.last);
        self.open.insert((pid, shard.clone(), socket), id);
        let connection = Connection {
            pid,
            shard,
            socket,
            pipe: Pipe::Open,
            is_stalled: false,
            latency,
            to_client: Moment::ZERO,
            to_discord: Moment::ZERO,
        };
        self.by_id.insert(id, connection);
        id
    }

    pub(crate) fn of(&self, pid: Pid, shard: &ShardKey, socket: SocketId) -> Option<ConnectionId> {
        self.open.get(&(pid, shard.clone(), socket)).copied()
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.by_id.get_mut(&id)
    }

    /// Every connection of a process that has not ended.
    pub(crate) fn of_process(&self, pid: Pid) -> Vec<ConnectionId> {
        let is_its = |connection: &&ConnectionId| {
            let connection = self.by_id.get(connection);
            connection.is_some_and(|it| it.pid == pid && it.pipe != Pipe::Ended)
        };
        self.open.values().filter(is_its).copied().collect()
    }
}

impl Connection {
    /// When what the client sends at `now` arrives.
    pub(crate) fn arrival(&mut self, now: Moment, jitter: Duration) -> Moment {
        self.to_discord = self.to_discord.max(now + self.latency + jitter);
        self.to_discord
    }

    /// When what Discord sends at `now` arrives.
    pub(crate) fn delivery(&mut self, now: Moment, jitter: Duration) -> Moment {
        self.to_client = self.to_client.max(now + self.latency + jitter);
        self.to_client
    }
}
