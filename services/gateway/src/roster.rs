//! The apps of an instance while it runs: those of its configuration, and those of the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use baton_model::{AppName, AppSource};

use crate::{
    app::{Condition, Reins},
    circuit::Event,
    tuning::AppTuning,
};

/// The apps of an instance; clones see the same ones.
#[derive(Debug, Clone, Default)]
pub struct Roster(Arc<RwLock<Listed>>);

#[derive(Debug, Default)]
struct Listed {
    apps: BTreeMap<AppName, Entry>,
    unusable: BTreeMap<AppName, String>,
}

#[derive(Debug)]
struct Entry {
    source: AppSource,
    reins: Reins,
}

impl Roster {
    /// Lists an app.
    pub fn put(&self, app: AppName, source: AppSource, reins: Reins) {
        self.write().apps.insert(app, Entry { source, reins });
    }

    /// Strikes an app off that runs no more.
    pub fn remove(&self, app: &AppName) {
        self.write().apps.remove(app);
    }

    /// Whether an app is listed: one that ends is, until it has ended.
    #[must_use]
    pub fn has(&self, app: &AppName) -> bool {
        self.read().apps.contains_key(app)
    }

    /// Tells an app's keeper something. Nothing happens if there is none.
    pub fn tell(&self, app: &AppName, event: Event) {
        if let Some(entry) = self.read().apps.get(app)
            && entry.reins.news.send(event).is_err()
        {
            tracing::debug!(%app, "its keeper has ended");
        }
    }

    /// Changes an app. One that the instance does not run is left alone.
    pub fn tune(&self, app: &AppName, new: AppTuning) {
        if let Some(entry) = self.read().apps.get(app) {
            entry.reins.tuning.send_if_modified(|tuning| {
                let is_other = *tuning != new;
                *tuning = new;
                is_other
            });
        }
    }

    /// How every app stands.
    #[must_use]
    pub fn conditions(&self) -> BTreeMap<AppName, Condition> {
        let listed = self.read();
        let apps = listed.apps.iter();
        apps.map(|(app, entry)| (app.clone(), entry.reins.condition.borrow().clone())).collect()
    }

    /// Those of them that come from the store.
    #[must_use]
    pub fn stored(&self) -> BTreeSet<AppName> {
        let listed = self.read();
        let stored = listed.apps.iter().filter(|(_, entry)| entry.source == AppSource::Store);
        stored.map(|(app, _)| app.clone()).collect()
    }

    /// Notes which apps in the store cannot be followed, and why.
    pub fn set_unusable(&self, unusable: BTreeMap<AppName, String>) {
        self.write().unusable = unusable;
    }

    /// Which apps in the store cannot be followed, and why.
    #[must_use]
    pub fn unusable(&self) -> BTreeMap<AppName, String> {
        self.read().unusable.clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
