//! What options mean, what it says where, and how it ends.

use std::{io::BufRead, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    client::Client,
    running::{Guarded, PATIENCE, Program, command, run},
};

const PLAIN: &str = "v=10&encoding=json";

async fn get(from: SocketAddr, path: &str, authorization: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(from).await.expect("connects");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: mock\r\nAuthorization: {authorization}\r\n\
         Connection: close\r\n\r\n",
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").expect("read");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status.expect("a status"), serde_json::from_str(body).expect("JSON"))
}

/// A client that has heard HELLO, and the interval in it.
async fn greeted(program: &Program) -> (Client, Value) {
    let connect = Client::connect(program.address("gateway"), PLAIN);
    let mut client = timeout(PATIENCE, connect).await.expect("in time").expect("connects");
    let hello = timeout(PATIENCE, client.json()).await.expect("in time");
    assert_eq!(hello["op"], 10);
    (client, hello["d"]["heartbeat_interval"].clone())
}

#[tokio::test]
async fn it_serves_what_its_options_say() {
    let program = Program::start(&[
        "--shards-max=8",
        "--max-concurrency=2",
        "--identify-limit=77",
        "--heartbeat-interval=5s",
        "--rate=100",
    ]);
    let (status, body) = get(program.address("rest"), "/api/v10/gateway/bot", "Bot token").await;
    assert_eq!((status, &body["shards"]), (200, &json!(8)));
    assert_eq!(body["url"], program.url("gateway"));
    assert_eq!(body["session_start_limit"]["total"], 77);
    assert_eq!(body["session_start_limit"]["max_concurrency"], 2);
    let (mut client, interval) = greeted(&program).await;
    assert_eq!(interval, 5_000);
    client.identify(3, 8).await.expect("sent");
    let mut dispatches = Vec::new();
    while dispatches.len() < 6 {
        dispatches.push(timeout(PATIENCE, client.json()).await.expect("in time"));
    }
    let names: Vec<_> = dispatches.iter().map(|dispatch| &dispatch["t"]).collect();
    assert_eq!(names[..3], ["READY", "GUILD_CREATE", "GUILD_CREATE"]);
    assert_eq!(dispatches[0]["d"]["resume_gateway_url"], program.url("resume"));
    let (_, ledger) = get(program.address("admin"), "/ledger?session=1&from=4", "").await;
    assert_eq!(ledger["slice"], json!([3, 8]));
    assert!(ledger["sent"].as_array().is_some_and(|sent| sent.len() >= 3), "{ledger}");
}

#[tokio::test]
async fn every_face_is_said_on_a_line_of_its_own() {
    let mut program = Program::start(&[]);
    program.signal("TERM");
    assert!(program.end_within(PATIENCE).is_some());
    assert_eq!(program.rest_of_output(), "", "JSON is one line");
    let mut text = command();
    text.args(["--gateway-port=0", "--resume-port=0", "--rest-port=0", "--admin-port=0"]);
    let (_process, stdout) = Guarded::spawn(text);
    let lines: Vec<_> = stdout.lines().take(4).collect::<Result<_, _>>().expect("lines");
    for (face, line) in
        ["gateway ws://", "resume  ws://", "rest    http://", "admin   http://"].iter().zip(&lines)
    {
        assert!(line.starts_with(&format!("{face}127.0.0.1:")), "{line}");
    }
}

#[tokio::test]
async fn a_signal_ends_it_in_peace_whoever_is_connected() {
    for signal in ["TERM", "INT"] {
        let mut program = Program::start(&["--rate=1000"]);
        let (mut client, _) = greeted(&program).await;
        client.identify(0, 1).await.expect("sent");
        client.message().await.expect("READY");
        program.signal(signal);
        let status = program.end_within(Duration::from_secs(5)).expect("it ends in time");
        assert_eq!(status.code(), Some(0), "{signal}");
        while client.message().await.is_ok() {}
    }
}

#[tokio::test]
async fn options_come_from_the_environment_as_well() {
    let mut command = command();
    command
        .args(["--gateway-port=0", "--resume-port=0", "--rest-port=0", "--admin-port=0"])
        .env("MOCK_DISCORD_JSON", "1")
        .env("MOCK_DISCORD_SHARDS_MAX", "5")
        .env("MOCK_DISCORD_TOKEN", "one,two")
        .env("MOCK_DISCORD_LISTEN", "0.0.0.0")
        .env("MOCK_DISCORD_PUBLIC_HOST", "mock");
    let program = Program::spawn(command);
    let port = program.address("rest").port();
    assert_eq!(program.url("rest"), format!("http://mock:{port}"));
    let rest = SocketAddr::from(([127, 0, 0, 1], port));
    for token in ["one", "two"] {
        let (status, body) = get(rest, "/gateway/bot", &format!("Bot {token}")).await;
        assert_eq!((status, &body["shards"]), (200, &json!(5)));
        let gateway = program.address("gateway").port();
        assert_eq!(body["url"], format!("ws://mock:{gateway}"));
    }
    assert_eq!(get(rest, "/gateway/bot", "Bot token").await.0, 401);
}

#[test]
fn a_wrong_option_is_told_on_standard_error_with_the_way_out() {
    let wrong: [(&[&str], &str); 6] = [
        (&["--rate=fast"], "--rate \"fast\": expected a number from 0"),
        (&["--token="], "--token: expected at least one"),
        (&["--heartbeat-interval=0s"], "--heartbeat-interval \"0s\": expected a time from 1ms"),
        (&["--rest-port=4000"], "\"4000\" is also --gateway-port: expected four different ports"),
        (&["--invalid-sessions", "-1"], "--invalid-sessions \"-1\": expected a whole number"),
        (&["--shards=2"], "unexpected argument '--shards'"),
    ];
    for (options, told) in wrong {
        let output = run(options);
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert!(stderr.contains(told), "{stderr}");
        assert!(stderr.contains("--help"), "{stderr}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{options:?}");
    }
    let output = run(&["--rate=fast", "--seed=x", "--mix=all"]);
    assert_eq!(String::from_utf8(output.stderr).expect("text").lines().count(), 4);
}

#[test]
fn a_port_in_use_is_named() {
    let program = Program::start(&[]);
    let taken = program.address("rest");
    let port = format!("--rest-port={}", taken.port());
    let output = run(&["--gateway-port=0", "--resume-port=0", "--admin-port=0", &port]);
    let stderr = String::from_utf8(output.stderr).expect("text");
    let expected = format!("cannot listen on {taken}; end what listens there, or choose another");
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert!(stderr.contains(": Address already in use"), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_health_check_passes_while_one_runs_and_fails_when_it_has_ended() {
    let mut program = Program::start(&[]);
    let port = format!("--admin-port={}", program.address("admin").port());
    let check =
        || run(&["--gateway-port=0", "--resume-port=0", "--rest-port=0", &port, "healthcheck"]);
    assert_eq!(check().status.code(), Some(0));
    program.signal("TERM");
    program.end_within(Duration::from_secs(5)).expect("it ends in time");
    let output = check();
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(stderr.starts_with("no answer from http://127.0.0.1:"), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn it_says_its_version() {
    let output = run(&["--version"]);
    let expected = format!("baton-mock-discord {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).expect("text"), expected);
    assert_eq!(output.status.code(), Some(0));
}
