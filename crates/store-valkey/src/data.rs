//! The data path: events and commands. Over redis, whose explicit pipelines cost a third of the
//! CPU.
//!
//! One multiplexed connection, made anew whenever anything about it is in doubt: it broke, it did
//! not answer in time, or the server behind it is no longer the primary. Making it anew asks the
//! Sentinels or the Cluster where to go. Nothing is repeated here; the caller does that, because
//! only it knows in which order.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use baton_model::limits::{APPEND_TIMEOUT, STORE_CONNECT_PAUSE, STORE_CONNECT_TIMEOUT};
use baton_store::{StoreError, Unhappy};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    Pipeline, RedisConnectionInfo, RedisResult, TlsCertificates,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    ValkeyConfig,
    reply::{Reply, redis_error},
    tls,
    url::{Login, Server, Topology},
};

/// Finds the server and connects to it.
pub(crate) enum Connector {
    Standalone(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

/// A connection to one server, or to those of a Cluster.
#[derive(Clone)]
pub(crate) enum Link {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

struct State {
    connector: Connector,
    link: Option<(u64, Link)>,
    last_failure: Option<(Instant, StoreError)>,
}

/// The connection of the data path.
pub(crate) struct Data {
    state: Mutex<State>,
    next_link: AtomicU64,
}

impl Data {
    /// Prepares the connection; it is made with the first request.
    pub(crate) fn new(config: &ValkeyConfig) -> Result<Self, StoreError> {
        tls::ensure_crypto_provider();
        let connector = connector(config).map_err(|error| redis_error(&error))?;
        let state = State { connector, link: None, last_failure: None };
        Ok(Self { state: Mutex::new(state), next_link: AtomicU64::new(0) })
    }

    /// Sends commands in one go; each has its own answer. All keys must lie in one slot.
    pub(crate) async fn send(
        &self,
        pipeline: &mut Pipeline,
    ) -> Result<Vec<Result<Reply, StoreError>>, StoreError> {
        let (number, mut link) = self.link().await?;
        pipeline.ignore_errors();
        let answers: RedisResult<Vec<RedisResult<redis::Value>>> = match &mut link {
            Link::Single(connection) => pipeline.query_async(connection).await,
            Link::Cluster(connection) => pipeline.query_async(connection).await,
        };
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => {
                self.discard(number).await;
                return Err(redis_error(&error));
            }
        };
        let replies: Vec<_> = answers
            .into_iter()
            .map(|answer| match answer {
                Ok(value) => Reply::try_from(value),
                Err(error) => Err(redis_error(&error)),
            })
            .collect();
        let is_doubtful = |reply: &Result<_, StoreError>| match reply {
            Ok(_) => false,
            Err(error) => error.is_retryable(),
        };
        if replies.iter().any(is_doubtful) {
            self.discard(number).await;
        }
        Ok(replies)
    }

    /// Sends one command.
    pub(crate) async fn send_one(&self, command: Cmd) -> Result<Reply, StoreError> {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(command);
        let answer = self.send(&mut pipeline).await?.pop();
        answer.unwrap_or_else(|| Err(StoreError::unknown("no answer")))
    }

    async fn link(&self) -> Result<(u64, Link), StoreError> {
        let mut state = self.state.lock().await;
        if let Some(link) = &state.link {
            return Ok(link.clone());
        }
        if let Some((at, error)) = &state.last_failure
            && at.elapsed() < STORE_CONNECT_PAUSE
        {
            return Err(error.clone());
        }
        let attempt =
            tokio::time::timeout(STORE_CONNECT_TIMEOUT, state.connector.connect(APPEND_TIMEOUT))
                .await;
        let attempt = match attempt {
            Ok(connected) => connected.map_err(|error| not_connected(&error)),
            Err(_) => Err(StoreError::unavailable("no connection in time")),
        };
        match attempt {
            Ok(link) => {
                let number = self.next_link.fetch_add(1, Ordering::Relaxed);
                state.link = Some((number, link.clone()));
                state.last_failure = None;
                Ok((number, link))
            }
            Err(error) => {
                state.last_failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Gives a connection up, unless somebody has made a new one meanwhile.
    async fn discard(&self, number: u64) {
        let mut state = self.state.lock().await;
        if state.link.as_ref().is_some_and(|(current, _)| *current == number) {
            state.link = None;
        }
    }
}

/// Connecting asks nothing of the store, so a failure leaves nothing unknown.
pub(crate) fn not_connected(error: &redis::RedisError) -> StoreError {
    let failure = redis_error(error);
    if failure.outcome_unknown() {
        return StoreError::unavailable(error.to_string());
    }
    failure
}

impl Connector {
    pub(crate) async fn connect(&mut self, answers_within: Duration) -> RedisResult<Link> {
        let config = settings(answers_within);
        match self {
            Self::Standalone(client) => {
                let connection = client.get_multiplexed_async_connection_with_config(&config).await;
                connection.map(Link::Single)
            }
            Self::Sentinel(sentinels) => {
                let connection = sentinels.get_async_connection_with_config(&config).await;
                connection.map(Link::Single)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Link::Cluster),
        }
    }
}

/// How a connection behaves that has to answer in this time.
pub(crate) fn settings(answers_within: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(STORE_CONNECT_TIMEOUT))
        .set_response_timeout(Some(answers_within))
}

/// Who finds the server that a config names.
pub(crate) fn connector(config: &ValkeyConfig) -> RedisResult<Connector> {
    let url = &config.url;
    match &url.topology {
        Topology::Standalone(server) => {
            Ok(Connector::Standalone(Box::new(client(server, &url.login, config)?)))
        }
        Topology::Cluster(nodes) => {
            let nodes = nodes.iter().map(|node| info(node, url.tls, &url.login));
            let mut builder = ClusterClientBuilder::new(nodes.collect::<RedisResult<Vec<_>>>()?)
                .retries(0)
                .connection_timeout(STORE_CONNECT_TIMEOUT)
                .response_timeout(APPEND_TIMEOUT);
            if url.tls {
                builder = builder.certs(certificates(config));
            }
            Ok(Connector::Cluster(Box::new(builder.build()?)))
        }
        Topology::Sentinel { sentinels, service, login } => {
            let addresses = sentinels.iter().map(|server| address(server, url.tls));
            let mut builder =
                SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
            if url.tls {
                builder = builder
                    .set_client_to_redis_tls_mode(redis::TlsMode::Secure)
                    .set_client_to_redis_certificates(certificates(config))
                    .set_client_to_sentinel_certificates(certificates(config));
            }
            builder = with_logins(builder, &url.login, login);
            Ok(Connector::Sentinel(Box::new(builder.build()?)))
        }
    }
}

/// A client of one server.
pub(crate) fn client(server: &Server, login: &Login, config: &ValkeyConfig) -> RedisResult<Client> {
    let tls = config.url.tls;
    let info = info(server, tls, login)?;
    match tls {
        true => Client::build_with_tls(info, certificates(config)),
        false => Client::open(info),
    }
}

fn certificates(config: &ValkeyConfig) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: config.ca_pem.clone() }
}

fn with_logins(
    mut builder: SentinelClientBuilder,
    server: &Login,
    sentinel: &Login,
) -> SentinelClientBuilder {
    if let Some(user) = &server.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &server.password {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(user) = &sentinel.user {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = &sentinel.password {
        builder = builder.set_client_to_sentinel_password(password);
    }
    builder
}

fn address(server: &Server, tls: bool) -> ConnectionAddr {
    let (host, port) = (server.host.clone(), server.port);
    match tls {
        true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        false => ConnectionAddr::Tcp(host, port),
    }
}

fn info(server: &Server, tls: bool, login: &Login) -> RedisResult<ConnectionInfo> {
    let mut settings = RedisConnectionInfo::default();
    if let Some(user) = &login.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &login.password {
        settings = settings.set_password(password);
    }
    Ok(address(server, tls).into_connection_info()?.set_redis_settings(settings))
}
