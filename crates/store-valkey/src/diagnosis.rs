//! What the servers say of themselves: plain facts for an operator, judged by nobody here.

use std::time::{Duration, Instant};

use baton_store::StoreError;
use fred::{
    interfaces::ClientLike,
    types::{ClusterHash, CustomCommand, InfoKind},
};

use crate::{Valkey, control::call_on, library, reply::fred_error, reply::nth};

/// What the store is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Every primary.
    pub servers: Vec<ServerFacts>,
    /// The revision of the function library that this program brings.
    pub library_brought: u32,
}

/// What one primary says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Where it is.
    pub name: String,
    /// What it is and in which version, as in `valkey 8.1.0`.
    pub software: String,
    /// What it does when its memory is full.
    pub eviction: String,
    /// Whether it writes each change to its disk.
    pub appends_to_disk: bool,
    /// Whether its user `default` may write what stands in its append-only file, with whose rights
    /// some versions read it; none where the user that asks may not know.
    pub default_user_writes: Option<bool>,
    /// How many replicas it has.
    pub replicas: u32,
    /// Whether it refuses writes that too few replicas would get.
    pub needs_replicas: bool,
    /// Bytes that it takes.
    pub memory: u64,
    /// How many it may take; none without a limit.
    pub memory_max: Option<u64>,
    /// The revision of the function library on it.
    pub library: u32,
    /// How long it took to answer.
    pub round_trip: Duration,
}

impl Valkey {
    /// Asks every primary for what an operator should know of it. It changes nothing.
    ///
    /// # Errors
    /// If one of them does not answer.
    pub async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        let mut servers = Vec::new();
        for (name, node) in self.control().primaries() {
            let asked = Instant::now();
            let described = call_on(&node, library::function::DESCRIBE).await?;
            let round_trip = asked.elapsed();
            let revision = nth(described.list()?, 0)?.number()?;
            let info = node.info::<String>(Some(InfoKind::All)).await;
            let info = info.map_err(|error| fred_error(&error))?;
            servers.push(ServerFacts {
                library: revision,
                round_trip,
                default_user_writes: default_user_writes(&node).await,
                ..read(name, &info)
            });
        }
        Ok(Diagnosis { servers, library_brought: library::REVISION })
    }
}

/// What functions do, for a user's rights to it to be asked for.
const WRITES: [&[&str]; 2] =
    [&["HSET", "baton:x", "field", "value"], &["XADD", "baton:x", "*", "field", "value"]];

/// Whether the server's user `default` may do what functions do. Nothing is written by asking.
async fn default_user_writes(node: &impl ClientLike) -> Option<bool> {
    for write in WRITES {
        let words = [&["DRYRUN", "default"], write].concat();
        let acl = CustomCommand::new_static("ACL", ClusterHash::FirstKey, false);
        if node.custom::<String, _>(acl, words).await.ok()? != "OK" {
            return Some(false);
        }
    }
    Some(true)
}

/// Reads a server's own description.
fn read(name: String, info: &str) -> ServerFacts {
    let field = |wanted: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(field, _)| *field == wanted).map(|(_, value)| value.trim())
    };
    let number = |wanted: &str| field(wanted).and_then(|value| value.parse::<u64>().ok());
    let software = match field("valkey_version") {
        Some(version) => format!("valkey {version}"),
        None => format!("redis {}", field("redis_version").unwrap_or("?")),
    };
    ServerFacts {
        name,
        software,
        eviction: field("maxmemory_policy").unwrap_or("?").to_owned(),
        appends_to_disk: number("aof_enabled") == Some(1),
        default_user_writes: None,
        replicas: number("connected_slaves").and_then(|it| it.try_into().ok()).unwrap_or(0),
        // It counts the replicas that are good enough only where some are needed.
        needs_replicas: field("min_slaves_good_slaves").is_some(),
        memory: number("used_memory").unwrap_or(0),
        memory_max: number("maxmemory").filter(|max| *max > 0),
        library: 0,
        round_trip: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_own_description() {
        let info = "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.0\r\n\
            used_memory:1000\r\nmaxmemory:4000\r\nmaxmemory_policy:noeviction\r\n\
            aof_enabled:1\r\nconnected_slaves:2\r\nmin_slaves_good_slaves:2\r\n";
        let facts = read("a".to_owned(), info);
        assert_eq!((facts.software.as_str(), facts.replicas), ("valkey 8.1.0", 2));
        assert_eq!((facts.memory, facts.memory_max), (1_000, Some(4_000)));
        assert!(facts.appends_to_disk && facts.needs_replicas);
    }

    #[test]
    fn what_is_switched_off_reads_as_off() {
        let info = "redis_version:7.0.15\r\nmaxmemory:0\r\naof_enabled:0\r\nconnected_slaves:0\r\n";
        let facts = read("a".to_owned(), info);
        assert_eq!((facts.software.as_str(), facts.memory_max), ("redis 7.0.15", None));
        assert!(!facts.appends_to_disk && !facts.needs_replicas);
    }
}
