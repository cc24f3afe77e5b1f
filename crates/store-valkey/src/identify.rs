//! The identify budget on Valkey.

use std::time::Duration;

use baton_model::{
    AppName,
    limits::{
        IDENTIFY_DAY, IDENTIFY_QUARANTINE, IDENTIFY_RESERVE_MIN, IDENTIFY_RESERVE_PERCENT,
        IDENTIFY_SAME_RESET, IDENTIFY_SPACING,
    },
};
use baton_store::{IdentifyBudget, SessionStartLimit, StoreError, Take, key::Key};

use crate::{Valkey, arg, library::function, reply::nth};

impl IdentifyBudget for Valkey {
    async fn take_identify(&self, app: &AppName, bucket: u32) -> Result<Take, StoreError> {
        let keys = [Key::IdentifyBuckets(app), Key::IdentifyDay(app)].map(|key| key.to_string());
        let args = [
            arg(bucket),
            arg(IDENTIFY_SPACING.as_millis()),
            arg(IDENTIFY_DAY.as_millis()),
            arg(IDENTIFY_RESERVE_PERCENT),
            arg(IDENTIFY_RESERVE_MIN),
            arg(IDENTIFY_QUARANTINE.as_millis()),
        ];
        let reply = self.control().call(function::IDENTIFY_TAKE, keys, args).await?;
        let (outcome, rest) = reply.outcome()?;
        let millis = || Ok::<_, StoreError>(Duration::from_millis(nth(rest, 0)?.number()?));
        match outcome {
            "granted" => Ok(Take::Granted { remaining: nth(rest, 0)?.number()? }),
            "wait" => Ok(Take::Wait(millis()?)),
            "exhausted" => Ok(Take::Exhausted { reset_after: millis()? }),
            "unlearned" => Ok(Take::Unlearned),
            _ => Err(reply.unexpected("an answer to a permit")),
        }
    }

    async fn learn_limit(&self, app: &AppName, limit: SessionStartLimit) -> Result<(), StoreError> {
        let key = Key::IdentifyDay(app).to_string();
        let reset = arg(limit.reset_after.as_millis());
        let same = arg(IDENTIFY_SAME_RESET.as_millis());
        let args = [arg(limit.total), arg(limit.remaining), reset, same];
        self.control().call(function::IDENTIFY_LEARN, [key], args).await.map(drop)
    }

    async fn identify_limit(&self, app: &AppName) -> Result<Option<SessionStartLimit>, StoreError> {
        let key = Key::IdentifyDay(app).to_string();
        let reply = self.control().call(function::IDENTIFY_LIMIT, [key], []).await?;
        let (outcome, rest) = reply.outcome()?;
        if outcome == "unlearned" {
            return Ok(None);
        }
        Ok(Some(SessionStartLimit {
            total: nth(rest, 0)?.number()?,
            remaining: nth(rest, 1)?.number()?,
            reset_after: Duration::from_millis(nth(rest, 2)?.number()?),
        }))
    }
}
