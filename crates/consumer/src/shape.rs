//! Into how many shards and lanes the app is cut: the fleet knows.

use std::sync::Arc;

use baton_model::{AppName, AppShape, FleetName};
use baton_store::{StoreError, Unhappy, key::Key, stored};
use redis::Value;
use tokio::time::Duration;

use crate::{
    answer::text,
    settings::ANSWER_TIMEOUT,
    wire::{Servers, Wire},
};

/// How often is asked for an app of which nobody knows yet.
const ASK_PERIOD: Duration = Duration::from_secs(1);

/// Waits until the fleet knows the app.
pub(crate) async fn shape_of(
    servers: &Arc<Servers>,
    fleet: &FleetName,
    app: &AppName,
) -> Result<AppShape, StoreError> {
    let key = Key::Apps(fleet).to_string();
    let mut wire = Wire::new(servers.clone(), key.clone(), ANSWER_TIMEOUT);
    loop {
        match ask(&mut wire, &key, app).await {
            Ok(Some(shape)) => return Ok(shape),
            Ok(None) => tracing::warn!(%app, %fleet, "fleet does not know the app yet"),
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "store cannot be reached");
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(ASK_PERIOD).await;
    }
}

async fn ask(wire: &mut Wire, key: &str, app: &AppName) -> Result<Option<AppShape>, StoreError> {
    let mut get = redis::cmd("HGET");
    get.arg(key).arg(app.as_str());
    let found = wire.send(&get).await?;
    if found == Value::Nil {
        return Ok(None);
    }
    Ok(Some(stored::app::decode(key, text(&found)?)?))
}
