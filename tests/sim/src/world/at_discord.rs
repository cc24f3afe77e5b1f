//! The way to Discord and back.

use std::time::Duration;

use baton_mock_discord::{
    ConnectionId, Host as Address, Input, Output, RequestId, ledger::FrameHash,
};
use baton_model::{EventName, ShardKey};
use baton_shard::SocketId;
use baton_store::SessionStartLimit;
use serde_json::Value;

use super::{Event, Pid, World};
use crate::{
    discord::{Arrival, Pipe},
    process::{Heard, Letter, Said},
};

/// After this time a client gives up connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl World {
    pub(super) fn jitter(&mut self) -> Duration {
        Duration::from_micros(self.seeded.between(0, 8_000))
    }

    fn is_cut_from_discord(&self, pid: Pid) -> bool {
        let host = self.hosts.get(&pid);
        host.is_some_and(|host| host.cut_from_discord_until > self.now)
    }

    pub(super) fn say(&mut self, pid: Pid, (shard, socket): (ShardKey, SocketId), said: &Said) {
        self.trace.note(self.now, format_args!("{pid} {shard} {socket} says {said:?}"));
        let clock = self.hosts.get(&pid).map(|host| host.process.clock);
        self.laws.on_said((pid, clock), &shard, said, self.now);
        if let Said::Dial(resume) = said {
            let to_resume_host =
                resume.as_ref().as_ref().is_some_and(|resume| resume.url.is_some());
            return self.dial(pid, (shard, socket), to_resume_host);
        }
        let Some(id) = self.connections.of(pid, &shard, socket) else {
            return;
        };
        let (is_cut, jitter) = (self.is_cut_from_discord(pid), self.jitter());
        let slice = (shard.number.0, self.shape.shards());
        let Some(connection) = self.connections.get_mut(id) else {
            return;
        };
        if is_cut && connection.pipe == Pipe::Open {
            connection.pipe = Pipe::Dead;
        }
        if connection.pipe != Pipe::Open {
            return;
        }
        let arrival = match said {
            Said::Resume(_) | Said::Identify | Said::Heartbeat(_) => {
                Arrival::Text(said.text(slice).unwrap_or_default())
            }
            Said::Close(code) => Arrival::Closed(Some(*code)),
            Said::Drop | Said::Dial(_) => Arrival::Closed(None),
        };
        let at = connection.arrival(self.now, jitter);
        self.agenda.note(at, Event::AtDiscord(id, arrival));
    }

    fn dial(&mut self, pid: Pid, (shard, socket): (ShardKey, SocketId), to_resume_host: bool) {
        if self.is_cut_from_discord(pid) {
            let letter = Letter::Socket(shard, socket, Heard::Refused);
            return self.agenda.note(self.now + CONNECT_TIMEOUT, Event::Letter(pid, letter));
        }
        let Some(latency) = self.hosts.get(&pid).map(|host| host.latency) else {
            return;
        };
        let jitter = self.jitter();
        let id = self.connections.dial((pid, shard, socket), latency);
        // Two round trips for TCP and TLS come before the request.
        let began = self.now + latency * 4;
        if let Some(connection) = self.connections.get_mut(id) {
            let at = connection.arrival(began, jitter);
            self.agenda.note(at, Event::AtDiscord(id, Arrival::Dial { to_resume_host }));
        }
    }

    pub(super) fn at_discord(&mut self, id: ConnectionId, arrival: Arrival) {
        let Some(connection) = self.connections.get_mut(id) else {
            return;
        };
        if connection.pipe != Pipe::Open {
            return;
        }
        match arrival {
            Arrival::Dial { to_resume_host } => {
                let host = if to_resume_host { Address::Resume } else { Address::Gateway };
                let query = "v=10&encoding=json".to_owned();
                self.tell_discord(Input::Opened { connection: id, host, query });
            }
            Arrival::Text(text) => {
                self.tell_discord(Input::Text { connection: id, text });
            }
            Arrival::Closed(code) => {
                let is_answered = code.is_some() && !connection.is_stalled;
                self.tell_discord(Input::Closed { connection: id, code });
                if is_answered {
                    self.reach_client(id, Heard::Closed(code));
                }
                self.end(id);
            }
        }
    }

    pub(super) fn tell_discord(&mut self, input: Input) {
        self.discord.handle(input, self.now);
        while let Some(output) = self.discord.poll_output() {
            self.on_output(output);
        }
        let due = self.discord.poll_timeout().map(|due| due.max(self.now));
        if due != self.discord_wakes_at {
            self.discord_wakes_at = due;
            if let Some(due) = due {
                self.agenda.note(due, Event::DiscordWakes);
            }
        }
    }

    fn on_output(&mut self, output: Output) {
        match output {
            Output::Send { connection, frame } => {
                self.note_left_out(&frame);
                self.reach_client(connection, Heard::Frame(frame));
            }
            Output::Close { connection, code, reason } => {
                self.trace.note(self.now, format_args!("discord closes {connection}: {reason}"));
                self.reach_client(connection, Heard::Closed(Some(code)));
                self.end(connection);
            }
            Output::Drop { connection } => {
                self.reach_client(connection, Heard::Closed(None));
                self.end(connection);
            }
            Output::Refuse { connection } => {
                self.reach_client(connection, Heard::Refused);
                self.end(connection);
            }
            Output::Stall { connection } => {
                if let Some(connection) = self.connections.get_mut(connection) {
                    connection.is_stalled = true;
                }
            }
            // Nothing is compressed here.
            Output::Corrupt { .. } => {}
            Output::Respond { request, status, body, .. } => {
                let pid = Pid(u32::try_from(request.0).unwrap_or_default());
                let limit = (status == 200).then(|| limit_of(&body)).flatten();
                let delay = self.seeded.millis(20, 200);
                self.agenda.note(self.now + delay, Event::Letter(pid, Letter::Limit(limit)));
            }
        }
    }

    /// Which frames the app leaves out is read here, apart from the machines that leave them out.
    fn note_left_out(&mut self, frame: &[u8]) {
        if self.shape.app.left_out.is_empty() {
            return;
        }
        let name = serde_json::from_slice::<Value>(frame).ok();
        let name = name.as_ref().and_then(|frame| frame["t"].as_str());
        if name.is_some_and(|name| self.shape.app.left_out.contains(&EventName::new(name))) {
            self.laws.left_out.insert(FrameHash::of(frame));
        }
    }

    fn reach_client(&mut self, id: ConnectionId, heard: Heard) {
        let jitter = self.jitter();
        let now = self.now;
        let Some(pid) = self.connections.get(id).map(|connection| connection.pid) else {
            return;
        };
        let is_cut = self.is_cut_from_discord(pid);
        let Some(connection) = self.connections.get_mut(id) else {
            return;
        };
        if is_cut && connection.pipe == Pipe::Open {
            connection.pipe = Pipe::Dead;
        }
        if connection.pipe != Pipe::Open {
            return;
        }
        let at = connection.delivery(now, jitter);
        let letter = Letter::Socket(connection.shard.clone(), connection.socket, heard);
        self.agenda.note(at, Event::Letter(pid, letter));
    }

    fn end(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(id).filter(|it| it.pipe == Pipe::Open) {
            connection.pipe = Pipe::Ended;
        }
    }

    pub(super) fn on_limit_asked(&mut self, pid: Pid) {
        if self.is_cut_from_discord(pid) {
            let letter = Letter::Limit(None);
            return self.agenda.note(self.now + CONNECT_TIMEOUT, Event::Letter(pid, letter));
        }
        self.tell_discord(limit_request(RequestId(u64::from(pid.0))));
    }

    /// What Discord would say of the day's limit.
    pub(super) fn limit_at_discord(&mut self) -> Option<SessionStartLimit> {
        self.discord.handle(limit_request(RequestId(0)), self.now);
        let mut outputs = std::iter::from_fn(|| self.discord.poll_output());
        outputs.find_map(|output| match output {
            Output::Respond { body, .. } => limit_of(&body),
            Output::Send { .. }
            | Output::Close { .. }
            | Output::Drop { .. }
            | Output::Refuse { .. }
            | Output::Stall { .. }
            | Output::Corrupt { .. } => None,
        })
    }
}

fn limit_request(request: RequestId) -> Input {
    Input::Rest {
        request,
        method: "GET".to_owned(),
        path: "/api/v10/gateway/bot".to_owned(),
        authorization: Some("Bot token".to_owned()),
    }
}

/// What Discord's REST says of the day's limit.
fn limit_of(body: &str) -> Option<SessionStartLimit> {
    let body: Value = serde_json::from_str(body).ok()?;
    let limit = &body["session_start_limit"];
    let number = |name: &str| limit[name].as_u64();
    Some(SessionStartLimit {
        total: u32::try_from(number("total")?).ok()?,
        remaining: u32::try_from(number("remaining")?).ok()?,
        reset_after: Duration::from_millis(number("reset_after")?),
    })
}
