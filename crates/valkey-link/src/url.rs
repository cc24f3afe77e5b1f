//! Where the store is, in one line.
//!
//! ```text
//! valkey://[user[:password]@]host[:port]
//! valkey-sentinel://[user[:password]@]host[:port][,host[:port]…]/service[?sentinel=user:password]
//! valkey-cluster://[user[:password]@]host[:port][,host[:port]…]
//! ```
//! `valkeys…` instead of `valkey…` means TLS; `redis` and `rediss` are understood as well. Reserved
//! characters in a user or password are percent-encoded.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A server's host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// How the servers stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Standalone(Server),
    /// A primary that Sentinels name.
    Sentinel {
        /// The Sentinels.
        sentinels: Vec<Server>,
        /// The name under which they know the primary.
        service: String,
        /// How to log in at the Sentinels.
        login: Login,
    },
    /// A Cluster, by some of its nodes.
    Cluster(Vec<Server>),
}

/// A user and password, either of which may be missing. Never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The ACL user; the default one if missing.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
}

/// A parsed store url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// The servers.
    pub topology: Topology,
    /// Is everything encrypted?
    pub tls: bool,
    /// How to log in at the servers.
    pub login: Login,
}

/// Why a text is no store url. Never shows what stands before the `@`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreUrlError {
    /// It starts with something else.
    #[error(
        "store url has scheme {0:?}; expected valkey, valkey-sentinel or valkey-cluster, with an s \
         behind valkey for TLS"
    )]
    Scheme(String),
    /// There is no scheme at all.
    #[error("store url has no scheme; expected for example valkey://127.0.0.1:6379")]
    NoScheme,
    /// A server has no host, or a port that is none.
    #[error("store url names server {0:?}; expected host or host:port")]
    Server(String),
    /// The Sentinel url does not say which primary.
    #[error("store url for Sentinel names no service; expected …/service at its end")]
    NoService,
    /// Something follows where nothing should.
    #[error("store url ends in {0:?}, which means nothing here; remove it")]
    Trailing(String),
    /// A user or password is not correctly percent-encoded.
    #[error("store url has a user or password that is not percent-encoded UTF-8")]
    Encoding,
}

enum Kind {
    Standalone,
    Sentinel,
    Cluster,
}

fn scheme(text: &str) -> Result<(Kind, bool), StoreUrlError> {
    let (product, kind) = match text.split_once('-') {
        None => (text, Kind::Standalone),
        Some((product, "sentinel")) => (product, Kind::Sentinel),
        Some((product, "cluster")) => (product, Kind::Cluster),
        Some(_) => return Err(StoreUrlError::Scheme(text.to_owned())),
    };
    match product {
        "valkey" | "redis" => Ok((kind, false)),
        "valkeys" | "rediss" => Ok((kind, true)),
        _ => Err(StoreUrlError::Scheme(text.to_owned())),
    }
}

fn servers(text: &str, default_port: u16) -> Result<Vec<Server>, StoreUrlError> {
    text.split(',').map(|one| server(one, default_port)).collect()
}

fn server(text: &str, default_port: u16) -> Result<Server, StoreUrlError> {
    let wrong = || StoreUrlError::Server(text.to_owned());
    let is_bare_ipv6 = text.starts_with('[') && text.ends_with(']');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !is_bare_ipv6 => (host, port.parse().map_err(|_| wrong())?),
        Some(_) | None => (text, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains(['/', '?', '#', ' ']) {
        return Err(wrong());
    }
    Ok(Server { host: host.to_owned(), port })
}

fn login(text: &str) -> Result<Login, StoreUrlError> {
    let decoded = |part: &str| match percent_decode_str(part).decode_utf8() {
        Ok(part) if part.is_empty() => Ok(None),
        Ok(part) => Ok(Some(part.into_owned())),
        Err(_) => Err(StoreUrlError::Encoding),
    };
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Ok(Login { user: decoded(user)?, password: decoded(password)? })
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let (scheme_text, rest) = text.split_once("://").ok_or(StoreUrlError::NoScheme)?;
        let (kind, tls) = scheme(scheme_text)?;
        let (credentials, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let login = login(credentials)?;
        let (hosts, tail) = match rest.find(['/', '?']) {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, ""),
        };
        let topology = match kind {
            Kind::Standalone => {
                ensure_nothing(tail)?;
                Topology::Standalone(server(hosts, 6379)?)
            }
            Kind::Cluster => {
                ensure_nothing(tail)?;
                Topology::Cluster(servers(hosts, 6379)?)
            }
            Kind::Sentinel => sentinel(hosts, tail)?,
        };
        Ok(Self { topology, tls, login })
    }
}

