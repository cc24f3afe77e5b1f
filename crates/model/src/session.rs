//! Discord's session, as Baton keeps it.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::RESUME_URL_BYTES_MAX;

/// Discord's number of a dispatch within its session.
///
/// It grows; Baton does not assume that it grows by one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// Baton's own number of a session: what tells two sessions of a shard apart in a stream.
///
/// Like an [`Epoch`](crate::Epoch) it is `max(previous + 1, the store's time in ms)`, for the same
/// reason: a number used twice would make consumers drop real events as duplicates.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SessionNumber(pub u64);

/// The id Discord gave a session in READY.
///
/// With the bot's token it lets one resume the session, so it is shown shortened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Takes the id as Discord sent it.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The whole id, for RESUME and for the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a resume url.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResumeUrlError {
    /// It does not start with `wss://` or `ws://`.
    #[error("resume url {0:?} does not start with wss:// or ws://")]
    Scheme(String),
    /// It has no host, or characters that no url has.
    #[error("resume url {0:?} is not a url with a host")]
    Host(String),
    /// It is longer than any that Discord sends.
    #[error("resume url has {0} bytes; expected at most {RESUME_URL_BYTES_MAX}")]
    TooLong(usize),
}

/// Where Discord wants a session to be resumed.
///
/// Only its form is checked here. A persisted url reaches a parser that panics on a malformed one
/// (in twilight), so nothing that is not a url may get this far.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResumeUrl(Arc<str>);

impl ResumeUrl {
    /// The url as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without port and path.
    #[must_use]
    pub fn host(&self) -> &str {
        host_of(&self.0).unwrap_or_default()
    }
}

fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("wss://").or_else(|| url.strip_prefix("ws://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, _port)| host);
    Some(host)
}

fn has_a_plausible_authority(url: &str) -> bool {
    let Some(host) = host_of(url) else {
        return false;
    };
    let rest = &url[url.find("//").map_or(0, |at| at + 2)..];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port_is_fine = match authority.rsplit_once(':') {
        Some((_, port)) => port.parse::<u16>().is_ok(),
        None => true,
    };
    !host.is_empty()
        && port_is_fine
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`'))
}

impl FromStr for ResumeUrl {
    type Err = ResumeUrlError;

    fn from_str(text: &str) -> Result<Self, ResumeUrlError> {
        if text.len() > RESUME_URL_BYTES_MAX {
            return Err(ResumeUrlError::TooLong(text.len()));
        }
        if !text.starts_with("wss://") && !text.starts_with("ws://") {
            return Err(ResumeUrlError::Scheme(text.to_owned()));
        }
        if !has_a_plausible_authority(text) {
            return Err(ResumeUrlError::Host(text.to_owned()));
        }
        Ok(Self(Arc::from(text)))
    }
}

impl TryFrom<String> for ResumeUrl {
    type Error = ResumeUrlError;

    fn try_from(text: String) -> Result<Self, ResumeUrlError> {
        text.parse()
    }
}

impl From<ResumeUrl> for String {
    fn from(url: ResumeUrl) -> Self {
        url.as_str().to_owned()
    }
}

/// A session and how far the stream has got in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Baton's number of it.
    pub number: SessionNumber,
    /// Discord's id of it.
    pub id: SessionId,
    /// Where to resume it, if Discord said so and the place has not failed since.
    pub resume_url: Option<ResumeUrl>,
    /// The last dispatch that the stream holds. A RESUME starts from here, never from what was
    /// merely read from the socket.
    pub last_seq: Seq,
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for SessionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(6) {
            Some((cut, _)) => write!(f, "{}…", &self.0[..cut]),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ResumeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ResumeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resume_url_has_a_scheme_and_a_host() {
        let url: ResumeUrl = "wss://gateway-us-east1-b.discord.gg".parse().unwrap();
        assert_eq!(url.host(), "gateway-us-east1-b.discord.gg");
        assert_eq!("ws://127.0.0.1:4000/x?v=10".parse::<ResumeUrl>().unwrap().host(), "127.0.0.1");
        for bad in ["", "https://discord.gg", "wss://", "wss:///path", "wss://:443", "ws://a:port"]
        {
            assert!(bad.parse::<ResumeUrl>().is_err(), "{bad:?}");
        }
        for bad in ["wss://a b", "wss://a\n", "wss://a/\"", "wss://user@host"] {
            assert!(matches!(bad.parse::<ResumeUrl>(), Err(ResumeUrlError::Host(_))), "{bad:?}");
        }
        let long = format!("wss://{}", "a".repeat(RESUME_URL_BYTES_MAX));
        assert!(matches!(long.parse::<ResumeUrl>(), Err(ResumeUrlError::TooLong(_))));
    }

    #[test]
    fn a_session_id_is_shown_shortened() {
        let id = SessionId::new("d1b2c3e4f5a6978812345678");
        assert_eq!(format!("{id} {id:?}"), "d1b2c3… d1b2c3…");
        assert_eq!(SessionId::new("short").to_string(), "short");
    }
}
