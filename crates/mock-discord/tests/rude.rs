//! A deliberately rude client, over real sockets: it earns every verdict by its name, and is
//! answered with what Discord documents for that.
//!
//! The rules come from the enum, so one that is added without its rudeness fails here.

mod http;
mod rules;
mod wire;

use std::{future::Future, time::Duration};

use baton_mock_discord::{
    Settings,
    server::{Addresses, Server},
    verdict::Rule,
};
use http::http;
use rules::every_rule;
use serde_json::{Value, json};
use tokio_websockets::Message;
use wire::{Answer, Client, identify, identify_with, raw, text, upgrade};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

async fn within_patience<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(PATIENCE, happens).await;
    happened.unwrap_or_else(|_| panic!("{what}: nothing came of it in {PATIENCE:?}"))
}

#[tokio::test]
async fn a_rude_client_earns_every_verdict_by_its_name() {
    for rule in every_rule() {
        let server = Server::start(settings(rule), 7, Addresses::LOOPBACK).await;
        let server = server.expect("it listens");
        let name = rule.to_string();
        let answer = within_patience(&name, earn(rule, &server)).await;
        assert_eq!(answer, documented(rule), "{name}");
        let counts = within_patience(&name, verdicts(&server)).await;
        assert_eq!(counts, json!({name: 1}));
    }
}

/// The counts in the book, as soon as there are any.
async fn verdicts(server: &Server) -> Value {
    loop {
        let (_, mut book) = http(server.addresses().admin, "GET /verdicts HTTP/1.1", "").await;
        let counts = book["counts"].take();
        if counts != json!({}) {
            return counts;
        }
    }
}

/// Two apps, and one guild for each of two shards.
fn settings(rule: Rule) -> Settings {
    let mut settings = Settings {
        tokens: vec!["token".to_owned(), "other".to_owned()],
        guilds: 2,
        guild_create_bytes: 300,
        guilds_per_shard_max: 1,
        intents_granted: 1,
        ..Settings::default()
    };
    if rule == Rule::HeartbeatMissing {
        settings.heartbeat_interval = Duration::from_millis(100);
    }
    if rule == Rule::IdentifyPastDailyLimit {
        settings.identifies_a_day = 1;
    }
    settings
}

/// What breaking this rule is answered with. What Discord does not document is what is known of it.
fn documented(rule: Rule) -> Answer {
    match rule {
        Rule::UnknownOp => Answer::Close(4_001),
        Rule::PayloadTooLarge
        | Rule::Malformed
        | Rule::NotText
        | Rule::WrongEncoding
        | Rule::WrongCompression => Answer::Close(4_002),
        Rule::NotAuthenticated => Answer::Close(4_003),
        Rule::WrongToken | Rule::IdentifyPastDailyLimit => Answer::Close(4_004),
        Rule::AlreadyAuthenticated => Answer::Close(4_005),
        Rule::InvalidSeq => Answer::Close(4_007),
        Rule::SendLimit => Answer::Close(4_008),
        Rule::HeartbeatMissing => Answer::Close(4_009),
        Rule::WrongShard => Answer::Close(4_010),
        Rule::ShardingRequired => Answer::Close(4_011),
        Rule::WrongVersion => Answer::Close(4_012),
        Rule::InvalidIntents => Answer::Close(4_013),
        Rule::DisallowedIntents => Answer::Close(4_014),
        Rule::IdentifyTooEarly | Rule::ForeignSession => Answer::InvalidSession,
        Rule::RestUnauthorized => Answer::Status(401),
        // The loser's close code is a setting.
        Rule::SessionContested => Answer::Close(4_000),
        Rule::ConnectionStorm => Answer::Nothing,
    }
}

