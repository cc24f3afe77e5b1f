//! Tells operators how this instance is: a report in the store, where `baton` finds it without
//! knowing where the instance is.
//!
//! A report is for people and decides nothing, so one that does not get through is not repeated:
//! the next one says more.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{
    AppCondition, AppName, AppReport, AppSource, Generation, HealthLevel, InstanceReport, Line,
    ShardNumber, ShardState, ShardStates,
    limits::{RING_BYTES_MAX, STORE_ANSWER_TIMEOUT},
    whole_millis,
};
use baton_store::Store;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    app::Condition,
    clock::unix_micros,
    health::{Health, Level, Seen},
    observer::Observer,
};

/// How often a report is written.
const PERIOD: Duration = Duration::from_secs(2);

/// Writes reports for as long as it is polled.
pub(crate) async fn report<S: Store>(store: S, observer: Observer, name: Line) {
    let me = observer.identity().id;
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let report = report_of(&observer.look(), name.clone());
        match timeout(STORE_ANSWER_TIMEOUT, store.report(me, &report)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(error = error.to_string(), "not reported"),
            Err(_) => tracing::debug!("perhaps not reported: the store did not answer"),
        }
    }
}

fn report_of(seen: &Seen, name: Line) -> InstanceReport {
    let health = Health::of(seen);
    let apps = seen.apps.iter();
    InstanceReport {
        at: unix_micros(),
        name,
        pid: std::process::id(),
        health: level(health.level),
        reasons: health.reasons.iter().map(|it| Line::shortened(&it.text)).collect(),
        resident_bytes: seen.memory.map(|look| look.memory.resident_bytes),
        ring_bytes: number(seen.ring_bytes()),
        ring_bytes_max: number(RING_BYTES_MAX),
        dispatches: seen.dispatches,
        apps: apps.map(|(app, condition)| (app.clone(), about(app, condition, seen))).collect(),
    }
}

fn about(app: &AppName, condition: &Condition, seen: &Seen) -> AppReport {
    let of_app: Vec<_> = seen.shards.iter().filter(|shard| shard.shard.app == *app).collect();
    let mut shards: BTreeMap<Generation, Vec<(ShardState, ShardNumber)>> = BTreeMap::new();
    for shard in &of_app {
        let of_generation = shards.entry(shard.shard.generation).or_default();
        of_generation.push((shard.state, shard.shard.number));
    }
    let waiting = of_app.iter().filter(|shard| shard.state == ShardState::AwaitingPermit).count();
    AppReport {
        condition: reported(condition),
        source: match seen.stored_apps.contains(app) {
            true => AppSource::Store,
            false => AppSource::File,
        },
        lag_ms_worst: of_app.iter().map(|shard| whole_millis(shard.lag)).max().unwrap_or(0),
        identify_waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
        shards: shards
            .into_iter()
            .map(|(generation, states)| (generation, states.into_iter().collect::<ShardStates>()))
            .collect(),
    }
}

fn number(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

const fn level(level: Level) -> HealthLevel {
    match level {
        Level::Healthy => HealthLevel::Healthy,
        Level::Degraded => HealthLevel::Degraded,
        Level::Unhealthy => HealthLevel::Unhealthy,
        Level::Fatal => HealthLevel::Fatal,
    }
}

fn reported(condition: &Condition) -> AppCondition {
    match condition {
        Condition::Starting { because } => {
            AppCondition::Starting { because: Line::shortened(because) }
        }
        Condition::Running => AppCondition::Running,
        Condition::Rejected { code, remedy } => {
            AppCondition::Rejected { code: *code, remedy: Line::shortened(remedy) }
        }
    }
}

/// By what name operators know this host, if nobody says.
#[must_use]
pub fn host_name() -> Line {
    let system = rustix::system::uname();
    Line::shortened(&system.nodename().to_string_lossy())
}
