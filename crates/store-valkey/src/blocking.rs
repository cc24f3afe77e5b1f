//! A connection for a command that blocks it. Nothing else goes over it, and when it is dropped,
//! the server gives up what it blocks for.

use std::time::Duration;

use baton_model::limits::{APPEND_TIMEOUT, COMMANDS_AWAITED, STORE_CONNECT_TIMEOUT, WATCH_RENEWED};
use baton_store::{StoreError, StreamId};
use baton_valkey_link::{Connector, Link, Server, client_of, not_connected, redis_error, settings};
use redis::{RedisResult, aio::MultiplexedConnection};
use tokio::time::{Instant, timeout};

use crate::{ValkeyConfig, reply::Reply};

/// Longer than it ever blocks.
const ANSWERS_WITHIN: Duration = COMMANDS_AWAITED.saturating_add(APPEND_TIMEOUT);

/// To which server.
pub(crate) enum Way {
    /// The one that a config names.
    Usual,
    /// This one, of a Cluster.
    To(Server),
}

/// The connection.
pub(crate) struct Blocking {
    connection: MultiplexedConnection,
    made_at: Instant,
}

impl Blocking {
    pub(crate) async fn connect(config: &ValkeyConfig, way: Way) -> Result<Self, StoreError> {
        match timeout(STORE_CONNECT_TIMEOUT, connection(config, way)).await {
            Ok(Ok(Link::Single(connection))) => Ok(Self { connection, made_at: Instant::now() }),
            Ok(Ok(Link::Cluster(_))) => {
                Err(StoreError::unavailable("the slot's server is unknown"))
            }
            Ok(Err(error)) => Err(not_connected(&error)),
            Err(_) => Err(StoreError::unavailable("no connection in time")),
        }
    }

    pub(crate) fn is_young(&self) -> bool {
        self.made_at.elapsed() < WATCH_RENEWED
    }

    /// Waits for entries behind these places of these streams.
    pub(crate) async fn next(
        &mut self,
        streams: &[(&str, StreamId)],
        block: Duration,
    ) -> Result<Reply, StoreError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(1).arg("BLOCK").arg(block.as_millis().to_string()).arg("STREAMS");
        for (key, _) in streams {
            read.arg(*key);
        }
        for (_, after) in streams {
            read.arg(after.to_string());
        }
        let answer: RedisResult<redis::Value> = read.query_async(&mut self.connection).await;
        Reply::try_from(answer.map_err(|error| redis_error(&error))?)
    }
}

async fn connection(config: &ValkeyConfig, way: Way) -> RedisResult<Link> {
    match way {
        Way::Usual => Connector::new(config.place())?.connect(ANSWERS_WITHIN).await,
        Way::To(server) => {
            let client = client_of(&server, &config.url.login, config.place())?;
            let settings = settings(ANSWERS_WITHIN);
            let connection = client.get_multiplexed_async_connection_with_config(&settings).await;
            connection.map(Link::Single)
        }
    }
}
