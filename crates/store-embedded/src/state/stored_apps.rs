//! Apps that operators have put into the store.

use baton_model::{AppName, StoredApp, limits::STORED_APPS_MAX};
use baton_store::{FoundApp, PutAppError, stored};

use super::{Change, StoreState};

impl StoreState {
    /// See [`StoredApps::stored_apps`](baton_store::StoredApps::stored_apps).
    #[must_use]
    pub fn stored_apps(&self) -> Vec<(AppName, FoundApp)> {
        let found = |(name, (revision, app)): (&AppName, &(u64, StoredApp))| {
            (name.clone(), FoundApp { revision: *revision, app: Ok(app.clone()) })
        };
        self.stored_apps.iter().map(found).collect()
    }

    /// See [`StoredApps::put_app`](baton_store::StoredApps::put_app).
    ///
    /// # Errors
    /// If another revision stands there than was seen, or it would be too much.
    pub fn put_app(
        &mut self,
        name: &AppName,
        seen: u64,
        app: &StoredApp,
    ) -> Result<u64, PutAppError> {
        stored::stored_app::encode(app)?;
        let stands = self.stored_apps.get(name);
        let revision = stands.map_or(0, |(revision, _)| *revision);
        let new = seen.saturating_add(1);
        if stands.is_some_and(|(revision, stands)| *revision == new && stands == app) {
            return Ok(new);
        }
        if revision != seen {
            return Err(PutAppError::Changed(revision));
        }
        if stands.is_none() && self.stored_apps.len() >= STORED_APPS_MAX {
            return Err(PutAppError::TooMany(self.stored_apps.len() as u64));
        }
        self.change(Change::StoredApp(name.clone(), new, app.clone()));
        Ok(new)
    }
}
