//! The control path: beats, claims, offers, permits. Over fred, whose one client type follows
//! Sentinel and Cluster.
//!
//! Everything here is rare and small. Every wait is bounded, and nothing is repeated behind the
//! caller's back: a command that got no answer is *unknown*, and the functions are made to be
//! called again.

use std::time::Duration;

use baton_model::limits::{
    HINTS_WAITING_MAX, STORE_ANSWER_TIMEOUT, STORE_CONNECT_TIMEOUT, STORE_RECONNECT_FIRST,
    STORE_RECONNECT_MAX, STORE_REQUESTS_WAITING_MAX, STORE_UNRESPONSIVE_MAX,
};
use baton_store::StoreError;
use baton_valkey_link::{MISSING_FUNCTION, Server, Topology, ensure_crypto_provider};
use bytes::Bytes;
use fred::{
    clients::{Client, SubscriberClient, WithOptions},
    interfaces::{ClientLike, ClusterInterface, FunctionInterface},
    types::{
        Builder, Value,
        cluster::ClusterRouting,
        config::{Config, Options, ReconnectPolicy, Server as FredServer, ServerConfig, TlsConfig},
    },
};

use crate::{
    ValkeyConfig, library,
    reply::{Reply, fred_error, nth},
    tls,
};

/// The client of the control path.
pub(crate) struct Control {
    client: Client,
    name: String,
    is_cluster: bool,
}

impl Control {
    /// Connects.
    pub(crate) async fn connect(config: &ValkeyConfig) -> Result<Self, StoreError> {
        let client = builder(config)?.build().map_err(|error| fred_error(&error))?;
        connect(&client, config).await?;
        let is_cluster = matches!(config.url.topology, Topology::Cluster(_));
        Ok(Self { client, name: config.url.to_string(), is_cluster })
    }

    /// Calls a function. Where a server does not know the library, it is loaded and the call made
    /// once more: the first one did nothing.
    pub(crate) async fn call<K, A>(
        &self,
        function: &'static str,
        keys: K,
        args: A,
    ) -> Result<Reply, StoreError>
    where
        K: IntoIterator<Item = String>,
        A: IntoIterator<Item = Bytes>,
    {
        let keys: Vec<String> = keys.into_iter().collect();
        let args: Vec<Bytes> = args.into_iter().collect();
        match self.call_once(function, keys.clone(), args.clone()).await {
            Err(StoreError::Unavailable { reason }) if reason == MISSING_FUNCTION => {
                self.ensure_library().await?;
                self.call_once(function, keys, args).await
            }
            answer => answer,
        }
    }

    async fn call_once(
        &self,
        function: &'static str,
        keys: Vec<String>,
        args: Vec<Bytes>,
    ) -> Result<Reply, StoreError> {
        let answer: Result<Value, _> = self.client.fcall(function, keys, args).await;
        answer.map(Reply::from).map_err(|error| fred_error(&error))
    }

    /// The client itself, for the few plain commands of the control path.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The primary of a Cluster that holds this key, as far as is known; none on other topologies.
    pub(crate) fn primary_of(&self, key: &str) -> Option<Server> {
        let slots = self.client.cached_cluster_state().filter(|_| self.is_cluster)?;
        let holder = slots.get_server(ClusterRouting::hash_key(key.as_bytes()))?;
        Some(Server { host: holder.host.to_string(), port: holder.port })
    }

    /// The servers that requests go to.
    pub(crate) fn connected_to(&self) -> Vec<Server> {
        let servers = self.client.active_connections().into_iter();
        servers.map(|server| Server { host: server.host.to_string(), port: server.port }).collect()
    }

    /// Every primary, by a name for errors and a client that speaks to just that one.
    pub(crate) fn primaries(&self) -> Vec<(String, WithOptions<Client>)> {
        let nodes = self.client.cached_cluster_state().map(|state| state.unique_primary_nodes());
        match nodes {
            Some(nodes) if self.is_cluster => {
                let named = |node: FredServer| {
                    (format!("{}:{}", node.host, node.port), self.client.with_cluster_node(node))
                };
                nodes.into_iter().map(named).collect()
            }
            Some(_) | None => {
                vec![(self.name.clone(), self.client.with_options(&Options::default()))]
            }
        }
    }

    /// Makes sure that the function library is on every primary and serves us. Where it is newer
    /// than ours it stays: another Baton may be calling what ours does not have.
    pub(crate) async fn ensure_library(&self) -> Result<(), StoreError> {
        for (_, node) in self.primaries() {
            ensure_library_on(&node).await?;
        }
        Ok(())
    }
}

/// Calls a function without keys on one server, which is given the library if it misses it.
pub(crate) async fn call_on(
    node: &WithOptions<Client>,
    function: &'static str,
) -> Result<Reply, StoreError> {
    match call_once_on(node, function).await {
        Err(StoreError::Unavailable { reason }) if reason == MISSING_FUNCTION => {
            ensure_library_on(node).await?;
            call_once_on(node, function).await
        }
        answer => answer,
    }
}

