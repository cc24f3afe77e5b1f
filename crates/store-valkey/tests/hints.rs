//! A hearing outlives what happens to its connection and to its server.

mod support;

use std::time::{Duration, Instant};

use baton_store::{Hearing, Hints, Unhappy};
use baton_store_valkey::{HintHearing, Valkey};
use baton_test_servers::{Cluster, Program, SentinelTrio, Server};
use bytes::Bytes;
use support::{open, open_at};

/// How long is told until it is heard. Only a hint that is never heard is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long is waited for a hint before it is told again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Where the fleet's channels lie in a Cluster.
const CHANNEL: &str = "baton:{main}:hints";

async fn tell_until_heard(store: &Valkey, hearing: &mut HintHearing, hint: &'static str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Err(error) = store.tell(Bytes::from_static(hint.as_bytes())).await {
            assert!(error.is_retryable(), "{error}");
        }
        let heard = tokio::time::timeout(AGAIN_AFTER, until_heard(hearing, hint)).await;
        if heard.is_ok() {
            return;
        }
        assert!(Instant::now() < deadline, "{hint:?} is never heard");
    }
}

async fn until_heard(hearing: &mut HintHearing, wanted: &str) {
    while hearing.next().await.expect("the store is open") != wanted {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hearing_outlives_its_connection() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let mut hearing = store.hear().await.expect("heard");
    tell_until_heard(&store, &mut hearing, "before").await;
    let killed: i64 = server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).expect("killed");
    assert_eq!(killed, 1, "the hearing's connection");
    tell_until_heard(&store, &mut hearing, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hearing_outlives_a_failover() {
    let mut sentinels = SentinelTrio::start(Program::Valkey);
    let store = open(&sentinels.url()).await;
    let mut hearing = store.hear().await.expect("heard");
    tell_until_heard(&store, &mut hearing, "before").await;
    sentinels.fail_over();
    tell_until_heard(&store, &mut hearing, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hearing_outlives_a_failover_of_its_node_in_a_cluster() {
    let mut cluster = Cluster::start_with_replicas(Program::Valkey);
    let store = open(&cluster.url()).await;
    let mut hearing = store.hear().await.expect("heard");
    tell_until_heard(&store, &mut hearing, "before").await;
    cluster.fail_over(CHANNEL);
    tell_until_heard(&store, &mut hearing, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hearing_outlives_a_server_that_ends_it_and_keeps_the_connection() {
    let cluster = Cluster::start(Program::Valkey);
    let store = open(&cluster.url()).await;
    let mut hearing = store.hear().await.expect("heard");
    tell_until_heard(&store, &mut hearing, "before").await;
    let subscribers = |node: &Server| {
        let words = ["PUBSUB", "SHARDNUMSUB", CHANNEL];
        let counted: (String, u32) = node.command(&words).expect("a count");
        counted.1
    };
    let node = cluster.nodes().find(|node| subscribers(node) == 1).expect("its node");
    let slot: u16 = node.command(&["CLUSTER", "KEYSLOT", CHANNEL]).expect("a slot");
    for word in ["DELSLOTS", "ADDSLOTS"] {
        node.command::<()>(&["CLUSTER", word, &slot.to_string()]).expect("changed");
    }
    assert_eq!(subscribers(node), 0, "the server has ended the subscription");
    tell_until_heard(&store, &mut hearing, "after").await;
}
