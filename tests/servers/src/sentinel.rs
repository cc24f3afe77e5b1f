//! A primary with two replicas, and three Sentinels that watch over it.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{Program, Server, server::command_at};

/// The name under which the Sentinels know the primary.
const SERVICE: &str = "main";

/// How long anything may take. Only what never happens is an error.
const PATIENCE: Duration = Duration::from_secs(90);

/// Three servers and three Sentinels. Dropping it kills them all.
#[derive(Debug)]
pub struct SentinelTrio {
    servers: Vec<Server>,
    sentinels: Vec<Server>,
}

impl SentinelTrio {
    /// Starts them and waits until everybody knows everybody.
    #[must_use]
    pub fn start(program: Program) -> Self {
        let primary = Server::start(program, &settings(None));
        let port = primary.port().to_string();
        let replica = || Server::start(program, &settings(Some(&port)));
        let servers = vec![primary, replica(), replica()];
        let sentinel = || {
            Server::start_in(program, &["{dir}/sentinel.conf", "--sentinel"], |folder| {
                write_sentinel_file(folder, &port);
            })
        };
        let sentinels = (0..3).map(|_| sentinel()).collect();
        let trio = Self { servers, sentinels };
        trio.wait_until_complete();
        trio
    }

    /// How to reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let ports: Vec<_> =
            self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port())).collect();
        format!("valkey-sentinel://{}/{SERVICE}", ports.join(","))
    }

    /// The port of the server that is the primary by the Sentinels' word.
    #[must_use]
    pub fn primary_port(&self) -> u16 {
        let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE];
        let address: Vec<String> = self.sentinels[0].command(&words).expect("a Sentinel answers");
        address[1].parse().expect("a port")
    }

    /// The server that is the primary by the Sentinels' word.
    pub fn primary(&mut self) -> &mut Server {
        let port = self.primary_port();
        let found = self.servers.iter_mut().find(|server| server.port() == port);
        found.expect("the primary is one of ours")
    }

    /// The servers that follow the primary at this moment.
    pub fn replicas(&self) -> impl Iterator<Item = &Server> {
        let primary = self.primary_port();
        self.servers.iter().filter(move |server| server.port() != primary)
    }

    /// The Sentinels.
    pub fn sentinels(&self) -> impl Iterator<Item = &Server> {
        self.sentinels.iter()
    }

    /// Kills the primary (SIGKILL) and waits until another one takes writes.
    pub fn fail_over(&mut self) {
        let old = self.primary_port();
        self.primary().kill();
        self.wait_for_another_primary(old);
    }

    /// Waits until a server other than `old` takes writes.
    pub fn wait_for_another_primary(&self, old: u16) {
        until("another primary takes writes", || {
            let port = self.primary_port();
            port != old
                && command_at::<Vec<redis::Value>>(port, &["ROLE"]).is_ok_and(|role| {
                    role.first() == Some(&redis::Value::BulkString(b"master".to_vec()))
                })
        });
    }

    fn wait_until_complete(&self) {
        until("two replicas follow", || {
            let info: Result<String, _> = self.servers[0].command(&["INFO", "replication"]);
            info.is_ok_and(|info| {
                info.contains("connected_slaves:2") && info.matches("state=online").count() == 2
            })
        });
        for sentinel in &self.sentinels {
            until("a Sentinel knows everybody", || {
                let info: Result<String, _> = sentinel.command(&["INFO", "sentinel"]);
                info.is_ok_and(|info| {
                    info.contains("status=ok,") && info.contains("slaves=2,sentinels=3")
                })
            });
        }
    }
}

fn settings(primary: Option<&str>) -> Vec<&str> {
    let mut settings = vec!["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
    if let Some(port) = primary {
        settings.extend(["--replicaof", "127.0.0.1", port]);
    }
    settings
}

fn write_sentinel_file(folder: &Path, primary: &str) {
    let text = format!(
        "sentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n\
         sentinel down-after-milliseconds {SERVICE} 1000\n\
         sentinel failover-timeout {SERVICE} 10000\n\
         sentinel parallel-syncs {SERVICE} 2\n"
    );
    fs::write(folder.join("sentinel.conf"), text).expect("a file in our own folder");
}

pub(crate) fn until(what: &str, is_true: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
