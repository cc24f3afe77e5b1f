//! A connection for several that send at once: none waits for another's answer.

use std::{sync::Arc, time::Duration};

use baton_store::{StoreError, Unhappy};
use baton_valkey_link::redis_error;
use redis::{Cmd, Value, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use crate::route::{Route, Servers};

/// The connection.
pub(crate) struct SharedWire {
    answers_within: Duration,
    way: Mutex<(Route, Option<MultiplexedConnection>)>,
}

impl SharedWire {
    pub(crate) fn new(servers: Arc<Servers>, key: String, answers_within: Duration) -> Self {
        Self { answers_within, way: Mutex::new((Route::new(servers, key), None)) }
    }

    /// Sends a command.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, StoreError> {
        let mut connection = self.connected().await?;
        let error = match command.query_async(&mut connection).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let failure = redis_error(&error);
        if failure.is_retryable() {
            let (route, connection) = &mut *self.way.lock().await;
            route.lost(&error);
            *connection = None;
        }
        Err(failure)
    }

    async fn connected(&self) -> Result<MultiplexedConnection, StoreError> {
        let (route, connection) = &mut *self.way.lock().await;
        if let Some(connection) = connection {
            return Ok(connection.clone());
        }
        Ok(connection.insert(route.connect(self.answers_within).await?).clone())
    }
}
