//! A websocket client: what twilight does on one connection, and what the gateway keeps it from.
//!
//! It is held between HELLO and [`proceed`](Socket::proceed): what arrives meanwhile waits, and no
//! heartbeat goes out. It closes by itself where Discord asks it to go, and gives a connection up
//! on which a whole heartbeat interval brought nothing.

use std::{collections::VecDeque, time::Duration};

use baton_envelope::{Envelope, Op};
use baton_model::{Dispatch, EventName, Moment, Seq, SessionId, UnixMicros};
use baton_shard::{CloseCode, ResumeFrom, SocketEvent, SocketId};
use bytes::Bytes;
use serde_json::{Value, json};

/// What arrives on a connection.
#[derive(Debug, Clone)]
pub(crate) enum Heard {
    /// No connection came about.
    Refused,
    Frame(Bytes),
    /// The end, with the code of a close frame if one came.
    Closed(Option<u16>),
}

/// What a client does to its connection.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Dial(Box<Option<ResumeFrom>>),
    Resume(ResumeFrom),
    Identify,
    Heartbeat(Seq),
    Close(u16),
    Drop,
}

/// One connection, or the attempt at one.
#[derive(Debug)]
pub(super) struct Socket {
    id: SocketId,
    resume: Option<ResumeFrom>,
    stage: Stage,
    waiting: VecDeque<Heard>,
    pulse: Option<Pulse>,
    last_seq: Seq,
    /// Where in the first interval the first heartbeat lies, in a thousand.
    first_beat_per_mille: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// On its way to HELLO.
    Connecting,
    /// Greeted, and not polled.
    Held,
    /// Polled until it ends.
    Polled { wants_permit: bool },
    /// The close frame is out.
    Closing,
    /// Nothing more comes.
    Over,
}

/// The heartbeat of a connection.
#[derive(Debug, Clone, Copy)]
struct Pulse {
    next: Moment,
    interval: Duration,
    has_beaten: bool,
    /// Whether anything came since the last beat.
    is_answered: bool,
}

/// What comes of something: for the shard's machine, and for the connection.
#[derive(Debug, Default)]
pub(super) struct Yield {
    pub(super) events: Vec<SocketEvent>,
    pub(super) said: Vec<Said>,
}

impl Socket {
    pub(super) fn dial(id: SocketId, resume: Option<ResumeFrom>, per_mille: u32) -> Self {
        Self {
            id,
            last_seq: resume.as_ref().map_or(Seq(0), |resume| resume.seq),
            resume,
            stage: Stage::Connecting,
            waiting: VecDeque::new(),
            pulse: None,
            first_beat_per_mille: per_mille,
        }
    }

