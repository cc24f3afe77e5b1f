//! What an instance counts, and with what it tells.
//!
//! Machines count nothing: what is counted here is what their shells carry out, and what came of
//! it. What is true only at the moment is not counted but looked at, by the
//! [exposition](crate::exposition).

mod app;
mod scrapes;
mod traces;

pub mod fleet_watch;
pub(crate) mod lane_watch;
pub(crate) mod process;

pub(crate) mod passage;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use baton_model::AppName;
use baton_store::{ConflictKind, What};
use baton_telemetry::{
    Meters, Tracer,
    catalogue::{Label, instance},
};

pub(crate) use self::traces::Crossing;
pub use self::{app::AppMeters, scrapes::Scrapes, traces::AppTraces};
use crate::store_clock::StoreClock;

/// Above so many shards of an instance, series for each of them are left out unless an operator
/// wants them.
pub const PER_SHARD_MAX: usize = 500;

/// How often what was counted is sorted.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// Whether an instance shows series for each of its shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PerShard {
    /// Up to [`PER_SHARD_MAX`] of them.
    #[default]
    Auto,
    /// However many there are.
    On,
    /// Never.
    Off,
}

/// An instance's instruments; clones are the same ones.
#[derive(Debug, Clone, Default)]
pub struct Instruments {
    /// What it counts with.
    pub meters: Meters,
    /// Whether it shows each shard.
    pub per_shard: PerShard,
    /// Where its spans go.
    pub tracer: Tracer,
    /// One event in so many is traced, where spans go anywhere; none if 0.
    pub trace_one_in: u64,
    /// What the store's clock says, for who compares it with the host's.
    pub(crate) store_clock: StoreClock,
    scrapes: Scrapes,
    apps: Arc<Mutex<BTreeMap<AppName, Arc<AppMeters>>>>,
}

impl PerShard {
    /// Whether to show each of so many.
    #[must_use]
    pub const fn shows(self, shards: usize) -> bool {
        match self {
            Self::Auto => shards <= PER_SHARD_MAX,
            Self::On => true,
            Self::Off => false,
        }
    }
}

impl Instruments {
    /// Instruments that count nothing.
    #[must_use]
    pub fn off() -> Self {
        Self { meters: Meters::off(), per_shard: PerShard::Off, ..Self::default() }
    }

    /// What is counted of an app.
    #[must_use]
    pub fn of(&self, app: &AppName) -> Arc<AppMeters> {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let traces = AppTraces::new(app, self.tracer.clone(), self.trace_one_in);
        let new = || Arc::new(AppMeters::new(&self.meters, app, traces));
        apps.entry(app.clone()).or_insert_with(new).clone()
    }

    /// Whether somebody reads what is counted.
    #[must_use]
    pub fn scrapes(&self) -> Scrapes {
        self.scrapes.clone()
    }

    /// Sorts what was counted, now and then, for as long as the instance lives.
    pub(crate) async fn keep_up(self) {
        let mut turns = tokio::time::interval(UPKEEP_PERIOD);
        loop {
            turns.tick().await;
            self.meters.upkeep();
        }
    }

    /// The instance has done something.
    pub(crate) fn count(&self, what: &What) {
        match what {
            What::Took { shard, how, .. } => self.of(&shard.app).count_taken(*how),
            What::LetGo { shard, how, .. } => self.of(&shard.app).count_let_go(*how),
            // How a shard comes to its events is counted where that is seen.
            What::Live { .. }
            | What::DrainBegan { .. }
            | What::DrainEnded { .. }
            | What::DrainTakenBack { .. }
            | What::Ordered { .. }
            | What::LeaseBroken { .. }
            | What::Restored { .. }
            | What::TokenRead { .. }
            | What::AppPut { .. }
            | What::AppRemoved { .. }
            | What::Unknown => {}
        }
    }

    /// Two believed that they were the one.
    pub(crate) fn count_conflict(&self, kind: ConflictKind) {
        self.meters.counter(&instance::CONFLICTS, &[(Label::Kind, kind.as_str())]).increment(1);
    }
}
