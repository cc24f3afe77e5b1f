//! The thin server: what the machine decides reaches clients over real sockets.

use std::{io::Write, net::SocketAddr, time::Duration};

use baton_mock_discord::{
    Fault, Input, Settings,
    server::{Addresses, Server},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_websockets::{ClientBuilder, CloseCode, Message};

const PATIENCE: Duration = Duration::from_secs(30);

async fn server() -> Server {
    Server::start(Settings::default(), 7, Addresses::LOOPBACK).await.expect("it listens")
}

/// A request as text, and the answer's status and body.
async fn http(to: SocketAddr, head: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(to).await.expect("connects");
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: mock\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("read");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status.expect("a status"), serde_json::from_str(body).expect("JSON"))
}

/// The first message on a websocket that asks for this.
async fn first_message(server: &Server, query: &str) -> Option<Message> {
    let url = format!("{}/?{query}", server.gateway_url()).parse().expect("a url");
    let client = ClientBuilder::from_uri(url);
    let connected = tokio::time::timeout(PATIENCE, client.connect()).await;
    let (mut socket, _) = connected.expect("in time").ok()?;
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time")?.ok()
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
async fn the_admin_api_takes_faults_and_refuses_what_is_none() {
    let server = server().await;
    let admin = server.addresses().admin;
    let (status, body) = http(admin, "POST /faults HTTP/1.1", r#"{"fault":"no_ack"}"#).await;
    assert_eq!((status, body), (200, json!({"fault": "no_ack"})));
    let (status, body) = http(admin, "POST /faults HTTP/1.1", r#"{"fault":"no_luck"}"#).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().is_some_and(|error| error.starts_with("not a fault")), "{body}");
    let (status, _) = http(admin, "GET /ledger HTTP/1.1", "").await;
    assert_eq!(status, 200);
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
    let url = format!("{}/?v=10&encoding=json", server.gateway_url()).parse().expect("a url");
    let (mut socket, _) = ClientBuilder::from_uri(url).connect().await.expect("connects");
    socket.next().await.expect("a message").expect("HELLO");
    let data = json!({"token": "token", "intents": 0, "properties": {}});
    let identify = Message::text(json!({"op": 2, "d": data}).to_string());
    socket.send(identify).await.expect("sent");
    socket.next().await.expect("a message").expect("READY");
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
