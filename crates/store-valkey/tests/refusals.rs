//! What cannot be right is refused with one line that says what, where and what to do. Nothing is
//! written.

mod support;

use std::num::{NonZeroU16, NonZeroU32};

use baton_model::{AppShape, DataSetId, Expected, Generation, LaneCount, Seq, ShardCount};
use baton_store::{
    AppendError, Apps, Events, HoldError, Leases, Membership, StoreError, Unhappy,
    conformance::{Scope, append, live, stream},
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use support::{open_at, seed, try_open};

/// Opens a store that must be refused for good; the one line that says why.
async fn refused(url: &str) -> String {
    let error = try_open(url).await.expect_err("refused");
    assert!(!error.is_retryable(), "{error}");
    one_line(&error)
}

fn one_line(error: &StoreError) -> String {
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text:?}");
    text
}

fn keys(server: &Server) -> i64 {
    server.command(&["DBSIZE"]).expect("a count")
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_named() {
    let server = Server::start(Program::Valkey, &[]);
    let port = server.port();
    drop(server);
    let error = try_open(&format!("valkey://127.0.0.1:{port}")).await.expect_err("nobody there");
    assert!(error.is_retryable() && !error.outcome_unknown(), "it may come up: {error}");
    let text = one_line(&error);
    assert!(text.contains(&format!("valkey://127.0.0.1:{port} cannot be reached")), "{text}");
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_refused_and_never_shown() {
    let server = Server::start(Program::Valkey, &["--requirepass", "right"]);
    let port = server.port();
    for url in [format!("valkey://:hunter2@127.0.0.1:{port}"), format!("valkey://127.0.0.1:{port}")]
    {
        let text = refused(&url).await;
        assert!(text.contains(&format!("valkey://127.0.0.1:{port}")), "where: {text}");
        assert!(text.contains("set the user and password in the store url"), "what to do: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    try_open(&format!("valkey://:right@127.0.0.1:{port}")).await.expect("the right one opens");
}

#[tokio::test]
async fn a_server_that_may_evict_leases_is_refused() {
    let server = Server::start(Program::Valkey, &["--maxmemory-policy", "allkeys-lru"]);
    let text = refused(&format!("valkey://127.0.0.1:{}", server.port())).await;
    assert!(text.contains("maxmemory-policy allkeys-lru"), "{text}");
    assert!(text.contains("set it to noeviction"), "{text}");
    assert_eq!(keys(&server), 0);
    let libraries: Vec<redis::Value> = server.command(&["FUNCTION", "LIST"]).expect("a list");
    assert!(libraries.is_empty(), "not even the library was loaded");
}

#[tokio::test]
async fn a_function_library_that_is_too_new_is_left_alone() {
    let server = Server::start(Program::Valkey, &[]);
    let newer = "#!lua name=baton_1\nredis.register_function{function_name='baton_1_describe', \
                 callback=function() return {'1000','999'} end, flags={'no-writes'}}";
    server.command::<String>(&["FUNCTION", "LOAD", newer]).expect("loaded");
    let text = refused(&format!("valkey://127.0.0.1:{}", server.port())).await;
    assert!(text.contains("revision 1000 and serves callers from revision 999"), "{text}");
    assert!(text.ends_with("upgrade this Baton"), "{text}");
    let still: Vec<String> = server.command(&["FCALL", "baton_1_describe", "0"]).expect("there");
    assert_eq!(still, ["1000", "999"]);
    assert_eq!(keys(&server), 0);
}

#[tokio::test]
async fn data_of_a_newer_baton_is_left_alone() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    server.command::<i64>(&["HSET", "baton:{main}:store", "format", "2"]).expect("set");
    let error = store.ensure_data_set(DataSetId(1)).await.expect_err("newer");
    let text = one_line(&error);
    assert!(text.contains("holds data format 2; this Baton knows 1"), "{text}");
    let id: Option<String> =
        server.command(&["HGET", "baton:{main}:store", "id"]).expect("an answer");
    assert_eq!(id, None);
}

#[tokio::test]
async fn a_corrupt_row_is_named_and_stays_as_it_is() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 2)).await.expect("appended");
    let key = format!("baton:{{{}.0}}:shard:0:0", scope.app());
    for (field, junk, expected) in [
        ("epoch", "soon", "a number"),
        ("state", "mine", "free, owned or offered"),
        ("seq", "-1", "a number"),
    ] {
        let good: String = server.command(&["HGET", &key, field]).expect("the field");
        server.command::<i64>(&["HSET", &key, field, junk]).expect("set");
        let before: Vec<String> = server.command(&["HGETALL", &key]).expect("the row");

        let corrupt =
            StoreError::corrupt(format!("{key} field {field}"), format!("{junk:?}"), expected);
        let rows = store.rows(std::slice::from_ref(&hold.address)).await;
        assert_eq!(rows, Err(corrupt.clone()));
        let appended = store.append(&append(&hold, session, 2, 3)).await;
        assert_eq!(appended, Err(AppendError::Store(corrupt.clone())), "not fenced: unreadable");
        let released = store.release(&hold).await;
        assert_eq!(released, Err(HoldError::Store(corrupt.clone())));
        assert!(one_line(&corrupt).contains("restore it or remove it by hand"));

        let after: Vec<String> = server.command(&["HGETALL", &key]).expect("the row");
        assert_eq!(after, before, "nothing was written");
        server.command::<i64>(&["HSET", &key, field, &good]).expect("set");
    }
    assert_eq!(store.append(&append(&hold, session, 2, 3)).await, Ok(Seq(3)), "repaired");
    assert_eq!(stream(&store, &scope).await.len(), 4);
}

