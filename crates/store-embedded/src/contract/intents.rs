//! Intents.

use baton_model::{Intent, IntentId, NewIntent, Subject};
use baton_store::{IntendError, Intents, StoreError};

use crate::EmbeddedStore;

impl Intents for EmbeddedStore {
    async fn intend(&self, intent: &NewIntent) -> Result<Option<Intent>, IntendError> {
        self.live.run(|at| at.state.intend(at.now, intent)).await?
    }

    async fn withdraw(&self, subject: &Subject, id: IntentId) -> Result<bool, StoreError> {
        self.live.run(|at| at.state.withdraw(subject, id)).await
    }
}
