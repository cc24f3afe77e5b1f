//! What `/metrics` shows: numbers of an instance, in the text format that Prometheus reads.
//!
//! What only grows is counted where it happens. What is true at a moment is looked at when somebody
//! asks, so a scrape shows nothing that is over, and between two scrapes it costs nothing.

mod lanes;

use std::{collections::BTreeMap, time::Duration};

use baton_model::{AppName, Phase};
use baton_shard::State;
use baton_store::Safety;
use baton_telemetry::{
    Page,
    catalogue::{append, brokers, fleet, identify, instance, process, shards},
    whole,
};

use crate::{
    app::Condition,
    clock::unix_micros,
    health::{Health, Level, Seen, ShardSeen, Verdict},
    instruments::{self, fleet_watch},
    observer::Observer,
};

/// Writes all series.
#[must_use]
pub fn write(observer: &Observer) -> String {
    let seen = observer.look();
    observer.instruments.scrapes().note(seen.now);
    let mut page = Page::default();
    about_the_instance(&mut page, observer, &seen);
    about_the_fleet(&mut page, observer, &seen);
    about_shards(&mut page, &seen);
    if observer.instruments.per_shard.shows(seen.shards.len()) {
        about_each_shard(&mut page, &seen);
    }
    lanes::show(&mut page, observer, seen.now);
    about_brokers(&mut page, &seen);
    about_resources(&mut page, &seen);
    instruments::process::show(&mut page, seen.now.since(observer.identity().started_at));
    page.append(&observer.instruments.meters.render());
    page.into_text()
}

fn about_the_instance(page: &mut Page, observer: &Observer, seen: &Seen) {
    let health = Health::of(seen);
    let levels = Level::ALL.map(|level| ([level.as_str()], f64::from(level == health.level)));
    page.series(&instance::HEALTH, levels);
    let phases = Phase::ALL.map(|phase| ([phase.as_str()], f64::from(phase == seen.phase)));
    page.series(&instance::PHASE, phases);
    let is_ready = health.readyz(seen.phase) == Verdict::Pass;
    page.one(&instance::READY, is_ready.into());
    page.one(&instance::PLANNER, seen.is_planner.into());
    page.one(&instance::STORE_SAFE, (seen.store == Some(Safety::Safe)).into());
    let confirmed = seen.confirmed_for().unwrap_or_default();
    page.one(&instance::LEASE_CONFIRMED, confirmed.as_secs_f64());
    if let Some(reading) = observer.instruments.store_clock.reading() {
        page.one(&instance::CLOCK_OFFSET, reading.behind(seen.now, unix_micros()));
    }
    let running = |(app, condition): (&AppName, &Condition)| {
        ([app.as_str().to_owned()], f64::from(*condition == Condition::Running))
    };
    page.series(&instance::APP_RUNNING, seen.apps.iter().map(running));
    page.series(&instance::BUILD_INFO, [([env!("CARGO_PKG_VERSION")], 1.0)]);
}

fn about_the_fleet(page: &mut Page, observer: &Observer, seen: &Seen) {
    let expected = seen
        .shapes
        .iter()
        .map(|(app, shape)| ([app.as_str().to_owned()], f64::from(shape.shards.0.get())));
    page.series(&fleet::EXPECTED, expected);
    let looked = observer.fleet.borrow().clone();
    let Some(looked) = looked.filter(|it| seen.now.since(it.at) < fleet_watch::SHOWN_FOR) else {
        return;
    };
    let each = |value: fn(&fleet_watch::AppSeen) -> u64| {
        let value =
            move |(app, its): (&AppName, &_)| ([app.as_str().to_owned()], whole(value(its)));
        looked.apps.iter().map(value)
    };
    page.series(&fleet::OWNED, each(|its| its.owned));
    page.series(&fleet::ORPHANED, each(|its| its.orphaned));
    page.series(&fleet::LIVE, each(|its| its.live));
    page.series(&fleet::DOUBLY_CLAIMED, each(|its| its.doubly_claimed));
    let counted = |phase: &Phase| looked.instances.get(phase).copied().unwrap_or_default();
    let phases = Phase::ALL.map(|phase| ([phase.as_str()], whole(counted(&phase))));
    page.series(&fleet::INSTANCES, phases);
    let limits = || {
        let with_limit = |(app, its): (&AppName, &fleet_watch::AppSeen)| {
            Some(([app.as_str().to_owned()], its.limit?))
        };
        looked.apps.iter().filter_map(with_limit)
    };
    let counts = |count: fn(u32, u32) -> u32| {
        limits().map(move |(app, it)| (app, f64::from(count(it.total, it.remaining))))
    };
    page.series(&identify::REMAINING, counts(|_, remaining| remaining));
    page.series(&identify::TOTAL, counts(|total, _| total));
    page.series(
        &identify::RESERVE,
        counts(|total, _| baton_model::limits::identify_reserve(total)),
    );
    page.series(&identify::RESET, limits().map(|(app, it)| (app, it.reset_after.as_secs_f64())));
}

