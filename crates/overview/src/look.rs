//! What one look at the store shows, brought together: who is there, who holds what, what operators
//! want.
//!
//! It is a look, not a judgement: whether a silent instance is dead is for the instances to find
//! out, on evidence. Here one can only be *missing*: nobody listens on its presence.

use std::collections::{BTreeMap, BTreeSet};

use baton_model::{
    AppName, AppShape, AppSource, InstanceId, InstanceReport, Intent, LeaseRow, Member, Phase,
    Presence, ShardKey, ShardState, StoreMillis, StoredApp, Wish, limits::ROWS_AT_ONCE_MAX,
};
use baton_store::{ForOperators, FoundApp, Safety, ShardAddress, StoreError};

use crate::Standing;

/// So many digits of an id tell instances apart, as a rule.
const SHORT: usize = 8;

/// What one look at the store shows.
#[derive(Debug)]
pub struct Look {
    /// The store's clock.
    pub now: StoreMillis,
    /// Whether the store keeps what it was given.
    pub safety: Safety,
    /// Who computes who should run what.
    pub planner: Option<InstanceId>,
    /// Everybody who is known.
    pub instances: BTreeMap<InstanceId, Instance>,
    /// Those that run, or are to.
    pub apps: BTreeMap<AppName, AppShape>,
    /// What operators have put into the store of apps.
    pub stored: BTreeMap<AppName, FoundApp>,
    /// Every shard that should run; without a row if it was never leased.
    pub shards: BTreeMap<ShardKey, Option<LeaseRow>>,
    /// Where the planner wants shards that are on the move.
    pub targets: BTreeMap<ShardKey, InstanceId>,
    /// What operators want.
    pub intents: Vec<Intent>,
}

/// An instance, by what it and others say.
#[derive(Debug)]
pub struct Instance {
    /// What everybody knows of it.
    pub member: Member,
    /// What it says of itself.
    pub report: Option<InstanceReport>,
    /// An operator wants it to be empty.
    pub is_ordered_to_leave: bool,
}

impl Look {
    /// Looks.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take<S: ForOperators>(store: &S) -> Result<Self, StoreError> {
        let (poll, mut apps, stored, reports, safety) = tokio::try_join!(
            store.poll(),
            store.apps(),
            store.stored_apps(),
            store.reports(),
            store.safety()
        )?;
        let mut reports: BTreeMap<_, _> = reports.into_iter().collect();
        let is_reported =
            |app: &AppName| reports.values().flatten().any(|report| report.apps.contains_key(app));
        let stored: BTreeMap<_, _> = stored.into_iter().collect();
        let is_removed = |app: &AppName| {
            stored.get(app).is_some_and(|found| found.app == Ok(StoredApp::Removed {}))
        };
        apps.retain(|(app, _)| !is_removed(app) || is_reported(app));
        let shards = rows(store, &apps).await?;
        let leaving: BTreeSet<_> = poll.intents.iter().filter_map(drained).collect();
        let instances = poll.members.into_iter().map(|member| {
            let id = member.id;
            let report = reports.remove(&id).and_then(Result::ok);
            (id, Instance { member, report, is_ordered_to_leave: leaving.contains(&id) })
        });
        Ok(Self {
            now: poll.now,
            safety,
            planner: poll.planner.and_then(|row| row.holding.owner()),
            instances: instances.collect(),
            apps: apps.into_iter().collect(),
            stored,
            shards,
            targets: poll.targets.into_iter().collect(),
            intents: poll.intents,
        })
    }

    /// Who holds a shard, or has it on offer.
    #[must_use]
    pub fn owner(&self, shard: &ShardKey) -> Option<InstanceId> {
        self.shards.get(shard)?.as_ref()?.holding.owner()
    }

    /// How many shards nobody holds.
    #[must_use]
    pub fn free(&self) -> usize {
        self.shards.keys().filter(|shard| self.owner(shard).is_none()).count()
    }

    /// The shards that an instance holds.
    pub fn held_by(&self, id: InstanceId) -> impl Iterator<Item = &ShardKey> {
        self.shards.keys().filter(move |shard| self.owner(shard) == Some(id))
    }

    /// What the holder of a shard says that it is about.
    #[must_use]
    pub fn state(&self, shard: &ShardKey) -> Option<ShardState> {
        let report = self.instances.get(&self.owner(shard)?)?.report.as_ref()?;
        let states = report.apps.get(&shard.app)?.shards.get(&shard.generation)?;
        let found = states.known.iter().find(|(_, shards)| shards.contains(shard.number));
        found.map(|(state, _)| *state)
    }

    /// Whether an app stands in the store, and not as one that was removed.
    #[must_use]
    pub fn is_in_store(&self, app: &AppName) -> bool {
        self.stored.get(app).is_some_and(|found| found.app != Ok(StoredApp::Removed {}))
    }

    /// The instances that are there and have an app from this source, by name.
    pub fn instances_with(&self, app: &AppName, source: AppSource) -> impl Iterator<Item = String> {
        let has = move |instance: &&Instance| {
            let said = instance.report.as_ref().and_then(|report| report.apps.get(app));
            instance.is_there() && said.is_some_and(|said| said.source == source)
        };
        self.instances.values().filter(has).map(Instance::name)
    }

    /// Where a shard's row stands.
    #[must_use]
    pub fn address(&self, shard: &ShardKey) -> Option<ShardAddress> {
        Some(ShardAddress::new(shard.clone(), self.apps.get(&shard.app)?.lanes))
    }
}

