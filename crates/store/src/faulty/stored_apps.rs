//! Apps in the store over a bad connection.

use baton_model::{AppName, StoredApp};

use super::Faulty;
use crate::{FoundApp, PutAppError, StoreError, StoredApps};

impl<S: StoredApps + Sync> StoredApps for Faulty<S> {
    async fn stored_apps(&self) -> Result<Vec<(AppName, FoundApp)>, StoreError> {
        self.through(self.store.stored_apps()).await
    }

    async fn put_app(
        &self,
        name: &AppName,
        seen: u64,
        app: &StoredApp,
    ) -> Result<u64, PutAppError> {
        self.through(self.store.put_app(name, seen, app)).await
    }
}
