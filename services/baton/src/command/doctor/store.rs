//! What the store is like.

use std::{path::Path, time::Duration};

use baton_model::StoreMillis;
use baton_store::Safety;
use baton_store_valkey::{Diagnosis, ServerFacts};

use super::Check;
use crate::output::units;

/// Above this every event waits longer than it should; a lease is in no danger yet.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(50);

/// What is written down with this machine's clock could not be read in order any more.
const SKEW_MS_MAX: u64 = 1_000;

/// The share of its memory above which a store needs room.
const MEMORY_PERCENT_MAX: u64 = 80;

/// The store's clock, and this machine's before and after it was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) before: StoreMillis,
    pub(super) now: StoreMillis,
    pub(super) after: StoreMillis,
}

pub(super) fn checks(diagnosis: &Diagnosis, safety: &Safety, seen: Seen) -> Vec<Check> {
    let mut checks = vec![safe("it takes writes and has its majority", safety)];
    for server in &diagnosis.servers {
        checks.extend(of_server(server));
        checks.extend(default_user(server));
        checks.push(library(server, diagnosis.library_brought));
    }
    checks.push(clock(seen));
    checks
}

/// One that is embedded in a process of this machine has no server that could be set up otherwise.
pub(super) fn of_process(folder: &Path, safety: &Safety, seen: Seen) -> Vec<Check> {
    let found = format!("it is embedded in the process on {}, which answers", folder.display());
    vec![Check::ok("server", found), safe("its disk takes writes", safety), clock(seen)]
}

fn safe(found: &str, safety: &Safety) -> Check {
    match safety {
        Safety::Safe => Check::ok("safety", found),
        Safety::Unsafe { reason } => {
            Check::failure("safety", reason.clone(), "no lease is taken before that is mended")
        }
    }
}

fn of_server(server: &ServerFacts) -> [Check; 5] {
    let ServerFacts { name, software, round_trip, .. } = server;
    let reached = format!("{name} is {software} and answers in {:.1} ms", millis(*round_trip));
    let reached = match *round_trip > ROUND_TRIP_MAX {
        false => Check::ok("server", reached),
        true => Check::warning("server", reached, "bring it closer, or see what keeps it busy"),
    };
    [reached, eviction(server), persistence(server), replicas(server), memory(server)]
}

/// One that may evict leases is not even opened.
fn eviction(server: &ServerFacts) -> Check {
    let found = format!("{} has maxmemory-policy {}", server.name, server.eviction);
    match server.eviction.as_str() {
        "noeviction" => Check::ok("eviction", found),
        _ => Check::warning("eviction", found, "set it to noeviction: results may be evicted"),
    }
}

fn persistence(server: &ServerFacts) -> Check {
    match server.appends_to_disk {
        true => Check::ok("persistence", format!("{} has appendonly yes", server.name)),
        false => Check::warning(
            "persistence",
            format!("{} has appendonly no", server.name),
            "set appendonly yes, or a restart loses what came after the last snapshot",
        ),
    }
}

/// Redis 7 and Valkey 8.0 read their append-only file with the rights of `default`.
fn default_user(server: &ServerFacts) -> Option<Check> {
    let name = &server.name;
    match server.default_user_writes.filter(|_| server.appends_to_disk)? {
        true => Some(Check::ok("default user", format!("{name} can read what it has written"))),
        false => Some(Check::warning(
            "default user",
            format!("{name} may not read what it has written: its user default has no right to"),
            "ACL SETUSER default off resetpass ~* &* +@all, or a restart may lose every event",
        )),
    }
}

fn replicas(server: &ServerFacts) -> Check {
    let count = units::counted(server.replicas.try_into().unwrap_or(0), "replica", "replicas");
    match (server.replicas, server.needs_replicas) {
        (0, _) => Check::warning(
            "replicas",
            format!("{} has none", server.name),
            "without one, its disk is all there is; docs/valkey.md has topologies with more",
        ),
        (_, false) => Check::warning(
            "replicas",
            format!("{} has {count} and needs none for a write", server.name),
            "set min-replicas-to-write 1, or a failover may lose what was acknowledged",
        ),
        (_, true) => Check::ok("replicas", format!("{} has {count}", server.name)),
    }
}

fn memory(server: &ServerFacts) -> Check {
    let used = units::bytes(server.memory);
    let Some(max) = server.memory_max else {
        let found = format!("{} takes {used} and has no limit", server.name);
        return Check::warning("memory", found, "set maxmemory below what its host has");
    };
    let percent = server.memory.saturating_mul(100) / max;
    let found = format!("{} takes {used}, {percent} % of its limit", server.name);
    match percent > MEMORY_PERCENT_MAX {
        false => Check::ok("memory", found),
        true => Check::warning("memory", found, "raise maxmemory, or keep less: trim.*"),
    }
}

