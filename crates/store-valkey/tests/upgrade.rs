//! Two versions of Baton on one Valkey: the function library is replaced under traffic.

mod support;

use baton_model::Lane;
use baton_store::{
    Membership, ShardAddress, Unhappy,
    conformance::{Audit, Scope, live, stream},
};
use baton_test_servers::{Cluster, Program, Server};
use support::{Writer, open, open_at, seed};

/// The library as it is loaded, but describing itself by other numbers.
fn as_revision(server: &Server, number: u32, oldest_caller: u32) -> String {
    let code = loaded(server);
    let ours = format!("return {{ '{}', '1' }}", revision(server));
    assert_eq!(code.matches(&ours).count(), 1, "describe has changed: adapt this test");
    code.replace(&ours, &format!("return {{ '{number}', '{oldest_caller}' }}"))
}

/// The library as it is loaded.
fn loaded(server: &Server) -> String {
    let words = ["FUNCTION", "LIST", "LIBRARYNAME", "baton_1", "WITHCODE"];
    let listed: Vec<redis::Value> = server.command(&words).expect("the library");
    let redis::Value::Array(fields) = &listed[0] else { panic!("{listed:?}") };
    let code = fields.last().expect("its code");
    redis::from_redis_value(code.clone()).expect("text")
}

fn load(server: &Server, code: &str) {
    server.command::<String>(&["FUNCTION", "LOAD", "REPLACE", code]).expect("loaded");
}

fn revision(server: &Server) -> u32 {
    let described: Vec<String> =
        server.command(&["FCALL", "baton_1_describe", "0"]).expect("described");
    described[0].parse().expect("a number")
}

#[tokio::test]
async fn an_older_library_is_replaced_and_a_newer_one_that_serves_us_is_used() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let ours = revision(&server);

    load(&server, &as_revision(&server, ours - 1, 0));
    drop(open_at(&server).await);
    assert_eq!(revision(&server), ours, "replaced");

    load(&server, &as_revision(&server, ours + 1, 1));
    let newcomer = open_at(&server).await;
    assert_eq!(revision(&server), ours + 1, "used as it is");
    let scope = Scope::new(seed());
    let (hold, session) = live(&newcomer, &scope.shard(0), scope.instance(1)).await;
    Writer::new(store, hold, session).write_to(10).await;
}

#[tokio::test]
async fn a_library_from_before_there_were_intents_shows_the_rest() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let code = loaded(&server);
    let shown = "members, targets, intents }";
    assert_eq!(code.matches(shown).count(), 1, "poll has changed: adapt this test");
    load(&server, &code.replace(shown, "members, targets }"));
    let poll = store.poll().await.expect("polled");
    assert_eq!((poll.members.len(), poll.intents.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_library_is_loaded_where_it_is_missing_and_nowhere_else() {
    let cluster = Cluster::start(Program::Valkey);
    let store = open(&cluster.url()).await;
    let scope = Scope::new(seed());
    let nodes: Vec<_> = cluster.nodes().collect();
    let (first, others) = nodes.split_first().expect("a Cluster has nodes");
    let ours = revision(first);
    load(first, &as_revision(first, ours + 1, 1));
    for other in others {
        other.command::<()>(&["FUNCTION", "DELETE", "baton_1"]).expect("deleted");
    }
    // Lanes enough to meet every node.
    for lane in 0..16 {
        let shard = ShardAddress { lane: Lane(lane), ..scope.shard(u32::from(lane)) };
        live(&store, &shard, scope.instance(1)).await;
    }
    assert_eq!(revision(first), ours + 1, "a newer Baton may be calling it");
    assert!(others.iter().all(|other| revision(other) == ours));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_replaced_under_traffic_costs_no_error() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let mut writer = Writer::new(store.clone(), hold, session);
    let writing = tokio::spawn(async move {
        writer.write_to(20_000).await;
        writer.troubles
    });
    let ours = revision(&server);
    let codes = [as_revision(&server, ours + 1, 1), as_revision(&server, ours, 1)];
    let mut loads = 0;
    while !writing.is_finished() {
        load(&server, &codes[loads % 2]);
        loads += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(writing.await.expect("the writer ends"), 0, "in {loads} replacements");
    assert!(loads > 0);
    let shards = [scope.shard(0).shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 20_000), Audit::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_instances_that_start_at_once_load_one_library() {
    let server = Server::start(Program::Valkey, &[]);
    let url = format!("valkey://127.0.0.1:{}", server.port());
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { support::try_open(&url).await })
        })
        .collect();
    for one in opening {
        let opened = one.await.expect("no panic");
        assert!(opened.is_ok(), "{:?}", opened.map_err(|error| error.is_retryable()));
    }
    let libraries: Vec<redis::Value> = server.command(&["FUNCTION", "LIST"]).expect("a list");
    assert_eq!(libraries.len(), 1);
}
