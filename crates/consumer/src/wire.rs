//! A connection to the server that holds a lane, whichever that is at the moment.
//!
//! All keys of a lane lie in one slot, so one connection to one server is enough on a Cluster too:
//! the servers themselves say which it is. A connection about which anything is in doubt is dropped
//! and made anew with the next request. Nothing is repeated here: the caller does that.

use std::{sync::Arc, time::Duration};

use baton_model::limits::STORE_CONNECT_TIMEOUT;
use baton_store::{StoreError, Unhappy};
use baton_valkey_link::{
    Connector, Link, Place, Server, StoreUrl, Topology, client_of, not_connected, redis_error,
    settings,
};
use redis::{Cmd, RedisError, RedisResult, ScriptInvocation, Value, aio::MultiplexedConnection};
use tokio::{sync::Mutex, time::timeout};

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

/// The connection.
pub(crate) struct Wire {
    servers: Arc<Servers>,
    /// A key of the lane's.
    key: String,
    answers_within: Duration,
    /// The node of a Cluster that has answered last.
    holder: Option<Server>,
    /// How often a node has failed, so that the next attempt asks another.
    failures: usize,
    connection: Option<MultiplexedConnection>,
}

impl Wire {
    pub(crate) fn new(servers: Arc<Servers>, key: String, answers_within: Duration) -> Self {
        Self { servers, key, answers_within, holder: None, failures: 0, connection: None }
    }

    /// Sends a command.
    pub(crate) async fn send(&mut self, command: &Cmd) -> Result<Value, StoreError> {
        let mut connection = self.connected().await?;
        let answer = command.query_async(&mut connection).await;
        self.checked(answer)
    }

    /// Runs a script. Where the server does not know it, it is loaded first.
    pub(crate) async fn run(&mut self, script: &ScriptInvocation<'_>) -> Result<Value, StoreError> {
        let mut connection = self.connected().await?;
        let answer = script.invoke_async(&mut connection).await;
        self.checked(answer)
    }

    /// Whether the connection is there; it may be broken all the same.
    pub(crate) const fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    fn checked(&mut self, answer: RedisResult<Value>) -> Result<Value, StoreError> {
        answer.map_err(|error| {
            let failure = redis_error(&error);
            if failure.is_retryable() {
                self.connection = None;
                self.holder = redirection(&error);
            }
            failure
        })
    }

    async fn connected(&mut self) -> Result<MultiplexedConnection, StoreError> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let connecting = timeout(STORE_CONNECT_TIMEOUT, self.connect()).await;
        let connected = match connecting {
            Ok(connected) => connected.map_err(|error| not_connected(&error)),
            Err(_) => Err(StoreError::unavailable("no connection in time")),
        };
        if connected.is_err() {
            self.holder = None;
            self.failures += 1;
        }
        Ok(self.connection.insert(connected?).clone())
    }

    async fn connect(&mut self) -> RedisResult<MultiplexedConnection> {
        let servers = self.servers.clone();
        let Topology::Cluster(nodes) = &servers.url.topology else {
            return match Connector::new(servers.place())?.connect(self.answers_within).await? {
                Link::Single(connection) => Ok(connection),
                Link::Cluster(_) => unreachable!("the url names no Cluster"),
            };
        };
        let mut hops = 0;
        loop {
            let known = self.holder.clone();
            let node = known.unwrap_or_else(|| nodes[self.failures % nodes.len()].clone());
            match self.connect_to(&node).await {
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
    async fn connect_to(&self, node: &Server) -> RedisResult<MultiplexedConnection> {
        let client = client_of(node, &self.servers.url.login, self.servers.place())?;
        let settings = settings(self.answers_within);
        let mut connection = client.get_multiplexed_async_connection_with_config(&settings).await?;
        redis::cmd("EXISTS").arg(&self.key).query_async::<()>(&mut connection).await?;
        Ok(connection)
    }
}

/// A connection for several that send at once: none waits for another's answer.
pub(crate) struct SharedWire(Mutex<Wire>);

impl SharedWire {
    pub(crate) fn new(servers: Arc<Servers>, key: String, answers_within: Duration) -> Self {
        Self(Mutex::new(Wire::new(servers, key, answers_within)))
    }

    /// Sends a command.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, StoreError> {
        let mut connection = self.0.lock().await.connected().await?;
        let answer = command.query_async(&mut connection).await;
        self.0.lock().await.checked(answer)
    }
}

fn redirection(error: &RedisError) -> Option<Server> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    Some(Server { host: host.to_owned(), port: port.parse().ok()? })
}
