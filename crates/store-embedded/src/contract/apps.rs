//! Apps.

use baton_model::{AppName, AppShape};
use baton_store::{Apps, StoreError};

use crate::EmbeddedStore;

impl Apps for EmbeddedStore {
    async fn agree_app(&self, app: &AppName, proposed: &AppShape) -> Result<AppShape, StoreError> {
        self.live.run(|at| at.state.agree_app(app, *proposed)).await
    }

    async fn app_shape(&self, app: &AppName) -> Result<Option<AppShape>, StoreError> {
        self.live.run(|at| at.state.app_shape(app)).await
    }

    async fn apps(&self) -> Result<Vec<(AppName, AppShape)>, StoreError> {
        self.live.run(|at| at.state.apps()).await
    }
}
