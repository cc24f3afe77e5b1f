//! A dispatch: an event as Discord sent it.

use std::{fmt, str::FromStr, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Seq, UnixMicros};

/// The name of an event, such as `MESSAGE_CREATE`.
///
/// Cheap to clone, because the same few names come again and again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventName(Arc<str>);

impl EventName {
    /// Takes the name as Discord sent it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The guild an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GuildId(pub u64);

/// A sampled event's W3C `traceparent`: 55 characters, `00-<trace>-<span>-<flags>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceParent([u8; 55]);

/// A text that is no `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a traceparent; expected 00-<32 hex>-<16 hex>-<2 hex>")]
pub struct TraceParentError(String);

impl TraceParent {
    /// The header value as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_else(|_| unreachable!("checked to be ASCII"))
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        let fits = |(at, byte): (usize, u8)| match at {
            2 | 35 | 52 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        };
        match <[u8; 55]>::try_from(text.as_bytes()) {
            Ok(bytes) if bytes.into_iter().enumerate().all(fits) => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err(TraceParentError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for TraceParent {
    type Error = TraceParentError;

    fn try_from(text: String) -> Result<Self, TraceParentError> {
        text.parse()
    }
}

impl From<TraceParent> for String {
    fn from(trace: TraceParent) -> Self {
        trace.as_str().to_owned()
    }
}

/// An event as Discord sent it, and the little that is known about it without reading its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Discord's number of it.
    pub seq: Seq,
    /// What kind of event.
    pub name: EventName,
    /// Its guild; none for events outside guilds.
    pub guild: Option<GuildId>,
    /// When it was received.
    pub at: UnixMicros,
    /// Set if this event is sampled for tracing.
    pub trace: Option<TraceParent>,
    /// The whole frame, byte for byte. It is never parsed past its envelope.
    #[serde(with = "crate::raw_bytes")]
    pub frame: Bytes,
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for GuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_has_one_form() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(text.parse::<TraceParent>().unwrap().as_str(), text);
        for bad in ["", &text[1..], &text.to_uppercase(), &text.replace('-', "_")] {
            assert!(bad.parse::<TraceParent>().is_err(), "{bad:?}");
        }
    }
}
