//! Libraries that others wrote survive what the simulated Discord does to them, and see every event
//! once: none lost, doubled, reordered or altered, and no rule broken.

use std::collections::BTreeMap;

use baton_mock_discord::{
    Fault, Input, Settings, audit,
    audit::Entry,
    load::{Content, Mix},
    server::{Addresses, Server},
};
use baton_model::EventName;
use baton_test_clients::{
    Client,
    Compression::{self, None, Zlib, Zstd},
    Library::{self, DiscordJs, DiscordPy, Twilight},
};

#[tokio::test]
async fn twilight_sees_every_event_once() {
    sees_every_event_once(Twilight, None).await;
}

#[tokio::test]
async fn twilight_with_zlib_sees_every_event_once() {
    sees_every_event_once(Twilight, Zlib).await;
}

#[tokio::test]
async fn twilight_with_zstd_sees_every_event_once() {
    sees_every_event_once(Twilight, Zstd).await;
}

#[tokio::test]
async fn discord_js_sees_every_event_once() {
    sees_every_event_once(DiscordJs, None).await;
}

#[tokio::test]
async fn discord_js_with_zlib_sees_every_event_once() {
    sees_every_event_once(DiscordJs, Zlib).await;
}

#[tokio::test]
async fn discord_py_sees_every_event_once() {
    sees_every_event_once(DiscordPy, None).await;
}

#[tokio::test]
async fn discord_py_with_zlib_sees_every_event_once() {
    sees_every_event_once(DiscordPy, Zlib).await;
}

#[tokio::test]
async fn discord_py_with_zstd_sees_every_event_once() {
    sees_every_event_once(DiscordPy, Zstd).await;
}

/// It becomes ready, and resumes after op 7 and after a dropped TCP connection, with events before,
/// meanwhile and after.
async fn sees_every_event_once(library: Library, compression: Compression) {
    let server = Server::start(Settings::default(), 7, Addresses::LOOPBACK).await;
    let server = server.expect("the server listens");
    let mut client = Client::start(library, compression, &server);
    client.until_ready().await;
    assert_all_use(compression, &server).await;
    emit(&server, &[(Mix::Messages, 150), (Mix::Presences, 100), (Mix::MemberUpdates, 20)]).await;
    client.until_event("LAST_OF_SOME").await;

    for fault in [Fault::Reconnect { shard: Option::None }, Fault::DropTcp { shard: Option::None }]
    {
        server.input(Input::Fault(fault)).await;
        // They happen while the client is away, and come with the replay.
        emit(&server, &[(Mix::Messages, 60), (Mix::Presences, 40)]).await;
        client.until_event("RESUMED").await;
        assert_all_use(compression, &server).await;
        emit(&server, &[(Mix::Messages, 50)]).await;
        client.until_event("LAST_OF_SOME").await;
    }
    let received = client.leave().await;
    assert_resumed_and_never_identified_again(&received);
    assert_clean(&server, &received).await;
}

/// Tells every session so many events of each mix, and one more to wait for.
async fn emit(server: &Server, events: &[(Mix, usize)]) {
    for (mix, count) in events {
        for _ in 0..*count {
            let content = Content::Event(*mix);
            server.input(Input::Emit { slice: Option::None, content }).await;
        }
    }
    let content =
        Content::Given { name: EventName::new("LAST_OF_SOME"), data: r#"{"of":"some"}"#.into() };
    server.input(Input::Emit { slice: Option::None, content }).await;
}

/// What the server saw in the urls, not what the client believes.
async fn assert_all_use(compression: Compression, server: &Server) {
    let used = server.look(|discord| discord.connections_by_compression()).await;
    assert_eq!(used, BTreeMap::from([(compression.name().to_owned(), 1)]));
}

fn assert_resumed_and_never_identified_again(received: &[Entry]) {
    let count = |name| received.iter().filter(|entry| entry.name.as_str() == name).count();
    assert_eq!((count("READY"), count("RESUMED")), (1, 2));
    assert!(received.len() > 500, "only {} came", received.len());
}

async fn assert_clean(server: &Server, received: &[Entry]) {
    let (ledger, verdicts) =
        server.look(|discord| (discord.ledger().clone(), discord.verdicts().counts.clone())).await;
    let report = audit(&ledger, received);
    assert!(report.is_clean(), "{report:?}");
    assert!(verdicts.is_empty(), "a polite client earned {verdicts:?}");
}