    pub(super) const fn id(&self) -> SocketId {
        self.id
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// When there is something to do besides listening.
    pub(super) fn due(&self) -> Option<Moment> {
        match self.stage {
            Stage::Polled { .. } => self.pulse.map(|pulse| pulse.next),
            Stage::Connecting | Stage::Held | Stage::Closing | Stage::Over => None,
        }
    }

    pub(super) fn hear(&mut self, heard: Heard, now: Moment, out: &mut Yield) {
        match self.stage {
            Stage::Held => self.waiting.push_back(heard),
            Stage::Over => {}
            Stage::Connecting | Stage::Polled { .. } | Stage::Closing => match heard {
                Heard::Refused => self.end(SocketEvent::ConnectFailed, out),
                Heard::Closed(code) => self.end(SocketEvent::Closed { code }, out),
                Heard::Frame(frame) => self.read(&frame, now, out),
            },
        }
    }

    pub(super) fn proceed(&mut self, now: Moment, out: &mut Yield) {
        if self.stage != Stage::Held {
            return;
        }
        self.stage = Stage::Polled { wants_permit: self.resume.is_none() };
        match self.resume.clone() {
            Some(resume) => out.said.push(Said::Resume(resume)),
            None => out.events.push(SocketEvent::PermitWanted),
        }
        for heard in std::mem::take(&mut self.waiting) {
            self.hear(heard, now, out);
        }
    }

    pub(super) fn identify(&mut self, out: &mut Yield) {
        if self.stage == (Stage::Polled { wants_permit: true }) {
            self.stage = Stage::Polled { wants_permit: false };
            out.said.push(Said::Identify);
        }
    }

    pub(super) fn close(&mut self, code: CloseCode, out: &mut Yield) {
        self.say_goodbye(
            match code {
                CloseCode::Resumable => 4_000,
                CloseCode::Ending => 1_000,
            },
            out,
        );
    }

    /// The heartbeat, if it is due.
    pub(super) fn wake(&mut self, now: Moment, out: &mut Yield) {
        let (Stage::Polled { .. }, Some(pulse)) = (self.stage, &mut self.pulse) else {
            return;
        };
        if now < pulse.next {
            return;
        }
        if pulse.has_beaten && !pulse.is_answered {
            out.said.push(Said::Drop);
            return self.end(SocketEvent::Closed { code: None }, out);
        }
        pulse.next = now + pulse.interval;
        pulse.has_beaten = true;
        pulse.is_answered = false;
        out.said.push(Said::Heartbeat(self.last_seq));
    }

    fn read(&mut self, frame: &Bytes, now: Moment, out: &mut Yield) {
        if let Some(pulse) = &mut self.pulse {
            pulse.is_answered = true;
        }
        let envelope = Envelope::read(frame)
            .unwrap_or_else(|error| panic!("discord sent what is no frame: {error}"));
        match envelope.op {
            Op::Hello => self.on_hello(frame, now, out),
            Op::Heartbeat => {
                if let (Stage::Polled { .. }, Some(pulse)) = (self.stage, &mut self.pulse) {
                    pulse.has_beaten = true;
                    pulse.is_answered = false;
                    out.said.push(Said::Heartbeat(self.last_seq));
                }
                out.events.push(SocketEvent::Frame);
            }
            Op::HeartbeatAck | Op::Other(_) => out.events.push(SocketEvent::Frame),
            Op::Reconnect => {
                self.say_goodbye(4_000, out);
                out.events.push(SocketEvent::ReconnectAsked);
            }
            Op::InvalidSession => {
                let resumable = value(frame)["d"] == Value::Bool(true);
                self.say_goodbye(if resumable { 4_000 } else { 1_000 }, out);
                out.events.push(SocketEvent::InvalidSession { resumable });
            }
            Op::Dispatch => {
                let name = envelope.name.as_deref().unwrap_or_default();
                let seq = envelope.seq.unwrap_or_default();
                self.last_seq = seq;
                let dispatch = Dispatch {
                    seq,
                    name: EventName::new(name),
                    guild: envelope.guild,
                    at: UnixMicros(now.as_nanos() / 1_000),
                    trace: None,
                    frame: frame.clone(),
                };
                out.events.push(dispatched(dispatch));
            }
        }
    }

    fn on_hello(&mut self, frame: &Bytes, now: Moment, out: &mut Yield) {
        let interval = value(frame)["d"]["heartbeat_interval"].as_u64().unwrap_or_default();
        let interval = Duration::from_millis(interval);
        let next = now + interval * self.first_beat_per_mille / 1_000;
        self.pulse = Some(Pulse { next, interval, has_beaten: false, is_answered: false });
        if self.stage == Stage::Connecting {
            self.stage = Stage::Held;
        }
        out.events.push(SocketEvent::Hello);
    }

    fn say_goodbye(&mut self, code: u16, out: &mut Yield) {
        if let Stage::Polled { .. } = self.stage {
            self.stage = Stage::Closing;
            out.said.push(Said::Close(code));
        }
    }

    fn end(&mut self, event: SocketEvent, out: &mut Yield) {
        self.stage = Stage::Over;
        out.events.push(event);
    }
}

fn dispatched(dispatch: Dispatch) -> SocketEvent {
    if dispatch.name.as_str() != "READY" {
        return SocketEvent::Dispatch(dispatch);
    }
    let ready = value(&dispatch.frame);
    let id = SessionId::new(ready["d"]["session_id"].as_str().unwrap_or_default());
    let url = ready["d"]["resume_gateway_url"].as_str();
    SocketEvent::Ready { id, resume_url: url.and_then(|url| url.parse().ok()), dispatch }
}

fn value(frame: &[u8]) -> Value {
    serde_json::from_slice(frame).unwrap_or_else(|error| panic!("discord sent no JSON: {error}"))
}

impl Said {
    /// The text frame that this is; none where it is none.
    pub(crate) fn text(&self, (shard, shards): (u32, u32)) -> Option<String> {
        let frame = match self {
            Self::Resume(resume) => json!({"op": 6, "d": {
                "token": "Bot token", "session_id": resume.id.as_str(), "seq": resume.seq,
            }}),
            Self::Identify => json!({"op": 2, "d": {
                "token": "Bot token", "properties": {}, "intents": 1, "shard": [shard, shards],
            }}),
            Self::Heartbeat(seq) => json!({"op": 1, "d": seq}),
            Self::Dial(_) | Self::Close(_) | Self::Drop => return None,
        };
        Some(frame.to_string())
    }
}
