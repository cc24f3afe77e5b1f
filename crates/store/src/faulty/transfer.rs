//! Transfer over a bad connection.

use baton_model::{AppName, AppShape};

use super::Faulty;
use crate::{RestoreError, RestoredLane, Transfer};

impl<S: Transfer + Sync> Transfer for Faulty<S> {
    async fn restore_lane(&self, lane: &RestoredLane) -> Result<(), RestoreError> {
        self.through(self.store.restore_lane(lane)).await
    }

    async fn restore_apps(&self, apps: &[(AppName, AppShape)]) -> Result<(), RestoreError> {
        self.through(self.store.restore_apps(apps)).await
    }
}
