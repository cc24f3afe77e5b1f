//! What `/metrics` shows: numbers of an instance, in the text format that Prometheus reads.
//!
//! Only what a look at the instance shows is here, so nothing is counted twice, and a scrape costs
//! no more than a look. Names end in their unit. There is no series per shard: a fleet has
//! thousands, and `/status` names them.

use std::{collections::BTreeMap, fmt::Write};

use baton_model::Phase;
use baton_store::Safety;

use crate::{
    app::Condition,
    health::{Health, Level, Seen, Verdict},
    lane_face::BrokersCounts,
};

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all series.
#[must_use]
pub fn write(seen: &Seen) -> String {
    let mut page = Page(String::with_capacity(4_096));
    about_the_instance(&mut page, seen);
    about_shards(&mut page, seen);
    about_brokers(&mut page, seen.brokers);
    about_resources(&mut page, seen);
    page.0
}

fn about_the_instance(page: &mut Page, seen: &Seen) {
    let health = Health::of(seen);
    page.one_of(
        ("baton_health", "The instance's health: 1 at its level."),
        "level",
        Level::ALL.map(|level| (level.as_str(), level == health.level)),
    );
    page.one_of(
        ("baton_phase", "Where the instance is in its life: 1 at its phase."),
        "phase",
        Phase::ALL.map(|phase| (phase.as_str(), phase == seen.phase)),
    );
    let is_ready = health.readyz(seen.phase) == Verdict::Pass;
    page.gauge("baton_ready", "Whether the instance can be given shards.", is_ready.into());
    page.gauge("baton_planner", "Whether the instance plans.", seen.is_planner.into());
    let is_safe = seen.store == Some(Safety::Safe);
    page.gauge("baton_store_safe", "Whether leases are taken from the store.", is_safe.into());
    let confirmed = seen.confirmed_for().unwrap_or_default();
    page.gauge(
        "baton_lease_confirmed_seconds",
        "For how long the leases are still confirmed; 0 if they are not.",
        confirmed.as_secs_f64(),
    );
    page.head("baton_app_running", "gauge", "Whether the app runs: 0 if it waits or is rejected.");
    for (app, condition) in &seen.apps {
        let is_running = *condition == Condition::Running;
        page.sample("baton_app_running", Some(("app", app.as_str())), is_running.into());
    }
}

fn about_shards(page: &mut Page, seen: &Seen) {
    let mut by_state: BTreeMap<_, u32> = BTreeMap::new();
    for shard in &seen.shards {
        *by_state.entry(shard.state.as_str()).or_default() += 1;
    }
    page.head("baton_shards", "gauge", "Shards that have a task here, by state.");
    for (state, count) in by_state {
        page.sample("baton_shards", Some(("state", state)), count.into());
    }
    let held = seen.shards.iter().filter(|shard| shard.epoch.is_some()).count();
    page.gauge("baton_leases_held", "Leases that the instance holds.", number(held));
    let lag = seen.shards.iter().map(|shard| shard.lag).max().unwrap_or_default();
    page.gauge(
        "baton_stream_lag_seconds_max",
        "For how long the append that has waited longest has waited for the store.",
        lag.as_secs_f64(),
    );
    let name = "baton_dispatches_total";
    page.head(name, "counter", "Dispatches received from Discord since the start.");
    page.sample(name, None, whole(seen.dispatches));
}

fn about_brokers(page: &mut Page, counts: BrokersCounts) {
    for (name, help, count) in [
        (
            "baton_brokers_copies_missing_total",
            "Events without the copy that @discordjs/brokers should have had.",
            counts.copies_missing,
        ),
        (
            "baton_brokers_copies_unread_total",
            "Copies that were trimmed although a living group had not read them.",
            counts.copies_unread,
        ),
        (
            "baton_brokers_commands_routed_total",
            "Commands of @discordjs/brokers that were routed to their lanes.",
            counts.routed,
        ),
        (
            "baton_brokers_commands_unroutable_total",
            "What stood among them and was no command.",
            counts.unroutable,
        ),
        (
            "baton_brokers_groups_removed_total",
            "Consumer groups that were removed, since nobody read with them.",
            counts.groups_removed,
        ),
    ] {
        page.head(name, "counter", help);
        page.sample(name, None, whole(count));
    }
}

fn about_resources(page: &mut Page, seen: &Seen) {
    let ring = number(seen.ring_bytes());
    page.gauge("baton_ring_bytes", "Bytes that all rings hold together.", ring);
    page.gauge("baton_ring_bytes_max", "Bytes that they may hold.", number(seen.ring_bytes_max));
    page.gauge(
        "baton_runtime_late_seconds",
        "By how much the shards' runtime is late.",
        seen.late.as_secs_f64(),
    );
    if let Some(look) = seen.memory {
        let (resident, limit) = (look.memory.resident_bytes, look.memory.limit_bytes);
        page.gauge("baton_memory_resident_bytes", "Bytes in memory.", whole(resident));
        page.gauge("baton_memory_limit_bytes", "Bytes that may be.", whole(limit));
    }
}

struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.sample(name, None, value);
    }

    /// A gauge for each of several values of a label, of which one is 1.
    fn one_of<const N: usize>(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        values: [(&str, bool); N],
    ) {
        self.head(name, "gauge", help);
        for (value, is_it) in values {
            self.sample(name, Some((label, value)), is_it.into());
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// Labels come from our own words and from names, whose alphabet needs no quoting.
    fn sample(&mut self, name: &str, label: Option<(&str, &str)>, value: f64) {
        match label {
            Some((label, of)) => self.line(format_args!("{name}{{{label}=\"{of}\"}} {value}")),
            None => self.line(format_args!("{name} {value}")),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes what is written");
    }
}

fn number(count: usize) -> f64 {
    whole(u64::try_from(count).unwrap_or(u64::MAX))
}

/// The format knows no other numbers; 53 bits are exact, and more bytes than that nobody has.
#[expect(clippy::cast_precision_loss, reason = "the format has only floating-point numbers")]
fn whole(count: u64) -> f64 {
    count as f64
}
