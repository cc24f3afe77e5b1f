//! The identify budget over a bad connection.

use baton_model::AppName;

use super::Faulty;
use crate::{IdentifyBudget, SessionStartLimit, StoreError, Take};

impl<S: IdentifyBudget + Sync> IdentifyBudget for Faulty<S> {
    async fn take_identify(&self, app: &AppName, bucket: u32) -> Result<Take, StoreError> {
        self.through(self.store.take_identify(app, bucket)).await
    }

    async fn learn_limit(&self, app: &AppName, limit: SessionStartLimit) -> Result<(), StoreError> {
        self.through(self.store.learn_limit(app, limit)).await
    }

    async fn identify_limit(&self, app: &AppName) -> Result<Option<SessionStartLimit>, StoreError> {
        self.through(self.store.identify_limit(app)).await
    }
}
