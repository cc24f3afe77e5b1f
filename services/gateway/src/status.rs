//! What `/status` shows: an instance in JSON, for people and scripts.
//!
//! The shape is a contract of its own (`docs/status.md`), apart from the structs inside, which may
//! change. Within one schema fields are only added.

use std::collections::BTreeMap;

use baton_model::{AppName, whole_millis};
use baton_store::Safety;
use serde::Serialize;

use crate::{
    app::Condition,
    health::{Health, Seen, ShardSeen, Verdict},
    memory::Look,
    observer::Identity,
};

/// The number of the shape.
pub const SCHEMA: u32 = 1;

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    schema: u32,
    instance: Instance,
    phase: &'static str,
    uptime_s: u64,
    planner: bool,
    health: Health,
    live: bool,
    ready: bool,
    leases: Leases,
    store: Store,
    apps: BTreeMap<AppName, Condition>,
    runtime: Runtime,
    ring: Ring,
    memory: Option<Memory>,
    dispatches: u64,
    shards: Vec<Shard>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Instance {
    id: String,
    version: String,
    zone: String,
    tier: u8,
    weight: u16,
    capacity: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Leases {
    held: usize,
    confirmed_for_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Store {
    /// Null before it was asked.
    safe: Option<bool>,
    reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Runtime {
    late_ms: u64,
    late_lately_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Ring {
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Memory {
    resident_bytes: u64,
    limit_bytes: u64,
    drain_at_percent: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Shard {
    app: AppName,
    generation: u32,
    shard: u32,
    state: &'static str,
    state_for_ms: u64,
    waits_for: String,
    epoch: Option<u64>,
    session_age_ms: Option<u64>,
    without_events_ms: Option<u64>,
    lag_ms: u64,
    turned_ms_ago: u64,
    ring_bytes: usize,
    dispatches: u64,
}

impl Status {
    /// How the instance looks now.
    #[must_use]
    pub fn of(identity: &Identity, seen: &Seen) -> Self {
        let health = Health::of(seen);
        Self {
            schema: SCHEMA,
            instance: Instance::of(identity),
            phase: seen.phase.as_str(),
            uptime_s: seen.now.since(identity.started_at).as_secs(),
            planner: seen.is_planner,
            live: health.livez() == Verdict::Pass,
            ready: health.readyz(seen.phase) == Verdict::Pass,
            health,
            leases: Leases {
                held: seen.shards.iter().filter(|shard| shard.epoch.is_some()).count(),
                confirmed_for_ms: seen.confirmed_for().map(whole_millis),
            },
            store: Store::of(seen.store.as_ref()),
            apps: seen.apps.clone(),
            runtime: Runtime {
                late_ms: whole_millis(seen.late),
                late_lately_ms: whole_millis(seen.late_lately),
            },
            ring: Ring { bytes: seen.ring_bytes(), bytes_max: seen.ring_bytes_max },
            memory: seen.memory.map(Memory::of),
            dispatches: seen.dispatches,
            shards: seen.shards.iter().map(Shard::of).collect(),
        }
    }
}

impl Instance {
    fn of(identity: &Identity) -> Self {
        let record = &identity.record;
        Self {
            id: identity.id.to_string(),
            version: record.version.to_string(),
            zone: record.zone.to_string(),
            tier: record.tier.0,
            weight: record.weight.0.get(),
            capacity: record.capacity.0,
        }
    }
}

impl Store {
    fn of(said: Option<&Safety>) -> Self {
        match said {
            None => Self { safe: None, reason: None },
            Some(Safety::Safe) => Self { safe: Some(true), reason: None },
            Some(Safety::Unsafe { reason }) => {
                Self { safe: Some(false), reason: Some(reason.clone()) }
            }
        }
    }
}

impl Memory {
    const fn of(look: Look) -> Self {
        Self {
            resident_bytes: look.memory.resident_bytes,
            limit_bytes: look.memory.limit_bytes,
            drain_at_percent: look.share_percent,
        }
    }
}

impl Shard {
    fn of(seen: &ShardSeen) -> Self {
        Self {
            app: seen.shard.app.clone(),
            generation: seen.shard.generation.0,
            shard: seen.shard.number.0,
            state: seen.state.as_str(),
            state_for_ms: whole_millis(seen.state_for),
            waits_for: seen.waits_for.to_string(),
            epoch: seen.epoch.map(|epoch| epoch.0),
            session_age_ms: seen.live_for.map(whole_millis),
            without_events_ms: seen.deaf_for.map(whole_millis),
            lag_ms: whole_millis(seen.lag),
            turned_ms_ago: whole_millis(seen.turned_ago),
            ring_bytes: seen.ring_bytes,
            dispatches: seen.dispatches,
        }
    }
}
