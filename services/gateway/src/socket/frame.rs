//! What a frame is, as far as the machine wants to know.

use std::sync::Arc;

use baton_envelope::{Envelope, Op};
use baton_model::{Dispatch, EventName, Seq, SessionId};
use baton_shard::SocketEvent;
use baton_telemetry::{Counter, Sampler, SpanPlace};
use bytes::Bytes;
use serde::Deserialize;
use twilight_gateway::Shard;

use super::{dialer::ResumeHosts, permit::PermitDesk};
use crate::{clock::unix_micros, instruments::AppMeters};

/// Names kept at the most. Discord has about 80.
const NAMES_MAX: usize = 256;

/// Turns frames into events.
#[derive(Debug)]
pub(super) struct FrameReader {
    /// Names seen so far, in order, each with what counts it: an allocation less for each event,
    /// and no second search.
    names: Vec<(EventName, Counter)>,
    hosts: ResumeHosts,
    meters: Arc<AppMeters>,
    sampler: Sampler,
}

#[derive(Deserialize)]
struct InvalidSession {
    d: bool,
}

impl FrameReader {
    pub(super) fn new(hosts: ResumeHosts, meters: Arc<AppMeters>) -> Self {
        let sampler = meters.traces.sampler();
        Self { names: Vec::new(), hosts, meters, sampler }
    }

    /// The event that a frame is; none if it cannot be read.
    pub(super) fn read(&mut self, text: String, shard: &Shard<PermitDesk>) -> Option<SocketEvent> {
        let frame = Bytes::from(text);
        let envelope = Envelope::read(&frame).ok()?;
        Some(match envelope.op {
            Op::Dispatch => {
                let name = self.name(envelope.name.as_deref()?);
                let (seq, guild) = (envelope.seq?, envelope.guild);
                self.meters.dispatched_bytes.increment(frame.len() as u64);
                let (at, trace) = (unix_micros(), self.sampler.draw().map(SpanPlace::traceparent));
                self.dispatch(Dispatch { seq, name, guild, at, trace, frame }, shard)
            }
            Op::Hello => SocketEvent::Hello,
            Op::Reconnect => SocketEvent::ReconnectAsked,
            Op::InvalidSession => {
                let resumable = serde_json::from_slice::<InvalidSession>(&frame).ok()?.d;
                SocketEvent::InvalidSession { resumable }
            }
            Op::HeartbeatAck => {
                if let Some(took) = shard.latency().recent().first() {
                    self.meters.heartbeat.record(*took);
                }
                SocketEvent::Frame
            }
            Op::Heartbeat | Op::Other(_) => SocketEvent::Frame,
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

    /// The name, counted.
    fn name(&mut self, name: &str) -> EventName {
        let (known, counter) = match self.names.binary_search_by(|(it, _)| it.as_str().cmp(name)) {
            Ok(at) => &self.names[at],
            Err(at) => {
                let name = EventName::new(name);
                let counter = self.meters.dispatches(&name);
                if self.names.len() == NAMES_MAX {
                    counter.increment(1);
                    return name;
                }
                self.names.insert(at, (name, counter));
                &self.names[at]
            }
        };
        counter.increment(1);
        known.clone()
    }
}

/// The number a RESUME starts from cannot be said without a session.
pub(super) fn twilight_session(id: &SessionId, seq: Seq) -> twilight_gateway::Session {
    twilight_gateway::Session::new(seq.0, id.as_str().to_owned())
}
