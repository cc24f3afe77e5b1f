//! Looks at an instance from outside, without asking it anything: nothing here waits for it.

use std::sync::Arc;

use baton_model::{InstanceId, InstanceRecord, Moment, ShardKey};
use tokio::sync::watch;

use crate::{
    clock::Clock,
    control::Outlook,
    health::{Seen, ShardSeen},
    instruments::{Instruments, fleet_watch::FleetSeen},
    memory::Look,
    pulse::Pulse,
    roster::Roster,
    shard::Face,
};

/// What does not change while an instance runs.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who it is.
    pub id: InstanceId,
    /// What it told the others when it joined.
    pub record: InstanceRecord,
    /// When it was put together.
    pub started_at: Moment,
}

/// Sees an instance; clones see the same one.
#[derive(Debug, Clone)]
pub struct Observer {
    pub(crate) identity: Arc<Identity>,
    pub(crate) clock: Clock,
    pub(crate) outlook: Outlook,
    pub(crate) roster: Roster,
    pub(crate) pulse: Pulse,
    pub(crate) memory: watch::Receiver<Option<Look>>,
    pub(crate) ring_bytes_max: usize,
    pub(crate) fleet: watch::Receiver<Option<FleetSeen>>,
    pub(crate) instruments: Instruments,
}

impl Observer {
    /// Whose instance it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Looks.
    #[must_use]
    pub fn look(&self) -> Seen {
        let now = self.clock.now();
        let view = *self.outlook.view.borrow();
        let faces = self.outlook.board.faces();
        Seen {
            now,
            // Whoever shows the view is gone.
            has_ended: self.outlook.view.has_changed().is_err(),
            phase: view.phase,
            is_planner: view.is_planner,
            confirmed_until: view.confirmed_until,
            store: self.outlook.store.borrow().clone(),
            apps: self.roster.conditions(),
            shapes: self.outlook.shapes.borrow().clone(),
            stored_apps: self.roster.stored(),
            unusable_apps: self.roster.unusable(),
            shards: faces.iter().filter_map(|(shard, face)| seen(shard, face, now)).collect(),
            late: self.pulse.late(now),
            late_lately: self.pulse.late_lately(now),
            memory: *self.memory.borrow(),
            ring_bytes_max: self.ring_bytes_max,
            dispatches: self.outlook.board.dispatches(),
            brokers: self.outlook.lanes.brokers(),
        }
    }
}

/// None for a task that has not made its first turn.
fn seen(shard: &ShardKey, face: &Face, now: Moment) -> Option<ShardSeen> {
    let glance = face.glance()?;
    Some(ShardSeen {
        shard: shard.clone(),
        state: glance.status.state,
        state_for: now.since(glance.status.since),
        waits_for: glance.status.waits_for,
        epoch: glance.epoch,
        live_for: glance.live_since.map(|since| now.since(since)),
        deaf_for: glance.deaf_since.map(|since| now.since(since)),
        lag: face.lag(now),
        turned_ago: now.since(face.turned_at()),
        ring_bytes: face.ring_bytes(),
        dispatches: face.dispatches(),
        heartbeat: face.heartbeat(),
    })
}
