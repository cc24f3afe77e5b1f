//! Whether the store is safe at this moment is asked of real servers that lose what they need.

mod support;

use std::time::{Duration, Instant};

use baton_store::{Membership, Safety};
use baton_store_valkey::Valkey;
use baton_test_servers::{Cluster, Program, SentinelTrio, Server};
use support::{open, open_at};

/// How long a server may take to notice. Only one that never does is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the store is unsafe; the reason.
async fn until_unsafe(store: &Valkey) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match store.safety().await {
            Ok(Safety::Unsafe { reason }) => {
                assert!(!reason.contains('\n'), "{reason:?}");
                return reason;
            }
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn until_safe(store: &Valkey) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = store.safety().await;
        if now == Ok(Safety::Safe) {
            return;
        }
        assert!(Instant::now() < deadline, "{now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_server_that_would_refuse_a_write_is_unsafe_and_says_what_to_do() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let store = open_at(&server).await;
        assert_eq!(store.safety().await, Ok(Safety::Safe));
        for (name, bad, good, said) in [
            ("min-replicas-to-write", "1", "0", "bring its replicas back"),
            ("maxmemory", "1", "0", "raise maxmemory"),
        ] {
            server.command::<()>(&["CONFIG", "SET", name, bad]).expect("set");
            let reason = until_unsafe(&store).await;
            assert!(reason.contains(&format!("127.0.0.1:{}", server.port())), "where: {reason}");
            assert!(reason.contains(said), "what to do: {reason}");
            server.command::<()>(&["CONFIG", "SET", name, good]).expect("set");
            assert_eq!(store.safety().await, Ok(Safety::Safe));
        }
        let keys: i64 = server.command(&["DBSIZE"]).expect("a count");
        assert_eq!(keys, 0, "nothing was written to find out");
        server.command::<()>(&["FUNCTION", "FLUSH"]).expect("flushed");
        assert_eq!(store.safety().await, Ok(Safety::Safe), "the library is loaded again");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_safe_and_keeps_nobody_waiting() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    server.freeze();
    let safety = store.safety().await;
    assert!(safety.is_err(), "{safety:?}");
    server.thaw();
    until_safe(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_is_safe_while_its_replicas_and_most_sentinels_are_there() {
    let trio = SentinelTrio::start(Program::Valkey);
    let store = open(&trio.url()).await;
    until_safe(&store).await;
    let sentinels: Vec<_> = trio.sentinels().collect();
    sentinels[0].freeze();
    until_safe(&store).await;
    sentinels[1].freeze();
    let reason = until_unsafe(&store).await;
    assert!(reason.contains("1 of 3 Sentinels") || reason.contains("0 of 3"), "{reason}");
    assert!(reason.contains("see that they run and can be reached"), "{reason}");
    sentinels[0].thaw();
    sentinels[1].thaw();
    until_safe(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_the_sentinels_have_replaced_is_safe_once_it_is_followed() {
    let mut trio = SentinelTrio::start(Program::Valkey);
    let store = open(&trio.url()).await;
    until_safe(&store).await;
    trio.fail_over();
    until_safe(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_safe_while_it_has_all_its_slots() {
    let cluster = Cluster::start(Program::Valkey);
    let store = open(&cluster.url()).await;
    until_safe(&store).await;
    let node = cluster.nodes().nth(1).expect("a node");
    node.command::<()>(&["CLUSTER", "DELSLOTS", "5461"]).expect("gone");
    let reason = until_unsafe(&store).await;
    assert!(reason.contains("cluster_state:fail"), "{reason}");
    node.command::<()>(&["CLUSTER", "ADDSLOTS", "5461"]).expect("back");
    until_safe(&store).await;
}
