//! What Discord does, as lines of a story.

use baton_mock_discord::Output;
use serde_json::Value;

pub(super) fn output(output: &Output) -> String {
    match output {
        Output::Send { connection, frame } => format!("{connection} < {}", frame_line(frame)),
        Output::Close { connection, code, reason } => {
            format!("{connection} close {code} {reason}")
        }
        Output::Drop { connection } => format!("{connection} drop"),
        Output::Refuse { connection } => format!("{connection} refuse"),
        Output::Stall { connection } => format!("{connection} stall"),
        Output::Corrupt { connection } => format!("{connection} corrupt"),
        Output::Respond { request, status, retry_after_s, body } => {
            let retry =
                retry_after_s.map_or(String::new(), |after| format!(" retry after {after}s"));
            format!("answer {}: {status}{retry} {body}", request.0)
        }
    }
}

fn frame_line(frame: &[u8]) -> String {
    let frame: Value = serde_json::from_slice(frame).expect("Discord sends JSON");
    match (frame["op"].as_u64(), frame["t"].as_str()) {
        (Some(0), Some("GUILD_MEMBERS_CHUNK")) => chunk(&frame),
        (Some(0), Some("RATE_LIMITED")) => format!("RATE_LIMITED {}: {}", frame["s"], frame["d"]),
        (Some(0), Some(name)) => format!("{name} {}", frame["s"]),
        (Some(1), None) => "heartbeat!".to_owned(),
        (Some(7), None) => "reconnect".to_owned(),
        (Some(9), None) => format!("invalid session, {}", frame["d"]),
        (Some(10), None) => format!("HELLO every {} ms", frame["d"]["heartbeat_interval"]),
        (Some(11), None) => "ack".to_owned(),
        _ => panic!("Discord never sends {frame}"),
    }
}

/// The chunk without its members, of whom there may be a thousand.
fn chunk(frame: &Value) -> String {
    let mut rest = frame["d"].clone();
    let members = rest["members"].take();
    let ids: Vec<_> = members.as_array().expect("members").iter().map(id_of_member).collect();
    let members = match ids.as_slice() {
        [] => "nobody".to_owned(),
        [one] => format!("member {one}"),
        [first, .., last] => format!("{} members, {first} to {last}", ids.len()),
    };
    rest.as_object_mut().expect("a body").remove("members");
    format!("GUILD_MEMBERS_CHUNK {}: {members}, {rest}", frame["s"])
}

fn id_of_member(member: &Value) -> &str {
    member["user"]["id"].as_str().expect("an id")
}
