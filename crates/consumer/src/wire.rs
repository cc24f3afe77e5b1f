//! A connection to the server that holds a lane, whichever that is at the moment, for one request
//! at a time.
//!
//! A connection about which anything is in doubt is dropped and made anew with the next request.
//! Nothing is repeated here: the caller does that.

use std::{sync::Arc, time::Duration};

use baton_store::{StoreError, Unhappy};
use baton_valkey_link::{Parts, Plain, redis_error};
use redis::{Cmd, Value};

use crate::{
    route::{Route, Servers},
    scripts::Call,
};

/// The code of a server's error when it does not know a script.
const NO_SCRIPT: &str = "NOSCRIPT";

/// The connection.
pub(crate) struct Wire {
    route: Route,
    answers_within: Duration,
    /// Not here while a request is under way: whoever gives up on one leaves an answer behind that
    /// nobody would know what to make of.
    connection: Option<Plain>,
}

impl Wire {
    pub(crate) fn new(servers: Arc<Servers>, key: String, answers_within: Duration) -> Self {
        Self { route: Route::new(servers, key), answers_within, connection: None }
    }

    /// Sends a command.
    pub(crate) async fn send(&mut self, command: &Cmd) -> Result<Value, StoreError> {
        self.read(command, value).await?
    }

    /// Sends a command and reads its answer where it lies.
    pub(crate) async fn read<T>(
        &mut self,
        command: &Cmd,
        read: impl FnOnce(Parts<'_>) -> T,
    ) -> Result<T, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.route.connect(self.answers_within).await?,
        };
        let asked = connection.ask(command).await.map(read);
        let error = match asked {
            Ok(answer) => {
                self.connection = Some(connection);
                return Ok(answer);
            }
            Err(error) => error,
        };
        let failure = redis_error(&error);
        match failure.is_retryable() {
            true => self.route.lost(&error),
            false => self.connection = Some(connection),
        }
        Err(failure)
    }

    /// Runs a script.
    pub(crate) async fn run(&mut self, call: &Call<'_>) -> Result<Value, StoreError> {
        self.run_and_read(call, value).await?
    }

    /// Runs a script and reads its answer where it lies. Where the server does not know it, it is
    /// loaded first.
    pub(crate) async fn run_and_read<T>(
        &mut self,
        call: &Call<'_>,
        read: impl Fn(Parts<'_>) -> T,
    ) -> Result<T, StoreError> {
        match self.read(call.command(), &read).await {
            Err(StoreError::Refused { reason }) if reason.starts_with(NO_SCRIPT) => {
                self.send(&call.load()).await?;
                self.read(call.command(), &read).await
            }
            answer => answer,
        }
    }

    /// Whether the connection is there; it may be broken all the same.
    pub(crate) const fn is_connected(&self) -> bool {
        self.connection.is_some()
    }
}

fn value(mut parts: Parts<'_>) -> Result<Value, StoreError> {
    parts.value().map_err(|error| redis_error(&error))
}

#[cfg(test)]
mod tests {
    use baton_test_servers::{Program, Server};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_was_given_up_on_answers_nobody_else() {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port()).parse().unwrap();
        let servers = Arc::new(Servers { url, ca_pem: None });
        let mut wire = Wire::new(servers, "key".to_owned(), Duration::from_secs(60));
        let (mut wait, mut echo) = (redis::cmd("BLPOP"), redis::cmd("ECHO"));
        wait.arg("nothing").arg(1);
        echo.arg("mine");
        wire.send(&echo).await.unwrap();
        assert!(timeout(Duration::from_millis(100), wire.send(&wait)).await.is_err());
        assert_eq!(wire.send(&echo).await, Ok(Value::BulkString(b"mine".to_vec())));
    }
}
