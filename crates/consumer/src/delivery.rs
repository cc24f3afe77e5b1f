//! A delivery: an entry in a consumer's hands.

use std::sync::Arc;

use baton_model::{
    AppName, EventName, GuildId, Lane, Marker, Seq, SessionNumber, ShardNumber, StreamId,
    TraceParent, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use thiserror::Error;
use twilight_model::gateway::event::{DispatchEvent, GatewayEvent, GatewayEventDeserializer};

/// An entry in a consumer's hands. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub(crate) app: Arc<AppName>,
    pub(crate) lane: Lane,
    pub(crate) id: StreamId,
    pub(crate) attempt: u32,
    pub(crate) entry: Arc<Entry>,
}

/// What names a dispatch for ever: effects that are recorded under it happen once, however often it
/// is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntryKey {
    /// The app.
    pub app: Arc<AppName>,
    /// The shard that received it.
    pub shard: ShardNumber,
    /// The session in which it was received.
    pub session: SessionNumber,
    /// Discord's number of it in that session.
    pub seq: Seq,
}

/// Why a frame was not read as what it was asked for.
#[derive(Debug, Error)]
pub enum ParseError {
    /// It is a marker of Baton's, and Discord has sent nothing.
    #[error("{0} is a marker; read it with `Delivery::marker`")]
    Marker(EventName),
    /// The frame holds something else.
    #[error("frame of {name} cannot be read as {wanted}")]
    Frame {
        /// The event's name.
        name: EventName,
        /// As what it was to be read.
        wanted: &'static str,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
}

impl Delivery {
    /// The event's name, such as `MESSAGE_CREATE`; markers have one too.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.entry.body {
            EntryBody::Dispatch(dispatch) => dispatch.name.as_str(),
            EntryBody::Marker { marker, .. } => marker_name(marker),
        }
    }

    /// What Baton has to say, if the entry is not from Discord.
    #[must_use]
    pub fn marker(&self) -> Option<&Marker> {
        match &self.entry.body {
            EntryBody::Dispatch(_) => None,
            EntryBody::Marker { marker, .. } => Some(marker),
        }
    }

    /// The frame, byte for byte as Discord sent it; nothing for a marker.
    #[must_use]
    pub fn frame(&self) -> Bytes {
        match &self.entry.body {
            EntryBody::Dispatch(dispatch) => dispatch.frame.clone(),
            EntryBody::Marker { .. } => Bytes::new(),
        }
    }

    /// The guild, for events of guilds.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        match &self.entry.body {
            EntryBody::Dispatch(dispatch) => dispatch.guild,
            EntryBody::Marker { .. } => None,
        }
    }

    /// The traceparent of a sampled event.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        match &self.entry.body {
            EntryBody::Dispatch(dispatch) => dispatch.trace,
            EntryBody::Marker { .. } => None,
        }
    }

    /// When it was received or written, by that instance's clock.
    #[must_use]
    pub fn at(&self) -> UnixMicros {
        match &self.entry.body {
            EntryBody::Dispatch(dispatch) => dispatch.at,
            EntryBody::Marker { at, .. } => *at,
        }
    }

    /// What names it for ever. A delivery may come twice, and its key is the same then.
    #[must_use]
    pub fn key(&self) -> EntryKey {
        EntryKey {
            app: self.app.clone(),
            shard: self.entry.shard,
            session: self.entry.session,
            seq: self.entry.body.seq(),
        }
    }

    /// The shard that received it.
    #[must_use]
    pub fn shard(&self) -> ShardNumber {
        self.entry.shard
    }

    /// The lane in whose stream it stands.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.lane
    }

    /// Its place in that stream.
    #[must_use]
    pub const fn id(&self) -> StreamId {
        self.id
    }

    /// How many times it has been delivered or tried, this time included.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Reads the event's body: `parse::<MessageCreate>()`, or any type that keeps only some fields.
    ///
    /// # Errors
    /// If it is a marker, or the body is not of this kind.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseError> {
        #[derive(Deserialize)]
        struct Frame<T> {
            d: T,
        }
        let frame = self.dispatched()?;
        let read: Result<Frame<T>, _> = serde_json::from_slice(&frame);
        read.map(|frame| frame.d).map_err(|source| self.unreadable::<T>(source))
    }

    /// Reads the event as whatever its name says it is.
    ///
    /// # Errors
    /// If it is a marker, or an event that twilight does not know.
    pub fn event(&self) -> Result<DispatchEvent, ParseError> {
        let frame = self.dispatched()?;
        let read = self.read_event(&frame);
        read.map_err(|source| self.unreadable::<DispatchEvent>(source))
    }

    fn read_event(&self, frame: &[u8]) -> Result<DispatchEvent, serde_json::Error> {
        use serde::de::{DeserializeSeed, Error};
        let seed = GatewayEventDeserializer::new(0, Some(self.name()));
        let mut json = serde_json::Deserializer::from_slice(frame);
        match seed.deserialize(&mut json)? {
            GatewayEvent::Dispatch(_, event) => Ok(event),
            GatewayEvent::Heartbeat
            | GatewayEvent::HeartbeatAck
            | GatewayEvent::Hello(_)
            | GatewayEvent::InvalidateSession(_)
            | GatewayEvent::Reconnect => Err(serde_json::Error::custom("it is no dispatch")),
        }
    }

    fn dispatched(&self) -> Result<Bytes, ParseError> {
        match &self.entry.body {
            EntryBody::Dispatch(dispatch) => Ok(dispatch.frame.clone()),
            EntryBody::Marker { marker, .. } => Err(ParseError::Marker(marker.name())),
        }
    }

    fn unreadable<T>(&self, source: serde_json::Error) -> ParseError {
        let wanted = std::any::type_name::<T>();
        ParseError::Frame { name: EventName::new(self.name()), wanted, source }
    }
}

/// The same as [`Marker::name`], without making a name.
const fn marker_name(marker: &Marker) -> &'static str {
    match marker {
        Marker::SessionStarted { .. } => "BATON_SESSION_STARTED",
        Marker::Gap { .. } => "BATON_GAP",
        Marker::StreamLost { .. } => "BATON_STREAM_LOST",
        Marker::Trimmed { .. } => "BATON_TRIMMED",
        Marker::GenerationSwitched { .. } => "BATON_GENERATION_SWITCHED",
    }
}
