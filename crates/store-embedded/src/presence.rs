//! Presence: which instances of this process hold themselves present.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use baton_model::InstanceId;
use baton_store::PresenceGuard;

/// Who is present, and by how many guards: an instance may take a second before it drops the
/// first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<BTreeMap<InstanceId, usize>>>);

impl Registry {
    pub(crate) fn hold(&self, id: InstanceId) -> PresenceHold {
        *self.guards().entry(id).or_default() += 1;
        let registry = self.clone();
        PresenceHold { registry, id }
    }

    pub(crate) fn present(&self) -> BTreeSet<InstanceId> {
        self.guards().keys().copied().collect()
    }

    fn release(&self, id: InstanceId) {
        let mut guards = self.guards();
        let Some(count) = guards.get_mut(&id) else {
            unreachable!("instance {id} has a guard that was never counted")
        };
        *count -= 1;
        if *count == 0 {
            guards.remove(&id);
        }
    }

    fn guards(&self) -> MutexGuard<'_, BTreeMap<InstanceId, usize>> {
        // Every change to the map is one call, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds an instance's presence until it is dropped.
#[derive(Debug)]
pub struct PresenceHold {
    registry: Registry,
    id: InstanceId,
}

impl PresenceGuard for PresenceHold {
    /// Always: there is no connection that could break.
    fn is_held(&self) -> bool {
        true
    }
}

impl Drop for PresenceHold {
    fn drop(&mut self) {
        self.registry.release(self.id);
    }
}
