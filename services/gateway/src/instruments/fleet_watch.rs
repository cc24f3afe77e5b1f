//! What the planner sees of the fleet, for who reads the metrics.
//!
//! A look reads every shard's row, so one instance looks for all, seldom, and only while somebody
//! reads what it finds.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{AppName, InstanceId, Moment, Phase, Presence, ShardKey, ShardState};
use baton_overview::Look;
use baton_store::{SessionStartLimit, Store, StoreError};
use tokio::sync::watch;

use crate::observer::Observer;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(15);

/// A look that is older is not shown any more.
pub(crate) const SHOWN_FOR: Duration = Duration::from_secs(60);

/// What one look at the fleet has shown.
#[derive(Debug, Clone, Default)]
pub struct FleetSeen {
    /// When it was taken.
    pub at: Moment,
    /// Its apps.
    pub apps: BTreeMap<AppName, AppSeen>,
    /// Instances that are there, by where they are in their lives.
    pub instances: BTreeMap<Phase, u64>,
}

/// An app, as one look at the store has shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppSeen {
    /// Shards whose row has an owner.
    pub owned: u64,
    /// Shards without an owner, or with one that is no member.
    pub orphaned: u64,
    /// Shards that their owner calls live.
    pub live: u64,
    /// Shards that several instances call live.
    pub doubly_claimed: u64,
    /// What Discord allows in a day; none if the store was not told.
    pub limit: Option<SessionStartLimit>,
}

/// Looks for as long as the instance lives, while it plans and somebody reads the metrics.
pub(crate) async fn watch<S: Store>(
    store: S,
    observer: Observer,
    seen: watch::Sender<Option<FleetSeen>>,
) {
    let scrapes = observer.instruments.scrapes();
    loop {
        let now = observer.clock.now();
        let has_to = observer.outlook.view.borrow().is_planner && scrapes.are_expected(now);
        if !has_to {
            seen.send_replace(None);
            tokio::select! {
                () = scrapes.next() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
            if !observer.outlook.view.borrow().is_planner {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            continue;
        }
        match look(&store, now).await {
            Ok(look) => drop(seen.send_replace(Some(look))),
            Err(error) => tracing::debug!(error = error.to_string(), "no look at the fleet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look<S: Store>(store: &S, at: Moment) -> Result<FleetSeen, StoreError> {
    let look = Look::take(store).await?;
    let mut seen = FleetSeen { at, ..of(&look) };
    for (app, its) in &mut seen.apps {
        its.limit = store.identify_limit(app).await?;
    }
    Ok(seen)
}

fn of(look: &Look) -> FleetSeen {
    let live = live(look);
    let mut seen = FleetSeen::default();
    for app in look.apps.keys() {
        seen.apps.insert(app.clone(), AppSeen::default());
    }
    for shard in look.shards.keys() {
        let its = seen.apps.entry(shard.app.clone()).or_default();
        let owner = look.owner(shard);
        its.owned += u64::from(owner.is_some());
        its.orphaned += u64::from(owner.is_none_or(|id| !look.instances.contains_key(&id)));
        let by = live.get(shard);
        let is_live = by.is_some_and(|by| owner.is_some_and(|owner| by.contains(&owner)));
        its.live += u64::from(is_live);
        its.doubly_claimed += u64::from(by.is_some_and(|by| by.len() > 1));
    }
    for instance in look.instances.values() {
        if instance.member.presence == Presence::Subscribed {
            *seen.instances.entry(instance.member.record.phase).or_default() += 1;
        }
    }
    seen
}

/// Who calls which shard live.
fn live(look: &Look) -> BTreeMap<ShardKey, BTreeSet<InstanceId>> {
    let mut live: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (id, instance) in &look.instances {
        let apps = instance.report.iter().flat_map(|report| &report.apps);
        for (app, its) in apps {
            for (generation, states) in &its.shards {
                let shards = states.known.get(&ShardState::Live).into_iter();
                for number in shards.flat_map(|ranges| ranges.shards()) {
                    let shard = ShardKey { app: app.clone(), generation: *generation, number };
                    live.entry(shard).or_default().insert(*id);
                }
            }
        }
    }
    live
}
