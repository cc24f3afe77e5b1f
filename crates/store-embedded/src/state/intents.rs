//! Intents: what operators want.

use baton_model::{Intent, IntentId, NewIntent, StoreMillis, Subject, limits::INTENTS_MAX};
use baton_store::IntendError;

use super::{Change, StoreState};

impl StoreState {
    /// See [`Intents::intend`](baton_store::Intents::intend).
    ///
    /// # Errors
    /// [`IntendError::TooMany`] if it would be one too many.
    pub fn intend(
        &mut self,
        now: StoreMillis,
        intent: &NewIntent,
    ) -> Result<Option<Intent>, IntendError> {
        let before = self.intents.get(&intent.subject()).cloned();
        match &before {
            Some(before) if before.id == intent.id => return Ok(None),
            None if self.intents.len() >= INTENTS_MAX => {
                return Err(IntendError::TooMany(self.intents.len() as u64));
            }
            Some(_) | None => {}
        }
        self.change(Change::Intent(intent.clone().since(now)));
        Ok(before)
    }

    /// See [`Intents::withdraw`](baton_store::Intents::withdraw).
    pub fn withdraw(&mut self, subject: &Subject, id: IntentId) -> bool {
        let is_there = self.intents.get(subject).is_some_and(|intent| intent.id == id);
        if is_there {
            self.end_intent(subject);
        }
        is_there
    }

    pub(super) fn end_intent(&mut self, subject: &Subject) {
        if self.intents.contains_key(subject) {
            self.change(Change::IntentGone(subject.clone()));
        }
    }
}
