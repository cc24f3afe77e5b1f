//! INFO, TIME, CONFIG: what clients ask a server of itself.

use bytes::Bytes;

use super::Answer;
use crate::{
    live::Scene,
    resp::{arguments::Arguments, refusal::Refusal, reply::Reply},
};

/// The version of the protocol's commands that is spoken here: Valkey says the same of itself.
pub(crate) const SPEAKS_VERSION: &str = "7.2.4";

/// `[section …]`
pub(crate) fn info(at: &mut Scene<'_>, arguments: Arguments<'_>) -> Answer {
    let wants = |section: &str| {
        let is_it = |asked: &Bytes| {
            let all = ["default", "all", "everything", section];
            all.iter().any(|name| asked.eq_ignore_ascii_case(name.as_bytes()))
        };
        arguments.len() == 0 || arguments.rest().iter().any(is_it)
    };
    let sections = sections(at).into_iter().filter(|(section, _)| wants(section));
    let texts: Vec<String> = sections
        .map(|(section, lines)| {
            let title = section[..1].to_ascii_uppercase() + &section[1..];
            format!("# {title}\r\n{}\r\n", lines.join("\r\n"))
        })
        .collect();
    Ok(Reply::Text(Bytes::from(texts.join("\r\n"))))
}

fn sections(at: &Scene<'_>) -> [(&'static str, Vec<String>); 6] {
    let (streams, bytes) = at.state.streams_in_numbers();
    let line = |name: &str, value: &str| format!("{name}:{value}");
    let server = vec![
        line("redis_version", SPEAKS_VERSION),
        line("server_name", "baton"),
        line("baton_version", env!("CARGO_PKG_VERSION")),
        line("redis_mode", "standalone"),
        line("run_id", &at.primary.0),
        line("process_id", &std::process::id().to_string()),
    ];
    let memory = vec![
        line("used_memory", &bytes.to_string()),
        line("maxmemory", "0"),
        line("maxmemory_policy", "noeviction"),
    ];
    let persistence = vec![
        line("loading", "0"),
        line("async_loading", "0"),
        line("aof_enabled", if at.is_on_disk { "1" } else { "0" }),
        line("aof_last_write_status", "ok"),
    ];
    let replication = vec![
        line("role", "master"),
        line("connected_slaves", "0"),
        line("master_repl_offset", "0"),
    ];
    let keyspace = vec![format!("db0:keys={streams},expires=0,avg_ttl=0")];
    [
        ("server", server),
        ("clients", vec![line("blocked_clients", &at.waiting.to_string())]),
        ("memory", memory),
        ("persistence", persistence),
        ("replication", replication),
        ("keyspace", keyspace),
    ]
}

pub(crate) fn time(at: &mut Scene<'_>, _: Arguments<'_>) -> Answer {
    let millis = at.now.0;
    let (seconds, micros) = (millis / 1_000, millis % 1_000 * 1_000);
    Ok(Reply::List(vec![Reply::text(seconds.to_string()), Reply::text(micros.to_string())]))
}

/// `pattern …`
pub(crate) fn config_get(at: &mut Scene<'_>, arguments: Arguments<'_>) -> Answer {
    let settings = [
        ("appendonly", if at.is_on_disk { "yes" } else { "no" }),
        ("databases", "1"),
        ("maxmemory", "0"),
        ("maxmemory-policy", "noeviction"),
        ("save", ""),
        ("timeout", "0"),
    ];
    let is_asked = |name: &str| arguments.rest().iter().any(|pattern| matches(pattern, name));
    let found = settings.into_iter().filter(|(name, _)| is_asked(name));
    let fields = found.map(|(name, value)| (Reply::word(name), Reply::word(value)));
    Ok(Reply::Map(fields.collect()))
}

/// Settings are the process's own.
pub(crate) fn config_set(_: &mut Scene<'_>, _: Arguments<'_>) -> Answer {
    Err(Refusal("NOPERM This user has no permissions to run the 'config|set' command".to_owned()))
}

/// A name, or the beginning of one and a star.
fn matches(pattern: &Bytes, name: &str) -> bool {
    match pattern.strip_suffix(b"*") {
        Some(start) => name
            .as_bytes()
            .get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(name.as_bytes()),
    }
}
