//! Into how many shards and lanes the app is cut: the fleet knows.

use std::sync::{Arc, Mutex, PoisonError};

use baton_model::{AppName, AppShape, FleetName};
use baton_store::{StoreError, Unhappy, key::Key, stored};
use redis::{Cmd, Value};
use tokio::time::{Duration, Instant};

use crate::{
    answer::text, route::Servers, settings::ANSWER_TIMEOUT, shared_wire::SharedWire, wire::Wire,
};

/// For how long an answer is good enough.
const RECENT: Duration = Duration::from_secs(10);

/// The pauses between two questions for an app of which nobody knows yet: whoever starts together
/// with the fleet is told soon, and whoever waits for long asks seldom.
const ASK_PAUSE_FIRST: Duration = Duration::from_millis(20);
const ASK_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Waits until the fleet knows the app.
pub(crate) async fn shape_of(
    servers: &Arc<Servers>,
    fleet: &FleetName,
    app: &AppName,
) -> Result<AppShape, StoreError> {
    let key = Key::Apps(fleet).to_string();
    let mut wire = Wire::new(servers.clone(), key.clone(), ANSWER_TIMEOUT);
    let mut pause = ASK_PAUSE_FIRST;
    loop {
        match ask(&mut wire, &key, app).await {
            Ok(Some(shape)) => return Ok(shape),
            Ok(None) if pause < ASK_PAUSE_MAX => {}
            Ok(None) => tracing::warn!(%app, %fleet, "fleet does not know the app yet"),
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "store cannot be reached");
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(ASK_PAUSE_MAX);
    }
}

/// What the fleet says of an app, for several that ask at once.
pub(crate) struct Shapes {
    wire: SharedWire,
    key: String,
    app: Arc<AppName>,
    known: Mutex<Option<(Instant, AppShape)>>,
}

impl Shapes {
    pub(crate) fn new(servers: Arc<Servers>, fleet: &FleetName, app: Arc<AppName>) -> Self {
        let key = Key::Apps(fleet).to_string();
        let wire = SharedWire::new(servers, key.clone(), ANSWER_TIMEOUT);
        Self { wire, key, app, known: Mutex::new(None) }
    }

    /// What was said lately; nothing if the fleet does not know the app.
    pub(crate) async fn recent(&self) -> Result<Option<AppShape>, StoreError> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some((at, shape)) if at.elapsed() < RECENT => Ok(Some(shape)),
            Some(_) | None => self.latest().await,
        }
    }

    /// What is said at this moment.
    pub(crate) async fn latest(&self) -> Result<Option<AppShape>, StoreError> {
        let answer = self.wire.send(&question(&self.key, &self.app)).await?;
        let shape = read(&self.key, &answer)?;
        let known = shape.map(|shape| (Instant::now(), shape));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(shape)
    }
}

async fn ask(wire: &mut Wire, key: &str, app: &AppName) -> Result<Option<AppShape>, StoreError> {
    read(key, &wire.send(&question(key, app)).await?)
}

fn question(key: &str, app: &AppName) -> Cmd {
    let mut get = redis::cmd("HGET");
    get.arg(key).arg(app.as_str());
    get
}

fn read(key: &str, found: &Value) -> Result<Option<AppShape>, StoreError> {
    if *found == Value::Nil {
        return Ok(None);
    }
    Ok(Some(stored::app::decode(key, text(found)?)?))
}