async fn earn(rule: Rule, server: &Server) -> Answer {
    let presence = |status: &str| text(&json!({"op": 3, "d": {"status": status}}));
    let odd = |field: &str, value: Value| identify_with(field, value, [0, 2]);
    match rule {
        Rule::Malformed => say(server, [Message::text("no JSON")]).await,
        Rule::NotText => say(server, [Message::binary("{}")]).await,
        Rule::UnknownOp => say(server, [text(&json!({"op": 99, "d": {}}))]).await,
        Rule::PayloadTooLarge => say(server, [presence(&"x".repeat(4_096))]).await,
        Rule::NotAuthenticated => say(server, [presence("idle")]).await,
        Rule::AlreadyAuthenticated => say(server, [identify([0, 2]), identify([0, 2])]).await,
        Rule::WrongToken => say(server, [odd("token", json!("stolen"))]).await,
        Rule::WrongShard => say(server, [identify([2, 2])]).await,
        Rule::ShardingRequired => say(server, [identify([0, 1])]).await,
        Rule::InvalidIntents => say(server, [odd("intents", json!(1_u64 << 40))]).await,
        Rule::DisallowedIntents => say(server, [odd("intents", json!(2))]).await,
        Rule::SendLimit => say(server, vec![text(&json!({"op": 1, "d": null})); 121]).await,
        Rule::HeartbeatMissing => say(server, []).await,
        Rule::WrongEncoding => come(server, "v=10&encoding=etf").await,
        Rule::WrongCompression => come(server, "v=10&encoding=json&compress=lzma").await,
        Rule::WrongVersion => come_by_hand(server, "v=9&encoding=json").await,
        Rule::IdentifyTooEarly | Rule::IdentifyPastDailyLimit => identify_twice(server).await,
        Rule::ForeignSession => resume_with(server, "other", 1).await,
        Rule::InvalidSeq => resume_with(server, "token", 1_000).await,
        Rule::SessionContested => take_to_and_fro(server).await,
        Rule::ConnectionStorm => come_in_a_loop(server).await,
        Rule::RestUnauthorized => {
            let path = "GET /api/v10/gateway/bot HTTP/1.1";
            Answer::Status(http(server.addresses().rest, path, "").await.0)
        }
    }
}

async fn say(server: &Server, messages: impl IntoIterator<Item = Message>) -> Answer {
    let mut client = Client::come(server).await;
    for message in messages {
        client.say(message).await;
    }
    client.answer().await
}

async fn come(server: &Server, query: &str) -> Answer {
    Client::come_with(server, query).await.answer().await
}

/// As above, without anybody's code for websockets.
async fn come_by_hand(server: &Server, query: &str) -> Answer {
    let read = raw(server, &upgrade(query), |read| close_code(read).is_some()).await;
    assert!(read.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&read));
    Answer::Close(close_code(&read).expect("a close frame"))
}

/// The code of the close frame behind the answer to an upgrade.
fn close_code(read: &[u8]) -> Option<u16> {
    let end_of_head = read.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    match read[end_of_head..] {
        [0x88, _, high, low, ..] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

async fn identify_twice(server: &Server) -> Answer {
    let (mut first, mut second) = (Client::come(server).await, Client::come(server).await);
    first.begin([0, 2]).await;
    second.say(identify([1, 2])).await;
    second.answer().await
}

async fn resume_with(server: &Server, token: &str, seq: u64) -> Answer {
    let (mut first, mut second) = (Client::come(server).await, Client::come(server).await);
    let id = first.begin([0, 2]).await;
    let data = json!({"token": token, "session_id": id, "seq": seq});
    second.say(text(&json!({"op": 6, "d": data}))).await;
    second.answer().await
}

/// Twice is a fight; the loser of the second time is answered.
async fn take_to_and_fro(server: &Server) -> Answer {
    let (mut one, mut other) = (Client::come(server).await, Client::come(server).await);
    let id = one.begin([0, 2]).await;
    other.resume(&id).await;
    assert_eq!(one.answer().await, Answer::Close(4_000));
    let mut one = Client::come(server).await;
    one.resume(&id).await;
    other.answer().await
}

/// One connection more than may come in ten seconds, and none says a word.
async fn come_in_a_loop(server: &Server) -> Answer {
    for _ in 0..=Settings::default().connections_in_10_s_max {
        drop(Client::come(server).await);
    }
    Answer::Nothing
}

#[tokio::test]
async fn what_is_no_websocket_at_all_is_ended_and_disturbs_nobody() {
    let server = Server::start(settings(Rule::NotText), 7, Addresses::LOOPBACK).await;
    let server = server.expect("it listens");
    let query = "v=10&encoding=json";
    // An opcode that there is not; a frame without its mask; one that announces two megabytes.
    let frames: [&[u8]; 3] = [
        &[0x83, 0x80, 0, 0, 0, 0],
        &[0x81, 0x02, b'{', b'}'],
        &[0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0],
    ];
    let mut rude: Vec<_> = frames.iter().map(|frame| [&upgrade(query), *frame].concat()).collect();
    rude.extend([
        vec![b'x'; 10_000],
        b"\xff\xfe\r\n\r\n".to_vec(),
        format!("GET /?{query} HTTP/1.1\r\nHost: mock\r\n\r\n").into_bytes(),
        [b"GET /?".to_vec(), vec![b'x'; 10_000]].concat(),
    ]);
    for written in rude {
        let shown = written[..written.len().min(200)].escape_ascii().to_string();
        within_patience(&shown, raw(&server, &written, |_| false)).await;
    }
    let mut polite = Client::come(&server).await;
    within_patience("READY", polite.begin([0, 2])).await;
    let (_, book) = http(server.addresses().admin, "GET /verdicts HTTP/1.1", "").await;
    assert_eq!(book["counts"], json!({}));
}
