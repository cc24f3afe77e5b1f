//! The identify budget.

use baton_model::AppName;
use baton_store::{IdentifyBudget, SessionStartLimit, StoreError, Take};

use crate::EmbeddedStore;

impl IdentifyBudget for EmbeddedStore {
    async fn take_identify(&self, app: &AppName, bucket: u32) -> Result<Take, StoreError> {
        self.live.run(|at| at.state.take_identify(at.now, app, bucket)).await
    }

    async fn learn_limit(&self, app: &AppName, limit: SessionStartLimit) -> Result<(), StoreError> {
        self.live.run(|at| at.state.learn_limit(at.now, app, limit)).await
    }

    async fn identify_limit(&self, app: &AppName) -> Result<Option<SessionStartLimit>, StoreError> {
        self.live.run(|at| at.state.identify_limit(at.now, app)).await
    }
}
