//! Apps that operators have put into the store.

use baton_model::{AppName, StoredApp};
use baton_store::{FoundApp, PutAppError, StoreError, StoredApps};

use crate::EmbeddedStore;

impl StoredApps for EmbeddedStore {
    async fn stored_apps(&self) -> Result<Vec<(AppName, FoundApp)>, StoreError> {
        self.live.run(|at| at.state.stored_apps()).await
    }

    async fn put_app(
        &self,
        name: &AppName,
        seen: u64,
        app: &StoredApp,
    ) -> Result<u64, PutAppError> {
        self.live.run(|at| at.state.put_app(name, seen, app)).await?
    }
}
