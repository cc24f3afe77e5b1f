//! The way to the server that holds a lane.
//!
//! All keys of a lane lie in one slot, so one connection to one server is enough on a Cluster too:
//! the servers themselves say which it is.

use std::{sync::Arc, time::Duration};

use baton_model::limits::STORE_CONNECT_TIMEOUT;
use baton_store::StoreError;
use baton_valkey_link::{
    Place, Plain, Server, StoreUrl, Topology, client_of, not_connected, settings,
};
use redis::{Cmd, RedisError, RedisResult, aio::MultiplexedConnection};
use tokio::time::timeout;

/// Redirections that are followed in one go: a node may know less than the next one.
const HOPS_MAX: usize = 4;

/// Where the store is.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) url: StoreUrl,
    pub(crate) ca_pem: Option<Vec<u8>>,
}

impl Servers {
    fn place(&self) -> Place<'_> {
        Place { url: &self.url, ca_pem: self.ca_pem.as_deref() }
    }
}

/// A kind of connection to one server.
pub(crate) trait Connection: Sized {
    fn open(
        server: &Server,
        place: Place<'_>,
        answers_within: Duration,
    ) -> impl Future<Output = RedisResult<Self>> + Send;

    /// Fails where another server holds the key.
    fn touch(&mut self, key: &str) -> impl Future<Output = RedisResult<()>> + Send;
}

impl Connection for Plain {
    async fn open(
        server: &Server,
        place: Place<'_>,
        answers_within: Duration,
    ) -> RedisResult<Self> {
        Self::open(server, place, answers_within).await
    }

    async fn touch(&mut self, key: &str) -> RedisResult<()> {
        self.ask(&exists(key)).await.map(drop)
    }
}

impl Connection for MultiplexedConnection {
    async fn open(
        server: &Server,
        place: Place<'_>,
        answers_within: Duration,
    ) -> RedisResult<Self> {
        let client = client_of(server, &place.url.login, place)?;
        client.get_multiplexed_async_connection_with_config(&settings(answers_within)).await
    }

    async fn touch(&mut self, key: &str) -> RedisResult<()> {
        exists(key).query_async(self).await
    }
}

/// Where the server is, as far as it is known.
pub(crate) struct Route {
    servers: Arc<Servers>,
    /// A key of the lane's.
    key: String,
    /// The node of a Cluster that has answered last.
    holder: Option<Server>,
    /// How often a node has failed, so that the next attempt asks another.
    failures: usize,
}

impl Route {
    pub(crate) const fn new(servers: Arc<Servers>, key: String) -> Self {
        Self { servers, key, holder: None, failures: 0 }
    }

    /// Connects to the server.
    pub(crate) async fn connect<C: Connection>(
        &mut self,
        answers_within: Duration,
    ) -> Result<C, StoreError> {
        // Large and seldom: it is kept out of the futures of whoever sends something.
        let finding = Box::pin(self.find(answers_within));
        let connected = match timeout(STORE_CONNECT_TIMEOUT, finding).await {
            Ok(connected) => connected.map_err(|error| not_connected(&error)),
            Err(_) => Err(StoreError::unavailable("no connection in time")),
        };
        if connected.is_err() {
            self.holder = None;
            self.failures += 1;
        }
        connected
    }

    /// A connection has failed; the error may say which server to ask instead.
    pub(crate) fn lost(&mut self, error: &RedisError) {
        self.holder = redirection(error);
    }

    async fn find<C: Connection>(&mut self, answers_within: Duration) -> RedisResult<C> {
        let servers = self.servers.clone();
        let place = servers.place();
        let Topology::Cluster(nodes) = &servers.url.topology else {
            return C::open(&place.primary().await?, place, answers_within).await;
        };
        let mut hops = 0;
        loop {
            let known = self.holder.clone();
            let node = known.unwrap_or_else(|| nodes[self.failures % nodes.len()].clone());
            match self.open_at(&node, place, answers_within).await {
                Ok(connection) => return Ok(connection),
                Err(error) => match redirection(&error) {
                    Some(holder) if hops < HOPS_MAX => self.holder = Some(holder),
                    Some(_) | None => return Err(error),
                },
            }
            hops += 1;
        }
    }

    /// Connects to a node of a Cluster, if it holds the lane; else its error says who does.
    async fn open_at<C: Connection>(
        &self,
        node: &Server,
        place: Place<'_>,
        answers_within: Duration,
    ) -> RedisResult<C> {
        let mut connection = C::open(node, place, answers_within).await?;
        connection.touch(&self.key).await?;
        Ok(connection)
    }
}

fn exists(key: &str) -> Cmd {
    let mut exists = redis::cmd("EXISTS");
    exists.arg(key);
    exists
}

fn redirection(error: &RedisError) -> Option<Server> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    Some(Server { host: host.to_owned(), port: port.parse().ok()? })
}