async fn call_once_on(
    node: &WithOptions<Client>,
    function: &'static str,
) -> Result<Reply, StoreError> {
    let nothing = Vec::<String>::new;
    let answer: Result<Value, _> = node.fcall(function, nothing(), nothing()).await;
    answer.map(Reply::from).map_err(|error| fred_error(&error))
}

async fn ensure_library_on(node: &WithOptions<Client>) -> Result<(), StoreError> {
    let verdict = match call_once_on(node, library::function::DESCRIBE).await {
        Ok(reply) => {
            let numbers = reply.list()?;
            library::judge(nth(numbers, 0)?.number()?, nth(numbers, 1)?.number()?)?
        }
        Err(StoreError::Unavailable { reason }) if reason == MISSING_FUNCTION => {
            library::Verdict::Replace
        }
        Err(error) => return Err(error),
    };
    match verdict {
        library::Verdict::Use => Ok(()),
        library::Verdict::Replace => {
            let loaded: Result<Value, _> = node.function_load(true, library::source()).await;
            loaded.map(drop).map_err(|error| fred_error(&error))
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        quit(self.client.clone());
    }
}

/// Ends a client; requests under way are answered first. fred's tasks would keep the connection
/// for ever.
pub(crate) fn quit<C: ClientLike + 'static>(client: C) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return; // The tasks have ended with their runtime.
    };
    runtime.spawn(async move {
        // Whatever is wrong with a connection that we close no longer matters.
        drop(client.quit().await);
    });
}

/// A client of its own for a subscription.
pub(crate) async fn subscriber(config: &ValkeyConfig) -> Result<SubscriberClient, StoreError> {
    let mut builder = builder(config)?;
    builder.with_performance_config(|performance| {
        performance.broadcast_channel_capacity = HINTS_WAITING_MAX;
    });
    let client = builder.build_subscriber_client();
    let client = client.map_err(|error| fred_error(&error))?;
    connect(&client, config).await?;
    Ok(client)
}

async fn connect<C: ClientLike + 'static>(
    client: &C,
    config: &ValkeyConfig,
) -> Result<(), StoreError> {
    let connecting = tokio::time::timeout(STORE_CONNECT_TIMEOUT, client.init()).await;
    let failure = match connecting {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => fred_error(&error),
        Err(_) => StoreError::unavailable("no connection in time"),
    };
    quit(client.clone());
    Err(match failure {
        // Nothing was asked yet, so nothing is unknown.
        StoreError::Unknown { reason } | StoreError::Unavailable { reason } => {
            StoreError::unavailable(format!("{} cannot be reached: {reason}", config.url))
        }
        StoreError::Refused { reason } => StoreError::refused(format!("{}: {reason}", config.url)),
        error @ (StoreError::Corrupt { .. } | StoreError::Newer { .. }) => error,
    })
}

fn builder(config: &ValkeyConfig) -> Result<Builder, StoreError> {
    ensure_crypto_provider();
    let mut builder = Builder::from_config(fred_config(config)?);
    builder
        .with_connection_config(|connection| {
            connection.connection_timeout = STORE_CONNECT_TIMEOUT;
            connection.internal_command_timeout = STORE_ANSWER_TIMEOUT;
            connection.max_command_attempts = 1;
            connection.max_command_buffer_len = STORE_REQUESTS_WAITING_MAX;
            connection.unresponsive.max_timeout = Some(STORE_UNRESPONSIVE_MAX);
            connection.tcp.nodelay = Some(true);
        })
        .with_performance_config(|performance| {
            performance.default_command_timeout = STORE_ANSWER_TIMEOUT;
        })
        .set_policy(ReconnectPolicy::new_exponential(
            0,
            millis(STORE_RECONNECT_FIRST),
            millis(STORE_RECONNECT_MAX),
            2,
        ));
    Ok(builder)
}

fn fred_config(config: &ValkeyConfig) -> Result<Config, StoreError> {
    let url = &config.url;
    let tls = match url.tls {
        true => Some(TlsConfig::from(tls::client_config(config.ca_pem.as_deref())?)),
        false => None,
    };
    Ok(Config {
        server: server_config(&url.topology),
        username: url.login.user.clone(),
        password: url.login.password.clone(),
        tls,
        ..Config::default()
    })
}

fn server_config(topology: &Topology) -> ServerConfig {
    let fred_server = |server: &Server| FredServer::new(server.host.clone(), server.port);
    match topology {
        Topology::Standalone(server) => ServerConfig::Centralized { server: fred_server(server) },
        Topology::Cluster(nodes) => ServerConfig::new_clustered(
            nodes.iter().map(|node| (node.host.clone(), node.port)).collect(),
        ),
        Topology::Sentinel { sentinels, service, login } => ServerConfig::Sentinel {
            hosts: sentinels.iter().map(fred_server).collect(),
            service_name: service.clone(),
            username: login.user.clone(),
            password: login.password.clone(),
        },
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
