//! Everything that can be wrong with an instance, one cause after the other.

use std::{collections::BTreeMap, time::Duration};

use baton_model::limits::{RING_NEARLY_FULL_PERCENT, WATCHDOG_RESTART};
use baton_store::Safety;

use super::{Level, Reason, Seen, ShardSeen};
use crate::{app::Condition, pulse};

/// How long a shard may be without events before somebody should look: a reconnect in bad weather
/// takes about as long as its longest back-off and one attempt.
const DEAF_MAX: Duration = Duration::from_secs(60);

/// A runtime that has not got to its tasks for this long does not come back: every session it
/// holds has been silent for most of a heartbeat.
const HANGS_AFTER: Duration = Duration::from_secs(30);

/// For how long an operator is told of a copy that was refused: rare events are rarely refused.
const REFUSED_LATELY: Duration = Duration::from_secs(5 * 60);

const _: () = assert!(pulse::STALL_MIN.as_millis() < HANGS_AFTER.as_millis());

pub(super) fn all(seen: &Seen) -> Vec<Reason> {
    if seen.has_ended {
        return vec![ended()]; // All else is what follows.
    }
    let mut reasons = Vec::new();
    reasons.extend(unconfirmed(seen));
    reasons.extend(unsafe_store(seen));
    reasons.extend(apps(seen));
    reasons.extend(unusable_apps(seen));
    reasons.extend(late(seen));
    reasons.extend(short_of_memory(seen));
    reasons.extend(ring(seen));
    reasons.extend(refused_copies(seen));
    reasons.extend(deaf_shards(seen));
    reasons.extend(stuck_shards(seen));
    reasons
}

const fn reason(level: Level, text: String) -> Reason {
    Reason { level, text }
}

fn ended() -> Reason {
    let text = "the instance has ended, and its process has not; end it, and look for its last \
                lines in the log";
    reason(Level::Fatal, text.to_owned())
}

fn unconfirmed(seen: &Seen) -> Option<Reason> {
    if seen.confirmed_for().is_some() {
        return None;
    }
    let since = match seen.confirmed_until {
        None => "the store has not acknowledged a beat yet".to_owned(),
        Some(until) => {
            let seconds = seen.now.since(until).as_secs();
            format!("leases have been unconfirmed for {seconds} s: the store acknowledges no beats")
        }
    };
    Some(reason(Level::Unhealthy, format!("{since}; see that the store is up and reached")))
}

fn unsafe_store(seen: &Seen) -> Option<Reason> {
    let why = match &seen.store {
        Some(Safety::Safe) => return None,
        Some(Safety::Unsafe { reason }) => reason.as_str(),
        None => "it has not said yet whether it is safe; wait",
    };
    Some(reason(Level::Unhealthy, format!("no lease is taken from the store: {why}")))
}

/// One app that does not run leaves the others alone; where none runs, nothing is done here.
fn apps(seen: &Seen) -> Vec<Reason> {
    let mut running = seen.apps.values().filter(|it| **it == Condition::Running);
    let level = match running.next().is_some() {
        true => Level::Degraded,
        false => Level::Unhealthy,
    };
    if seen.apps.is_empty() {
        return vec![reason(level, "no app is configured; add one".to_owned())];
    }
    let text = |(app, condition): (_, &Condition)| match condition {
        Condition::Running => None,
        Condition::Starting { because } => Some(format!("app {app} does not run yet: {because}")),
        Condition::Rejected { code, remedy } => {
            Some(format!("discord rejects app {app} with close code {code}; {remedy}"))
        }
    };
    seen.apps.iter().filter_map(text).map(|text| reason(level, text)).collect()
}

/// One that runs already runs on as it did.
fn unusable_apps(seen: &Seen) -> Vec<Reason> {
    let text = |(app, because): (_, &String)| {
        let text = format!("app {app} cannot be run as the store has it: {because}");
        reason(Level::Degraded, text)
    };
    seen.unusable_apps.iter().map(text).collect()
}

fn late(seen: &Seen) -> Option<Reason> {
    if seen.late >= HANGS_AFTER {
        let seconds = seen.late.as_secs();
        let text = format!("the shards' runtime has hung for {seconds} s; restart the process");
        return Some(reason(Level::Fatal, text));
    }
    if seen.late_lately < pulse::STALL_MIN {
        return None;
    }
    let seconds = seen.late_lately.as_secs_f64();
    let text = format!(
        "the shards' runtime was {seconds:.1} s late; give the process more cpu, or less capacity"
    );
    Some(reason(Level::Unhealthy, text))
}

fn short_of_memory(seen: &Seen) -> Option<Reason> {
    let look = seen.memory?;
    if !look.memory.is_above(look.share_percent) {
        return None;
    }
    let text = format!(
        "memory is above {} % of its limit: {} of {} bytes; raise the limit, or lower the capacity",
        look.share_percent, look.memory.resident_bytes, look.memory.limit_bytes
    );
    Some(reason(Level::Unhealthy, text))
}

fn ring(seen: &Seen) -> Option<Reason> {
    let percent = seen.ring_bytes().saturating_mul(100) / seen.ring_bytes_max;
    if percent < RING_NEARLY_FULL_PERCENT {
        return None;
    }
    let text = format!(
        "the ring is {percent} % full: the store takes events slower than they come; see that it \
         is reached and fast enough"
    );
    Some(reason(Level::Degraded, text))
}

/// Whoever reads copies only does not get these events, until somebody does something.
fn refused_copies(seen: &Seen) -> Option<Reason> {
    seen.brokers.refused_ago.filter(|ago| *ago < REFUSED_LATELY)?;
    let text = "the store refuses copies for @discordjs/brokers: their events stand in the lanes \
                only; see the log for why";
    Some(reason(Level::Degraded, text.to_owned()))
}

/// Shards without events for too long, in one line: there may be thousands.
fn deaf_shards(seen: &Seen) -> Option<Reason> {
    let deaf = |shard: &&ShardSeen| shard.deaf_for.is_some_and(|time| time >= DEAF_MAX);
    let shards: Vec<_> = seen.shards.iter().filter(deaf).collect();
    let worst = shards.iter().max_by_key(|shard| shard.deaf_for)?;
    let mut states: BTreeMap<_, usize> = BTreeMap::new();
    for shard in &shards {
        *states.entry(shard.state.as_str()).or_default() += 1;
    }
    let states: Vec<_> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    let text = format!(
        "{} without events for over {} s ({}), {} for the longest; see its lines in the log",
        plural(shards.len(), "shard"),
        DEAF_MAX.as_secs(),
        states.join(", "),
        worst.shard,
    );
    Some(reason(Level::Degraded, text))
}

fn stuck_shards(seen: &Seen) -> Option<Reason> {
    let is_stuck = |shard: &&ShardSeen| shard.turned_ago >= WATCHDOG_RESTART;
    let stuck: Vec<_> = seen.shards.iter().filter(is_stuck).collect();
    let first = stuck.first()?;
    let tasks = plural(stuck.len(), "task");
    let text = format!(
        "{tasks} without progress, that of {} first: others may take what a restart does not \
         help; report it with the log",
        first.shard
    );
    Some(reason(Level::Degraded, text))
}

fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}
