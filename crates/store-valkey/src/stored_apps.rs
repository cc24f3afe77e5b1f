//! Apps that operators have put into the store, on Valkey.

use std::collections::BTreeMap;

use baton_model::{AppName, StoredApp, limits::STORED_APPS_MAX};
use baton_store::{FoundApp, PutAppError, StoreError, StoredApps, key::Key, stored};
use bytes::Bytes;
use fred::interfaces::HashesInterface;

use crate::{
    Valkey, arg,
    library::function,
    reply::{fred_error, nth},
};

impl StoredApps for Valkey {
    async fn stored_apps(&self) -> Result<Vec<(AppName, FoundApp)>, StoreError> {
        let key = Key::StoredApps(&self.config().fleet).to_string();
        let found: Result<BTreeMap<String, Bytes>, _> =
            self.control().client().hgetall(key.as_str()).await;
        let found = found.map_err(|error| fred_error(&error))?;
        // What no app can be called, none can be that stands there.
        let named = found.into_iter().filter_map(|(name, value)| {
            let value = String::from_utf8_lossy(&value);
            Some((name.parse().ok()?, stored::stored_app::decode(&value)))
        });
        Ok(named.collect())
    }

    async fn put_app(
        &self,
        name: &AppName,
        seen: u64,
        app: &StoredApp,
    ) -> Result<u64, PutAppError> {
        let key = Key::StoredApps(&self.config().fleet).to_string();
        let json = stored::stored_app::encode(app)?;
        let args = [arg(name), arg(seen), arg(json), arg(STORED_APPS_MAX)];
        let reply = self.control().call(function::PUT_APP, [key], args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(nth(rest, 0)?.number()?),
            ("changed", rest) => Err(PutAppError::Changed(nth(rest, 0)?.number()?)),
            ("full", rest) => Err(PutAppError::TooMany(nth(rest, 0)?.number()?)),
            _ => Err(reply.unexpected("ok, changed or full").into()),
        }
    }
}
