//! Apps on Valkey.

use std::collections::BTreeMap;

use baton_model::{AppName, AppShape};
use baton_store::{Apps, StoreError, key::Key, stored};
use fred::interfaces::HashesInterface;

use crate::{
    Valkey, arg,
    library::function,
    reply::{fred_error, nth},
};

impl Apps for Valkey {
    async fn agree_app(&self, app: &AppName, proposed: &AppShape) -> Result<AppShape, StoreError> {
        let key = Key::Apps(&self.config().fleet).to_string();
        let args = [arg(app), arg(stored::app::encode(proposed))];
        let reply = self.control().call(function::AGREE_APP, [key.clone()], args).await?;
        match reply.outcome()? {
            ("ok", rest) => stored::app::decode(&field(&key, app), nth(rest, 0)?.text()?),
            _ => Err(reply.unexpected("ok")),
        }
    }

    async fn app_shape(&self, app: &AppName) -> Result<Option<AppShape>, StoreError> {
        let key = Key::Apps(&self.config().fleet).to_string();
        let found: Result<Option<String>, _> =
            self.control().client().hget(key.as_str(), app.as_str()).await;
        let found = found.map_err(|error| fred_error(&error))?;
        found.map(|text| stored::app::decode(&field(&key, app), &text)).transpose()
    }

    async fn apps(&self) -> Result<Vec<(AppName, AppShape)>, StoreError> {
        let key = Key::Apps(&self.config().fleet).to_string();
        let found: Result<BTreeMap<String, String>, _> =
            self.control().client().hgetall(key.as_str()).await;
        let found = found.map_err(|error| fred_error(&error))?;
        let named = found.into_iter().map(|(name, text)| {
            let app: AppName =
                name.parse().map_err(|_| StoreError::corrupt(&key, name, "an app's name"))?;
            let shape = stored::app::decode(&field(&key, &app), &text)?;
            Ok((app, shape))
        });
        named.collect()
    }
}

fn field(key: &str, app: &AppName) -> String {
    format!("{key} field {app}")
}
