//! What a frame is, as far as the machine wants to know.

use baton_envelope::{Envelope, Op};
use baton_model::{Dispatch, EventName, Seq, SessionId};
use baton_shard::SocketEvent;
use bytes::Bytes;
use serde::Deserialize;
use twilight_gateway::Shard;

use super::{dialer::ResumeHosts, permit::PermitDesk};
use crate::clock::unix_micros;

/// Names kept at the most. Discord has about 80.
const NAMES_MAX: usize = 256;

/// Turns frames into events.
#[derive(Debug)]
pub(super) struct FrameReader {
    /// Names seen so far, in order: an allocation less for each event.
    names: Vec<EventName>,
    hosts: ResumeHosts,
}

#[derive(Deserialize)]
struct InvalidSession {
    d: bool,
}

impl FrameReader {
    pub(super) const fn new(hosts: ResumeHosts) -> Self {
        Self { names: Vec::new(), hosts }
    }

    /// The event that a frame is; none if it cannot be read.
    pub(super) fn read(&mut self, text: String, shard: &Shard<PermitDesk>) -> Option<SocketEvent> {
        let frame = Bytes::from(text);
        let envelope = Envelope::read(&frame).ok()?;
        Some(match envelope.op {
            Op::Dispatch => {
                let name = self.name(envelope.name.as_deref()?);
                let (seq, guild) = (envelope.seq?, envelope.guild);
                let at = unix_micros();
                self.dispatch(Dispatch { seq, name, guild, at, trace: None, frame }, shard)
            }
            Op::Hello => SocketEvent::Hello,
            Op::Reconnect => SocketEvent::ReconnectAsked,
            Op::InvalidSession => {
                let resumable = serde_json::from_slice::<InvalidSession>(&frame).ok()?.d;
                SocketEvent::InvalidSession { resumable }
            }
            Op::Heartbeat | Op::HeartbeatAck | Op::Other(_) => SocketEvent::Frame,
        })
    }

    fn dispatch(&self, dispatch: Dispatch, shard: &Shard<PermitDesk>) -> SocketEvent {
        match shard.session() {
            Some(session) if dispatch.name.as_str() == "READY" => SocketEvent::Ready {
                id: SessionId::new(session.id()),
                resume_url: shard.resume_url().and_then(|url| self.hosts.accepted(url)),
                dispatch,
            },
            Some(_) | None => SocketEvent::Dispatch(dispatch),
        }
    }

    fn name(&mut self, name: &str) -> EventName {
        match self.names.binary_search_by(|known| known.as_str().cmp(name)) {
            Ok(at) => self.names[at].clone(),
            Err(at) => {
                let name = EventName::new(name);
                if self.names.len() < NAMES_MAX {
                    self.names.insert(at, name.clone());
                }
                name
            }
        }
    }
}

/// The number a RESUME starts from cannot be said without a session.
pub(super) fn twilight_session(id: &SessionId, seq: Seq) -> twilight_gateway::Session {
    twilight_gateway::Session::new(seq.0, id.as_str().to_owned())
}
