//! What Discord says, keys in its own order (`t`, `s`, `op`, `d`): clients search for them so.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::{Settings, bot, session::Session};
use crate::load::guilds;

pub(super) fn hello(interval: Duration) -> Bytes {
    let data = json!({"heartbeat_interval": interval.as_millis(), "_trace": ["mock"]});
    frame(10, &data.to_string())
}

pub(super) fn acknowledgement() -> Bytes {
    frame(11, "null")
}

pub(super) fn heartbeat_request() -> Bytes {
    frame(1, "null")
}

pub(super) fn reconnect() -> Bytes {
    frame(7, "null")
}

pub(super) fn invalid_session(is_resumable: bool) -> Bytes {
    frame(9, if is_resumable { "true" } else { "false" })
}

/// The body of READY: what clients need, all of it computed again for a replay.
pub(super) fn ready(settings: &Settings, session: &Session) -> String {
    let count = guilds::of_shard(settings.guilds, session.slice);
    let unavailable = |index| {
        let id = guilds::id_of(session.slice, u64::from(index));
        json!({"id": id.to_string(), "unavailable": true})
    };
    json!({
        "v": 10,
        "user": bot::user(),
        "guilds": (0..count).map(unavailable).collect::<Vec<_>>(),
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": settings.resume_url,
        "shard": session.slice,
        "application": bot::application_in_ready(),
        "private_channels": [],
        "relationships": [],
        "user_settings": {},
        "_trace": ["mock"],
    })
    .to_string()
}

/// The body of RESUMED. It names the session, so that no two dispatches have the same bytes.
pub(super) fn resumed(session: &Session) -> String {
    format!(r#"{{"_trace":["mock","session {}"]}}"#, session.ordinal)
}

fn frame(op: u8, data: &str) -> Bytes {
    Bytes::from(format!(r#"{{"t":null,"s":null,"op":{op},"d":{data}}}"#))
}
