//! Intents on Valkey.

use baton_model::{Intent, IntentId, NewIntent, Subject, limits::INTENTS_MAX};
use baton_store::{IntendError, Intents, StoreError, key::Key, stored};

use crate::{Valkey, arg, library::function, reply::nth};

impl Intents for Valkey {
    async fn intend(&self, intent: &NewIntent) -> Result<Option<Intent>, IntendError> {
        let key = Key::Intents(&self.config().fleet).to_string();
        let subject = intent.subject().to_string();
        let json = stored::intent::encode(intent);
        let args = [arg(&subject), arg(intent.id), arg(json), arg(INTENTS_MAX)];
        let reply = self.control().call(function::INTEND, [key], args).await?;
        match reply.outcome()? {
            ("ok", rest) => {
                let before = nth(rest, 0)?.text().ok();
                Ok(before.and_then(|before| stored::intent::decode(&subject, before)))
            }
            ("full", rest) => Err(IntendError::TooMany(nth(rest, 0)?.number()?)),
            _ => Err(reply.unexpected("ok or full").into()),
        }
    }

    async fn withdraw(&self, subject: &Subject, id: IntentId) -> Result<bool, StoreError> {
        let key = Key::Intents(&self.config().fleet).to_string();
        let args = [arg(subject), arg(id)];
        let reply = self.control().call(function::WITHDRAW, [key], args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(true),
            ("gone", _) => Ok(false),
            _ => Err(reply.unexpected("ok or gone")),
        }
    }
}
