//! Real servers for tests: Valkey and Redis, alone, with Sentinels, as a Cluster.
//!
//! They listen on loopback, on ports that were free a moment ago, keep their files in a folder of
//! their own, and end when they are dropped, or when the process that started them dies in whatever
//! way. Which binaries are run is said by `BATON_TEST_VALKEY` and `BATON_TEST_REDIS`;
//! `scripts/servers` installs them.

mod cluster;
mod sentinel;
mod server;
mod tls;

use std::{env, net::TcpListener, path::PathBuf};

pub use cluster::Cluster;
pub use sentinel::SentinelTrio;
pub use server::Server;

/// Which program to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Valkey, from `BATON_TEST_VALKEY`.
    Valkey,
    /// Redis 7, from `BATON_TEST_REDIS`; it was built with TLS.
    Redis,
}

impl Program {
    /// Where it is.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn path(self) -> PathBuf {
        let (variable, fallback) = match self {
            Self::Valkey => ("BATON_TEST_VALKEY", "valkey-server"),
            Self::Redis => ("BATON_TEST_REDIS", "redis-server"),
        };
        if let Some(path) = env::var_os(variable) {
            return PathBuf::from(path);
        }
        let folders = env::var_os("PATH").unwrap_or_default();
        let mut candidates = env::split_paths(&folders).map(|folder| folder.join(fallback));
        candidates.find(|path| path.is_file()).unwrap_or_else(|| {
            panic!(
                "{variable} is not set and there is no {fallback}; run scripts/test, or eval \
                    \"$(scripts/servers)\" first"
            )
        })
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener.local_addr().expect("a bound listener has an address").port()
}