impl Look {
    /// An instance as operators see it in tables; one that is gone by its id.
    #[must_use]
    pub fn called(&self, id: InstanceId) -> String {
        self.instances.get(&id).map_or_else(|| short(id), Instance::name)
    }
}

impl Instance {
    /// Whether its process shows that it lives.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.member.presence == Presence::Subscribed
    }

    /// Where it is in its life.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match (self.member.presence, self.member.record.phase, self.is_ordered_to_leave) {
            (_, Phase::Down, _) => Standing::Down,
            (Presence::Absent, ..) => Standing::Missing,
            (Presence::Subscribed, Phase::Joining, _) => Standing::Joining,
            (Presence::Subscribed, Phase::Up, false) => Standing::Up,
            (Presence::Subscribed, Phase::Up, true)
            | (Presence::Subscribed, Phase::Draining, _) => Standing::Draining,
        }
    }

    /// By what name operators know it.
    #[must_use]
    pub fn name(&self) -> String {
        let reported = self.report.as_ref().map(|report| report.name.as_str());
        let reported = reported.filter(|name| !name.is_empty());
        reported.map_or_else(|| short(self.member.id), ToOwned::to_owned)
    }
}

/// An id as short as people like it.
fn short(id: InstanceId) -> String {
    id.to_string().chars().take(SHORT).collect()
}

fn drained(intent: &Intent) -> Option<InstanceId> {
    match &intent.wish {
        Wish::Drain { instance, limit: _ } => Some(*instance),
        Wish::Pin { .. } | Wish::Restart { .. } | Wish::ReadToken { .. } => None,
    }
}

/// Reads all rows, many at a time.
async fn rows<S: ForOperators>(
    store: &S,
    apps: &[(AppName, AppShape)],
) -> Result<BTreeMap<ShardKey, Option<LeaseRow>>, StoreError> {
    let addresses: Vec<_> = apps
        .iter()
        .flat_map(|(app, shape)| {
            shape.shards.shards().map(move |number| {
                let shard = ShardKey { app: app.clone(), generation: shape.generation, number };
                ShardAddress::new(shard, shape.lanes)
            })
        })
        .collect();
    let mut rows = BTreeMap::new();
    for some in addresses.chunks(ROWS_AT_ONCE_MAX) {
        let read = store.rows(some).await?;
        rows.extend(some.iter().map(|address| address.shard.clone()).zip(read));
    }
    Ok(rows)
}
