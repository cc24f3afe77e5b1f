//! Discord, as far as one shard can tell: sessions with a log, and a socket that replays it.

use std::collections::VecDeque;

use baton_model::{Dispatch, EventName, Seq, SessionId, UnixMicros};
use baton_shard::{CloseCode, ResumeFrom, SocketEvent, SocketId};
use bytes::Bytes;

pub(crate) const LEFT_OUT: &str = "TYPING_START";

#[derive(Default)]
pub(crate) struct Discord {
    sessions: Vec<Session>,
    pub(crate) socket: Option<Socket>,
    /// The next connection does not come about.
    pub(crate) is_down: bool,
    /// The next close frame is not echoed.
    pub(crate) is_mute: bool,
}

struct Session {
    id: SessionId,
    log: Vec<Dispatch>,
    is_alive: bool,
}

pub(crate) struct Socket {
    pub(crate) id: SocketId,
    resume: Option<ResumeFrom>,
    /// The session whose events it carries.
    session: Option<usize>,
    /// What the client has yet to yield.
    events: VecDeque<SocketEvent>,
}

impl Discord {
    /// An event happens in the latest session, if that lives.
    pub(crate) fn emit(&mut self, name: &str, step: u64) {
        let Some(latest) = self.sessions.len().checked_sub(1) else {
            return;
        };
        if self.sessions[latest].is_alive {
            let dispatch = self.log(latest, name, step);
            self.send(latest, SocketEvent::Dispatch(dispatch));
        }
    }

    fn log(&mut self, session: usize, name: &str, step: u64) -> Dispatch {
        let log = &mut self.sessions[session].log;
        let last = log.last().map_or(0, |dispatch| dispatch.seq.0);
        let dispatch = Dispatch {
            seq: Seq(last + step),
            name: EventName::new(name),
            guild: None,
            at: UnixMicros(0),
            trace: None,
            frame: Bytes::from(vec![b'x'; 50]),
        };
        log.push(dispatch.clone());
        dispatch
    }

    fn send(&mut self, session: usize, event: SocketEvent) {
        if let Some(socket) = &mut self.socket
            && socket.session == Some(session)
        {
            socket.events.push_back(event);
        }
    }

    /// What Discord says by itself, to whoever is connected.
    pub(crate) fn say(&mut self, event: SocketEvent) {
        if matches!(event, SocketEvent::InvalidSession { resumable: false }) {
            self.end_session();
        }
        if let Some(socket) = &mut self.socket {
            socket.events.push_back(event);
        }
    }

    /// Discord closes; some codes mean that the session is over.
    pub(crate) fn close(&mut self, code: u16) {
        if matches!(code, 4007 | 4009) {
            self.end_session();
        }
        if let Some(socket) = &mut self.socket {
            socket.session = None;
            socket.events.push_back(SocketEvent::Closed { code: Some(code) });
        }
    }

    fn end_session(&mut self) {
        if let Some(session) = self.socket.as_ref().and_then(|socket| socket.session) {
            self.sessions[session].is_alive = false;
        }
    }

    pub(crate) fn open(&mut self, id: SocketId, resume: Option<ResumeFrom>) {
        assert!(self.socket.is_none(), "{id} opened beside another socket");
        let first = match std::mem::take(&mut self.is_down) {
            true => SocketEvent::ConnectFailed,
            false => SocketEvent::Hello,
        };
        self.socket = Some(Socket { id, resume, session: None, events: VecDeque::from([first]) });
    }

    pub(crate) fn proceed(&mut self) {
        let socket = self.socket.as_mut().expect("a socket to poll");
        let Some(resume) = socket.resume.clone() else {
            socket.events.push_back(SocketEvent::PermitWanted);
            return;
        };
        let is_it = |session: &Session| session.id == resume.id && session.is_alive;
        let Some(session) = self.sessions.iter().position(is_it) else {
            let resumable = false;
            socket.events.push_back(SocketEvent::InvalidSession { resumable });
            return;
        };
        let log = self.sessions[session].log.iter();
        let replay = log.filter(|dispatch| dispatch.seq > resume.seq).cloned();
        socket.events.extend(replay.map(SocketEvent::Dispatch));
        socket.session = Some(session);
        let resumed = self.log(session, "RESUMED", 1);
        self.send(session, SocketEvent::Dispatch(resumed));
    }

    pub(crate) fn identify(&mut self) {
        let id = SessionId::new(&format!("session{}", self.sessions.len()));
        self.sessions.push(Session { id: id.clone(), log: Vec::new(), is_alive: true });
        let latest = self.sessions.len() - 1;
        let dispatch = self.log(latest, "READY", 1);
        let socket = self.socket.as_mut().expect("a socket that identifies");
        socket.session = Some(latest);
        socket.events.push_back(SocketEvent::Ready {
            resume_url: Some("wss://resume.example".parse().expect("a url")),
            id,
            dispatch,
        });
    }

    /// The client sends a close frame. Nothing new comes; what is under way does, then the echo.
    pub(crate) fn on_close(&mut self, code: CloseCode) {
        match code {
            CloseCode::Resumable => {}
            CloseCode::Ending => self.end_session(),
        }
        let is_mute = std::mem::take(&mut self.is_mute);
        let socket = self.socket.as_mut().expect("a socket to close");
        socket.session = None;
        if !is_mute {
            socket.events.push_back(SocketEvent::Closed { code: Some(4000) });
        }
    }

    /// What the client yields next.
    pub(crate) fn next(&mut self) -> Option<(SocketId, SocketEvent)> {
        let socket = self.socket.as_mut()?;
        let id = socket.id;
        let event = socket.events.pop_front()?;
        if matches!(event, SocketEvent::Closed { .. } | SocketEvent::ConnectFailed) {
            self.socket = None;
        }
        Some((id, event))
    }

    /// The seqs of a session that belong into the stream.
    pub(crate) fn wanted(&self, id: &SessionId) -> Vec<Seq> {
        let session = self.sessions.iter().find(|session| session.id == *id);
        let log = session.map_or(&[][..], |session| &session.log);
        let wanted = log.iter().filter(|dispatch| dispatch.name.as_str() != LEFT_OUT);
        wanted.map(|dispatch| dispatch.seq).collect()
    }

    pub(crate) fn last_seq(&self, id: &SessionId) -> Seq {
        let session = self.sessions.iter().find(|session| session.id == *id);
        let last = session.and_then(|session| session.log.last());
        last.map_or(Seq(0), |dispatch| dispatch.seq)
    }
}

impl Discord {
    pub(crate) fn socket_is_drained(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.events.is_empty())
    }
}
