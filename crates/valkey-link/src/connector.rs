//! Connecting, by what a url says.

use std::time::Duration;

use baton_model::limits::{APPEND_TIMEOUT, STORE_CONNECT_TIMEOUT, STORE_NODE_CONNECT_TIMEOUT};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisResult, TlsCertificates,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use rustls::crypto::ring;

use crate::{Login, Server, StoreUrl, Topology};

/// Which servers, and whom to trust there.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The servers and how to log in.
    pub url: &'a StoreUrl,
    /// Certificates to trust with TLS, as PEM; the web's roots if none.
    pub ca_pem: Option<&'a [u8]>,
}

/// Finds the server and connects to it.
pub enum Connector {
    /// There is one.
    Standalone(Box<Client>),
    /// Sentinels say which.
    Sentinel(Box<SentinelClient>),
    /// It depends on the key.
    Cluster(Box<ClusterClient>),
}

/// A connection to one server, or to those of a Cluster.
#[derive(Clone)]
pub enum Link {
    /// To one server.
    Single(MultiplexedConnection),
    /// To those of a Cluster.
    Cluster(ClusterConnection),
}

impl Connector {
    /// Who finds the server that a url names. Nothing is connected to yet.
    ///
    /// # Errors
    /// If the client takes the url or the certificates for nonsense.
    pub fn new(place: Place<'_>) -> RedisResult<Self> {
        ensure_crypto_provider();
        match &place.url.topology {
            Topology::Standalone(server) => {
                Ok(Self::Standalone(Box::new(client_of(server, &place.url.login, place)?)))
            }
            Topology::Cluster(nodes) => Ok(Self::Cluster(Box::new(cluster(nodes, place)?))),
            Topology::Sentinel { sentinels, service, login } => {
                let addresses = sentinels.iter().map(|server| address(server, place.url.tls));
                let builder =
                    SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
                let builder = with_certificates(builder, place);
                let builder = with_logins(builder, &place.url.login, login);
                Ok(Self::Sentinel(Box::new(builder.build()?)))
            }
        }
    }

    /// Connects to whoever is the primary at this moment.
    ///
    /// # Errors
    /// What the connection or a Sentinel says.
    pub async fn connect(&mut self, answers_within: Duration) -> RedisResult<Link> {
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

impl Place<'_> {
    /// The server that is the primary at this moment. In a Cluster it depends on the key.
    ///
    /// # Errors
    /// What a Sentinel says, or the client of what it is to ask.
    pub async fn primary(self) -> RedisResult<Server> {
        if let Topology::Standalone(server) = &self.url.topology {
            return Ok(server.clone());
        }
        let Connector::Sentinel(mut sentinels) = Connector::new(self)? else {
            return Err((ErrorKind::InvalidClientConfig, "a Cluster has several primaries").into());
        };
        let client = sentinels.async_get_client().await?;
        let address = client.get_connection_info().addr();
        if let ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } = address
        {
            return Ok(Server { host: host.clone(), port: *port });
        }
        Err((ErrorKind::InvalidClientConfig, "a Sentinel's answer is no TCP address").into())
    }
}

/// How a connection behaves that has to answer in this time.
#[must_use]
pub fn settings(answers_within: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(STORE_CONNECT_TIMEOUT))
        .set_response_timeout(Some(answers_within))
}

/// A client of one server.
///
/// # Errors
/// If the client takes the address or the certificates for nonsense.
pub fn client_of(server: &Server, login: &Login, place: Place<'_>) -> RedisResult<Client> {
    let info = info(server, place.url.tls, login)?;
    match place.url.tls {
        true => Client::build_with_tls(info, certificates(place)),
        false => Client::open(info),
    }
}

/// Installs the process-wide crypto provider, unless the binary has done so already.
///
/// The clients panic without one, and there may be only one.
pub fn ensure_crypto_provider() {
    // An error means that there is one already, which is just as well.
    drop(ring::default_provider().install_default());
}

fn cluster(nodes: &[Server], place: Place<'_>) -> RedisResult<ClusterClient> {
    let nodes = nodes.iter().map(|node| info(node, place.url.tls, &place.url.login));
    let mut builder = ClusterClientBuilder::new(nodes.collect::<RedisResult<Vec<_>>>()?)
        .retries(0)
        .connection_timeout(STORE_NODE_CONNECT_TIMEOUT)
        .response_timeout(APPEND_TIMEOUT);
    if place.url.tls {
        builder = builder.certs(certificates(place));
    }
    builder.build()
}

fn certificates(place: Place<'_>) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: place.ca_pem.map(<[u8]>::to_vec) }
}

fn with_certificates(builder: SentinelClientBuilder, place: Place<'_>) -> SentinelClientBuilder {
    if !place.url.tls {
        return builder;
    }
    builder
        .set_client_to_redis_tls_mode(redis::TlsMode::Secure)
        .set_client_to_redis_certificates(certificates(place))
        .set_client_to_sentinel_certificates(certificates(place))
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
