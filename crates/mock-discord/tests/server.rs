//! The thin server: what the machine decides reaches clients over real sockets.

mod http;

use std::{io::Write, time::Duration};

use baton_mock_discord::{
    Fault, Input, Settings,
    load::{Content, Mix},
    server::{Addresses, Server},
};
use futures_util::{SinkExt, StreamExt};
use http::http;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, CloseCode, MaybeTlsStream, Message, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(30);

async fn server() -> Server {
    Server::start(Settings::default(), 7, Addresses::LOOPBACK).await.expect("it listens")
}

/// The first message on a websocket that asks for this.
async fn first_message(server: &Server, query: &str) -> Option<Message> {
    let url = format!("{}/?{query}", server.gateway_url()).parse().expect("a url");
    let client = ClientBuilder::from_uri(url);
    let connected = tokio::time::timeout(PATIENCE, client.connect()).await;
    let (mut socket, _) = connected.expect("in time").ok()?;
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time")?.ok()
}

/// A client that has got its READY and the two guilds.
async fn in_session(server: &Server) -> Socket {
    let url = format!("{}/?v=10&encoding=json", server.gateway_url()).parse().expect("a url");
    let (mut socket, _) = ClientBuilder::from_uri(url).connect().await.expect("connects");
    let data = json!({"token": "token", "intents": 0, "properties": {}});
    socket.send(Message::text(json!({"op": 2, "d": data}).to_string())).await.expect("sent");
    for _ in ["HELLO", "READY", "GUILD_CREATE", "GUILD_CREATE"] {
        let heard = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time");
        heard.expect("a message").expect("a whole one");
    }
    socket
}

#[tokio::test]
async fn rest_answers_as_discord_does() {
    let server = server().await;
    let rest = server.addresses().rest;
    let (status, body) = http(rest, "GET /api/v10/gateway HTTP/1.1", "").await;
    assert_eq!((status, body), (200, json!({"url": server.gateway_url()})));
    let (status, _) = http(rest, "GET /api/v10/gateway/bot HTTP/1.1", "").await;
    assert_eq!(status, 401);
    let head = "GET /api/v10/gateway/bot HTTP/1.1\r\nAuthorization: Bot token";
    let (status, body) = http(rest, head, "").await;
    assert_eq!(status, 200);
    assert_eq!(body["session_start_limit"]["total"], 1_000);
}

