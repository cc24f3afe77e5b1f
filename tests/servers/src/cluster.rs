//! A Cluster of three primaries, each with a third of the slots, with a replica each if wanted.

use crate::{Program, Server, free_port, sentinel::until};

/// Three primaries, with or without replicas. Dropping it kills them all.
#[derive(Debug)]
pub struct Cluster {
    primaries: Vec<Server>,
    replicas: Vec<Server>,
}

impl Cluster {
    /// Starts three primaries and waits until the Cluster takes commands.
    #[must_use]
    pub fn start(program: Program) -> Self {
        Self::start_of(program, 0)
    }

    /// Starts three primaries, each with a replica that takes over when it dies.
    #[must_use]
    pub fn start_with_replicas(program: Program) -> Self {
        Self::start_of(program, 3)
    }

    fn start_of(program: Program, replicas: usize) -> Self {
        let start = |count| (0..count).map(|_| start_node(program)).collect::<Vec<_>>();
        let cluster = Self { primaries: start(3), replicas: start(replicas) };
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in cluster.primaries.iter().zip(ranges) {
            must(node, &["CLUSTER", "ADDSLOTSRANGE", first, last]);
        }
        for other in cluster.nodes().skip(1) {
            let (port, bus) = (other.port().to_string(), bus_port(other));
            must(&cluster.primaries[0], &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        cluster.wait_until_complete();
        for (replica, primary) in cluster.replicas.iter().zip(&cluster.primaries) {
            let id: String = primary.command(&["CLUSTER", "MYID"]).expect("an id");
            must(replica, &["CLUSTER", "REPLICATE", &id]);
            until("a replica follows its primary", || {
                let info: Result<String, _> = replica.command(&["INFO", "replication"]);
                info.is_ok_and(|info| info.contains("master_link_status:up"))
            });
        }
        cluster
    }

    /// How to reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let ports: Vec<_> = self.nodes().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("valkey-cluster://{}", ports.join(","))
    }

    /// Its nodes, primaries first.
    pub fn nodes(&self) -> impl Iterator<Item = &Server> {
        self.primaries.iter().chain(&self.replicas)
    }

    /// Kills the primary that holds a key, and waits until its replica takes writes.
    pub fn fail_over(&mut self, key: &str) {
        let slot: u16 = self.primaries[0].command(&["CLUSTER", "KEYSLOT", key]).expect("a slot");
        let place = usize::from(slot / 5_461);
        self.primaries[place].kill();
        let replica = &self.replicas[place];
        until("the replica takes over", || {
            let role: Result<Vec<redis::Value>, _> = replica.command(&["ROLE"]);
            let is_primary = redis::Value::BulkString(b"master".to_vec());
            role.is_ok_and(|role| role.first() == Some(&is_primary)) && is_complete(replica)
        });
    }

    fn wait_until_complete(&self) {
        let known = format!("cluster_known_nodes:{}", self.nodes().count());
        for node in self.nodes() {
            until("a node knows the whole Cluster", || {
                let info: Result<String, _> = node.command(&["CLUSTER", "INFO"]);
                info.is_ok_and(|info| info.contains(&known)) && is_complete(node)
            });
        }
    }
}

fn is_complete(node: &Server) -> bool {
    let info: Result<String, _> = node.command(&["CLUSTER", "INFO"]);
    info.is_ok_and(|info| info.contains("cluster_state:ok"))
}

fn must(node: &Server, words: &[&str]) {
    let done: String = node.command(words).expect("an answer");
    assert_eq!(done, "OK", "{words:?}");
}

fn start_node(program: Program) -> Server {
    let bus = free_port().to_string();
    Server::start(
        program,
        &["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"],
    )
}

fn bus_port(node: &Server) -> String {
    let answer: Vec<String> = node.command(&["CONFIG", "GET", "cluster-port"]).expect("a setting");
    answer[1].clone()
}
