//! Transfer.

use baton_model::{AppName, AppShape};
use baton_store::{RestoreError, RestoredLane, Transfer};

use crate::EmbeddedStore;

impl Transfer for EmbeddedStore {
    async fn restore_lane(&self, lane: &RestoredLane) -> Result<(), RestoreError> {
        self.live.run(|at| at.state.restore_lane(lane)).await?
    }

    async fn restore_apps(&self, apps: &[(AppName, AppShape)]) -> Result<(), RestoreError> {
        self.live.run(|at| at.state.restore_apps(apps)).await?
    }
}