#[tokio::test]
async fn an_apps_shape_that_is_none_is_named_and_stays_as_it_is() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let (app, key) = ("bot".parse().expect("a name"), "baton:{main}:apps");
    let shape = AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::MIN),
        lanes: LaneCount(NonZeroU16::MIN),
    };
    let junk = r#"{"generation":0,"shards":1,"lanes":0}"#;
    server.command::<i64>(&["HSET", key, "bot", junk]).expect("set");
    let found = format!("{junk:?}");
    let corrupt = StoreError::corrupt(format!("{key} field bot"), found, "an app's shape");
    assert_eq!(store.app_shape(&app).await, Err(corrupt.clone()));
    assert_eq!(store.agree_app(&app, &shape).await, Err(corrupt));
    assert_eq!(server.command::<String>(&["HGET", key, "bot"]).expect("there"), junk);
}

#[tokio::test]
async fn a_key_of_another_type_is_corrupt_and_stays_as_it_is() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let key = format!("baton:{{{}.0}}:shard:0:0", scope.app());
    server.command::<()>(&["SET", &key, "hello"]).expect("set");
    let claimed = store.claim(&scope.shard(0), Expected::NEVER_LEASED, scope.instance(1)).await;
    let error = claimed.expect_err("no hash");
    assert!(!error.is_retryable(), "{error}");
    assert_eq!(server.command::<String>(&["GET", &key]).expect("there"), "hello");

    let (hold, session) = live(&store, &scope.shard(1), scope.instance(1)).await;
    let events = format!("baton:{{{}.0}}:events", scope.app());
    server.command::<i64>(&["DEL", &events]).expect("gone");
    server.command::<()>(&["SET", &events, "hello"]).expect("set");
    let error = store.append(&append(&hold, session, 0, 1)).await.expect_err("no stream");
    assert!(!error.is_retryable(), "{error}");
    let rows = store.rows(std::slice::from_ref(&hold.address)).await.expect("read");
    let last_seq = rows[0].as_ref().and_then(|row| row.session.as_ref()).map(|one| one.last_seq);
    assert_eq!(last_seq, Some(Seq(0)), "the mark did not move without its entry");
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_refused() {
    let config = ValkeyConfig {
        ca_pem: Some(b"hello".to_vec()),
        ..ValkeyConfig::new(
            "valkeys://127.0.0.1:1".parse().expect("a url"),
            "main".parse().expect("a name"),
        )
    };
    let error = Valkey::open(config).await.expect_err("refused");
    assert!(one_line(&error).contains("is no PEM certificate"), "{error}");
}