#[tokio::test]
async fn clients_are_told_the_name_by_which_they_reach_it() {
    let (settings, addresses) = (Settings::default(), Addresses::LOOPBACK);
    let started = Server::start_behind(Some("discord.test"), settings, 7, addresses).await;
    let server = started.expect("it listens");
    let Addresses { gateway, rest, .. } = server.addresses();
    let (_, body) = http(rest, "GET /gateway HTTP/1.1", "").await;
    assert_eq!(body["url"], format!("ws://discord.test:{}", gateway.port()));
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let first = server().await;
    let taken = first.addresses().rest;
    let addresses = Addresses { rest: taken, ..Addresses::LOOPBACK };
    let refused = Server::start(Settings::default(), 7, addresses).await.expect_err("it is taken");
    assert!(refused.to_string().starts_with(&format!("cannot listen on {taken}; ")), "{refused}");
    assert_eq!(refused.source.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn the_admin_api_takes_a_fault_and_shows_the_books() {
    let server = server().await;
    let admin = server.addresses().admin;
    let (status, body) = http(admin, "POST /faults HTTP/1.1", r#"{"fault":"no_ack"}"#).await;
    assert_eq!((status, body), (200, json!({"fault": "no_ack"})));
    for book in ["ledger", "verdicts", "commands"] {
        let (status, body) = http(admin, &format!("GET /{book} HTTP/1.1"), "").await;
        assert!(status == 200 && body.is_object(), "{book}: {status} {body}");
    }
}

#[tokio::test]
async fn a_bad_specification_is_refused_with_what_was_expected() {
    let refusals: [(&[u8], &str); 9] = [
        (br#"{"fault":"no_luck"}"#, "unknown variant `no_luck`, expected one of `latency`"),
        (br#"{"fault":"latency"}"#, "missing field `ms`"),
        (br#"{"ms":5}"#, "missing field `fault`"),
        (br#"{"fault":"drop_tcp","shrad":1}"#, "unknown field `shrad`, expected `shard`"),
        (br#"{"fault":"latency","ms":"5"}"#, "expected u64"),
        (br#"{"fault":"invalid_session","percent":101}"#, "percent is 101; expected 0 to 100"),
        (br#"{"fault":"close_after","seq":1,"code":1005}"#, "code is 1005; expected 1000 to 1014"),
        (b"no_ack", r#"expected an object such as {"fault":"no_ack"}"#),
        (b"\xff", "expected UTF-8 of at most 1048576 bytes"),
    ];
    let server = server().await;
    for (body, expected) in refusals {
        let (status, said) = http(server.addresses().admin, "POST /faults HTTP/1.1", body).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(status, 400, "{shown}");
        assert!(
            said["error"].as_str().is_some_and(|said| said.contains(expected)),
            "{shown}: {said}"
        );
    }
}

#[tokio::test]
async fn a_wrong_method_and_an_unknown_path_are_told_which_there_are() {
    let server = server().await;
    for (head, status, expected) in [
        ("PUT /faults", 405, "there is no PUT /faults; expected POST or DELETE"),
        ("POST /verdicts", 405, "there is no POST /verdicts; expected GET"),
        ("POST /fault", 404, "there is no POST /fault; expected one of POST /faults, POST "),
        ("GET /", 404, "there is no GET /; expected one of POST /faults, "),
    ] {
        let head = format!("{head} HTTP/1.1");
        let (got, said) = http(server.addresses().admin, &head, r#"{"fault":"no_ack"}"#).await;
        assert_eq!(got, status, "{head}: {said}");
        assert!(said["error"].as_str().is_some_and(|said| said.starts_with(expected)), "{said}");
    }
}

#[tokio::test]
async fn frames_are_compressed_as_the_url_asks() {
    let server = server().await;
    let plain = first_message(&server, "v=10&encoding=json").await.expect("HELLO");
    let hello = plain.as_text().expect("text").to_owned();
    assert!(hello.starts_with(r#"{"t":null,"s":null,"op":10,"#), "{hello}");

    let query = "v=10&encoding=json&compress=zlib-stream";
    let message = first_message(&server, query).await.expect("HELLO");
    let mut zlib = flate2::write::ZlibDecoder::new(Vec::new());
    zlib.write_all(message.as_payload()).and_then(|()| zlib.flush()).expect("zlib");
    assert_eq!(zlib.get_ref(), hello.as_bytes());

    let query = "v=10&encoding=json&compress=zstd-stream";
    let message = first_message(&server, query).await.expect("HELLO");
    let mut zstd = zstd::stream::write::Decoder::new(Vec::new()).expect("a decoder");
    zstd.write_all(message.as_payload()).and_then(|()| zstd.flush()).expect("zstd");
    assert_eq!(zstd.get_ref(), hello.as_bytes());
}

#[tokio::test]
async fn a_wrong_version_is_closed_with_its_code() {
    let server = server().await;
    let message = first_message(&server, "v=9&encoding=json").await.expect("a close");
    let (code, _) = message.as_close().expect("a close");
    assert_eq!(u16::from(code), 4_012);
}

#[tokio::test]
async fn during_an_outage_no_upgrade_is_answered() {
    let server = server().await;
    server.input(Input::Fault(Fault::Outage { ms: 3_600_000 })).await;
    let refused = first_message(&server, "v=10&encoding=json").await;
    assert!(refused.is_none(), "{refused:?}");
    server.input(Input::ClearFaults).await;
}

#[tokio::test]
async fn a_stalled_connection_answers_not_even_a_close_frame() {
    let server = server().await;
    let mut socket = in_session(&server).await;
    server.input(Input::Fault(Fault::HalfOpen { shard: None })).await;
    // Whoever looks comes after the fault.
    let verdicts = server.look(|discord| discord.verdicts().counts.clone()).await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
    let bye = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
    socket.send(bye).await.expect("the way out is open");
    // What was on its way still comes; an echo would come with it.
    let until_echo = async {
        while let Some(Ok(message)) = socket.next().await {
            assert!(!message.is_close(), "{message:?}");
        }
    };
    let heard = tokio::time::timeout(Duration::from_millis(300), until_echo).await;
    assert!(heard.is_err(), "the connection has ended");
}

#[tokio::test]
async fn what_was_sent_before_a_connection_drops_still_comes() {
    let server = server().await;
    let mut socket = in_session(&server).await;
    for _ in 0..10 {
        let content = Content::Event(Mix::Messages);
        server.input(Input::Emit { slice: None, content }).await;
    }
    server.input(Input::Fault(Fault::DropTcp { shard: None })).await;
    assert_eq!(heard_until_the_end(&mut socket).await, 10);
}

/// The client's socket is ended although nothing can be written to it any more, and what waited for
/// it goes nowhere.
#[tokio::test]
async fn a_client_that_stops_reading_is_dropped() {
    const WAITING: usize = 16_384;
    let server = server().await;
    let mut socket = in_session(&server).await;
    let mut sent = 0;
    while connections(&server).await == 1 {
        assert!(sent < 100_000, "nobody minds");
        for _ in 0..1_000 {
            let content = Content::Event(Mix::Messages);
            server.input(Input::Emit { slice: None, content }).await;
        }
        sent += 1_000;
    }
    let heard = heard_until_the_end(&mut socket).await;
    assert!(heard + WAITING <= sent, "{heard} of {sent} came");
}

/// How many messages come until the connection ends without a close frame.
async fn heard_until_the_end(socket: &mut Socket) -> usize {
    let until_it_ends = async {
        let mut heard = 0;
        while let Some(Ok(message)) = socket.next().await {
            assert!(!message.is_close(), "{message:?}");
            heard += 1;
        }
        heard
    };
    tokio::time::timeout(PATIENCE, until_it_ends).await.expect("in time")
}

async fn connections(server: &Server) -> u64 {
    let (_, counts) = http(server.addresses().admin, "GET /connections HTTP/1.1", "").await;
    counts["connections"].as_u64().expect("a number")
}