fn ensure_nothing(tail: &str) -> Result<(), StoreUrlError> {
    match tail {
        "" | "/" | "/0" => Ok(()),
        _ => Err(StoreUrlError::Trailing(tail.to_owned())),
    }
}

fn sentinel(hosts: &str, tail: &str) -> Result<Topology, StoreUrlError> {
    let (service, query) = tail.split_once('?').unwrap_or((tail, ""));
    let service = service.trim_start_matches('/');
    if service.is_empty() {
        return Err(StoreUrlError::NoService);
    }
    let login = match query.split_once('=') {
        None if query.is_empty() => Login::default(),
        Some(("sentinel", text)) => login(text)?,
        Some((name, _)) => return Err(StoreUrlError::Trailing(format!("?{name}"))),
        None => return Err(StoreUrlError::Trailing(format!("?{query}"))),
    };
    let service = service.to_owned();
    Ok(Topology::Sentinel { sentinels: servers(hosts, 26379)?, service, login })
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// For people: where the store is, without credentials.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.tls { "s" } else { "" };
        let list = |servers: &[Server]| {
            let texts: Vec<_> = servers.iter().map(Server::to_string).collect();
            texts.join(",")
        };
        match &self.topology {
            Topology::Standalone(server) => write!(f, "valkey{s}://{server}"),
            Topology::Cluster(nodes) => write!(f, "valkey{s}-cluster://{}", list(nodes)),
            Topology::Sentinel { sentinels, service, .. } => {
                write!(f, "valkey{s}-sentinel://{}/{service}", list(sentinels))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> StoreUrl {
        text.parse().unwrap()
    }

    #[test]
    fn every_topology_has_its_form() {
        for (text, shown) in [
            ("valkey://localhost", "valkey://localhost:6379"),
            ("redis://192.0.2.1:7000/0", "valkey://192.0.2.1:7000"),
            ("rediss://[::1]:7000", "valkeys://::1:7000"),
            ("valkey://[::1]", "valkey://::1:6379"),
            ("valkey-cluster://a:1,b", "valkey-cluster://a:1,b:6379"),
            ("valkeys-sentinel://a,b:2/main", "valkeys-sentinel://a:26379,b:2/main"),
        ] {
            assert_eq!(parsed(text).to_string(), shown);
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let url = parsed("valkey-sentinel://bo%40b:p%3Aw@h/main?sentinel=s:secret");
        assert_eq!(url.login.user.as_deref(), Some("bo@b"));
        assert_eq!(url.login.password.as_deref(), Some("p:w"));
        let shown = format!("{url} {url:?}");
        assert!(!shown.contains("p:w") && !shown.contains("secret"), "{shown}");
        assert_eq!(parsed("valkey://:pw@h").login.user, None);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_without_the_password() {
        for (text, said) in [
            ("localhost:6379", "no scheme"),
            ("http://h", r#"scheme "http""#),
            ("valkey-ring://h", r#"scheme "valkey-ring""#),
            ("valkey://", r#"server """#),
            ("valkey://u:hunter2@h:port", r#"server "h:port""#),
            ("valkey://u:hunter2@h/5", r#"ends in "/5""#),
            ("valkey-sentinel://h", "names no service"),
            ("valkey-sentinel://h/main?user=x", r#"ends in "?user""#),
            ("valkey://u:%ff@h", "not percent-encoded"),
        ] {
            let error = text.parse::<StoreUrl>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
    }
}
