//! Apps: their shapes.

use baton_model::{AppName, AppShape};

use super::{Change, StoreState};

impl StoreState {
    /// See [`Apps::agree_app`](baton_store::Apps::agree_app).
    pub fn agree_app(&mut self, app: &AppName, proposed: AppShape) -> AppShape {
        if let Some(stands) = self.app_shape(app) {
            return stands;
        }
        self.change(Change::App(app.clone(), proposed));
        proposed
    }

    /// See [`Apps::app_shape`](baton_store::Apps::app_shape).
    #[must_use]
    pub fn app_shape(&self, app: &AppName) -> Option<AppShape> {
        self.apps.get(app).copied()
    }

    /// See [`Apps::apps`](baton_store::Apps::apps).
    #[must_use]
    pub fn apps(&self) -> Vec<(AppName, AppShape)> {
        self.apps.iter().map(|(app, shape)| (app.clone(), *shape)).collect()
    }
}
