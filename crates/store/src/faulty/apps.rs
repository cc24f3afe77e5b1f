//! Apps over a bad connection.

use baton_model::{AppName, AppShape};

use super::Faulty;
use crate::{Apps, StoreError};

impl<S: Apps + Sync> Apps for Faulty<S> {
    async fn agree_app(&self, app: &AppName, proposed: &AppShape) -> Result<AppShape, StoreError> {
        self.through(self.store.agree_app(app, proposed)).await
    }

    async fn app_shape(&self, app: &AppName) -> Result<Option<AppShape>, StoreError> {
        self.through(self.store.app_shape(app)).await
    }

    async fn apps(&self) -> Result<Vec<(AppName, AppShape)>, StoreError> {
        self.through(self.store.apps()).await
    }
}