fn about_shards(page: &mut Page, seen: &Seen) {
    let mut by_state: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let (mut held, mut lag, mut waiting) =
        (each_app(seen, 0_u32), each_app(seen, Duration::ZERO), each_app(seen, 0_u32));
    for shard in &seen.shards {
        let app = shard.shard.app.as_str();
        *by_state.entry((app, shard.state.as_str())).or_default() += 1;
        *held.entry(app).or_default() += u32::from(shard.epoch.is_some());
        *waiting.entry(app).or_default() += u32::from(shard.state == State::AwaitingPermit);
        let worst = lag.entry(app).or_default();
        *worst = (*worst).max(shard.lag);
    }
    let states = by_state.into_iter().map(|((app, state), count)| ([app, state], count.into()));
    page.series(&shards::SHARDS, states);
    let counts =
        |counts: BTreeMap<_, u32>| counts.into_iter().map(|(app, count)| ([app], f64::from(count)));
    page.series(&shards::LEASES_HELD, counts(held));
    page.series(&identify::WAITING, counts(waiting));
    page.series(&shards::STREAM_LAG, lag.into_iter().map(|(app, it)| ([app], it.as_secs_f64())));
}

/// An app without shards here is one with none of them, and not one that is unknown.
fn each_app<T: Copy>(seen: &Seen, value: T) -> BTreeMap<&str, T> {
    seen.apps.keys().map(|app| (app.as_str(), value)).collect()
}

fn about_each_shard(page: &mut Page, seen: &Seen) {
    let name = |shard: &ShardSeen| {
        let key = &shard.shard;
        [key.app.as_str().to_owned(), format!("{}.{}", key.generation, key.number)]
    };
    let states = seen.shards.iter().map(|shard| {
        let [app, number] = name(shard);
        ([app, number, shard.state.as_str().to_owned()], 1.0)
    });
    page.series(&shards::SHARD_STATE, states);
    let each = |value: fn(&ShardSeen) -> Option<f64>| {
        seen.shards.iter().filter_map(move |shard| Some((name(shard), value(shard)?)))
    };
    page.series(&shards::SHARD_EPOCH, each(|shard| shard.epoch.map(|epoch| whole(epoch.0))));
    page.series(&shards::SHARD_SESSION_AGE, each(|shard| Some(shard.live_for?.as_secs_f64())));
    page.series(&shards::SHARD_HEARTBEAT, each(|shard| Some(shard.heartbeat?.as_secs_f64())));
    page.series(&shards::SHARD_DISPATCHES, each(|shard| Some(whole(shard.dispatches))));
    page.series(&shards::SHARD_LAG, each(|shard| Some(shard.lag.as_secs_f64())));
    page.series(&shards::SHARD_RING, each(|shard| Some(number(shard.ring_bytes))));
}

fn about_brokers(page: &mut Page, seen: &Seen) {
    let counts = seen.brokers;
    page.one(&brokers::COPIES_MISSING, whole(counts.copies_missing));
    page.one(&brokers::COPIES_UNREAD, whole(counts.copies_unread));
    page.one(&brokers::ROUTED, whole(counts.routed));
    page.one(&brokers::UNROUTABLE, whole(counts.unroutable));
    page.one(&brokers::GROUPS_REMOVED, whole(counts.groups_removed));
}

fn about_resources(page: &mut Page, seen: &Seen) {
    page.one(&append::RING, number(seen.ring_bytes()));
    page.one(&append::RING_MAX, number(seen.ring_bytes_max));
    page.one(&process::LATE, seen.late.as_secs_f64());
    if let Some(look) = seen.memory {
        page.one(&process::RESIDENT, whole(look.memory.resident_bytes));
        page.one(&process::LIMIT, whole(look.memory.limit_bytes));
    }
}

fn number(count: usize) -> f64 {
    whole(u64::try_from(count).unwrap_or(u64::MAX))
}