/// An older one was replaced when the store was opened.
fn library(server: &ServerFacts, brought: u32) -> Check {
    let found = format!("{} has functions of revision {}", server.name, server.library);
    match server.library == brought {
        true => Check::ok("functions", found),
        false => Check::warning(
            "functions",
            format!("{found}, and this program brings {brought}"),
            "use the baton of the gateways' version",
        ),
    }
}

fn clock(seen: Seen) -> Check {
    let Seen { before, now, after } = seen;
    // Somewhere between before and after the store said what time it is.
    let off = before.0.saturating_sub(now.0).max(now.0.saturating_sub(after.0));
    match off > SKEW_MS_MAX {
        false => Check::ok("clock", "this machine and the store agree on the time"),
        true => Check::warning(
            "clock",
            format!("this machine and the store are {off} ms apart"),
            "let both be set by NTP; journals and lags would read wrong",
        ),
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::{super::Outcome, *};

    fn fine() -> ServerFacts {
        ServerFacts {
            name: "a".to_owned(),
            software: "valkey 8.1.0".to_owned(),
            eviction: "noeviction".to_owned(),
            appends_to_disk: true,
            default_user_writes: Some(true),
            replicas: 1,
            needs_replicas: true,
            memory: 10,
            memory_max: Some(100),
            library: 4,
            round_trip: Duration::from_millis(1),
        }
    }

    fn seen(now: u64) -> Seen {
        Seen { before: StoreMillis(10_000), now: StoreMillis(now), after: StoreMillis(10_200) }
    }

    /// What is complained about.
    fn complaints(
        server: ServerFacts,
        safety: &Safety,
        seen: Seen,
    ) -> Vec<(Outcome, &'static str)> {
        let diagnosis = Diagnosis { servers: vec![server], library_brought: 4 };
        let checks = checks(&diagnosis, safety, seen).into_iter();
        let bad = checks.filter(|check| check.outcome != Outcome::Ok);
        bad.inspect(|check| assert_ne!(check.remedy, ""))
            .map(|check| (check.outcome, check.about))
            .collect()
    }

    #[test]
    fn a_store_as_it_should_be_gives_no_complaint() {
        assert_eq!(complaints(fine(), &Safety::Safe, seen(10_100)), []);
    }

    #[test]
    fn each_flaw_is_found_by_its_own_check() {
        let flaws = [
            ("eviction", ServerFacts { eviction: "volatile-lru".to_owned(), ..fine() }),
            ("persistence", ServerFacts { appends_to_disk: false, ..fine() }),
            ("default user", ServerFacts { default_user_writes: Some(false), ..fine() }),
            ("replicas", ServerFacts { replicas: 0, ..fine() }),
            ("replicas", ServerFacts { needs_replicas: false, ..fine() }),
            ("memory", ServerFacts { memory: 81, ..fine() }),
            ("memory", ServerFacts { memory_max: None, ..fine() }),
            ("functions", ServerFacts { library: 5, ..fine() }),
            ("server", ServerFacts { round_trip: Duration::from_millis(51), ..fine() }),
        ];
        for (about, server) in flaws {
            let found = complaints(server, &Safety::Safe, seen(10_100));
            assert_eq!(found, [(Outcome::Warning, about)]);
        }
        let safety = Safety::Unsafe { reason: "no majority".to_owned() };
        let found = complaints(fine(), &safety, seen(10_100));
        assert_eq!(found, [(Outcome::Failure, "safety")]);
    }

    #[test]
    fn a_default_user_is_no_matter_where_nobody_can_tell_or_nothing_is_on_disk() {
        let unknown = ServerFacts { default_user_writes: None, ..fine() };
        assert_eq!(complaints(unknown, &Safety::Safe, seen(10_100)), []);
        let (may, on_disk) = (Some(false), false);
        let forgets = ServerFacts { default_user_writes: may, appends_to_disk: on_disk, ..fine() };
        let found = complaints(forgets, &Safety::Safe, seen(10_100));
        assert_eq!(found, [(Outcome::Warning, "persistence")]);
    }

    #[test]
    fn a_clock_is_off_when_it_is_more_than_a_second_outside_of_the_asking() {
        for (now, is_off) in [(9_000, false), (8_999, true), (11_200, false), (11_201, true)] {
            let found = complaints(fine(), &Safety::Safe, seen(now));
            assert_eq!(!found.is_empty(), is_off, "{now}");
        }
    }
}
