//! A Cluster of three primaries, each with a third of the slots.

use crate::{Program, Server, free_port, sentinel::until};

/// Three primaries. Dropping it kills them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts them and waits until the Cluster takes commands.
    #[must_use]
    pub fn start(program: Program) -> Self {
        let nodes: Vec<_> = (0..3).map(|_| start_node(program)).collect();
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in nodes.iter().zip(ranges) {
            let done: String =
                node.command(&["CLUSTER", "ADDSLOTSRANGE", first, last]).expect("slots");
            assert_eq!(done, "OK");
        }
        for other in &nodes[1..] {
            let (port, bus) = (other.port().to_string(), bus_port(other));
            let words = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus];
            let done: String = nodes[0].command(&words).expect("a meeting");
            assert_eq!(done, "OK");
        }
        let cluster = Self { nodes };
        cluster.wait_until_complete();
        cluster
    }

    /// How to reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let ports: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("valkey-cluster://{}", ports.join(","))
    }

    /// Its nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    fn wait_until_complete(&self) {
        for node in &self.nodes {
            until("a node finds the Cluster complete", || {
                let info: Result<String, _> = node.command(&["CLUSTER", "INFO"]);
                info.is_ok_and(|info| {
                    info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
                })
            });
        }
    }
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
