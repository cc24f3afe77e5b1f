//! Intents over a bad connection.

use baton_model::{Intent, IntentId, NewIntent, Subject};

use super::Faulty;
use crate::{IntendError, Intents, StoreError};

impl<S: Intents + Sync> Intents for Faulty<S> {
    async fn intend(&self, intent: &NewIntent) -> Result<Option<Intent>, IntendError> {
        self.through(self.store.intend(intent)).await
    }

    async fn withdraw(&self, subject: &Subject, id: IntentId) -> Result<bool, StoreError> {
        self.through(self.store.withdraw(subject, id)).await
    }
}
