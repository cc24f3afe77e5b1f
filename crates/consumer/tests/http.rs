//! How a consumer fares, asked over HTTP.

#[expect(dead_code, reason = "what is given up on is looked at elsewhere")]
mod support;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use baton_consumer::{Consumer, Delivery, Handlers, http};
use baton_test_servers::{Program, Server};
use support::{consumer, entry, pending, until, url, write_at};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

async fn served(consumer: &Consumer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(http::serve(listener, consumer.health()));
    address
}

/// The status and the body of the answer.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers in text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// A handler for everything, that does well as long as it is told to.
fn handlers(does_well: &Arc<AtomicBool>) -> Handlers {
    let does_well = does_well.clone();
    let handle = move |_: Delivery| {
        let outcome = match does_well.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(io::Error::other("no such table")),
        };
        async move { outcome }
    };
    Handlers::new()
        .on("rare", ["GUILD_DELETE"], async |_| Ok::<_, io::Error>(()))
        .rest("greeter", handle)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_is_well_until_its_last_run_has_failed() {
    let server = Server::start(Program::Valkey, &[]);
    let consumer = consumer(&url(&server)).attempts_max(1).build().expect("a consumer");
    let address = served(&consumer).await;
    assert_eq!(get(address, "/handlers/greeter").await.0, 404, "it does not run yet");
    let (does_well, stop) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
    let (told, health) = (stop.clone(), consumer.health());
    let handlers = handlers(&does_well);
    let running = tokio::spawn(async move { consumer.run_until(handlers, told.notified()).await });
    until("it runs", || health.ensure_ready().is_ok()).await;
    let well = (200, "true".to_owned());
    assert_eq!(get(address, "/handlers/greeter").await, well, "nothing has failed yet");
    assert_eq!(get(address, "/handlers/nobody").await.0, 404);

    let runs = || health.handlers()["greeter"].handled + health.handlers()["greeter"].failed;
    write_at(&server, 0, &[entry(1, None)]);
    until("it has run", || runs() == 1).await;
    assert_eq!(get(address, "/handlers/greeter").await, well);
    does_well.store(false, Ordering::Relaxed);
    write_at(&server, 0, &[entry(2, None)]);
    until("it has failed", || runs() == 2).await;
    assert_eq!(get(address, "/handlers/greeter").await, (500, "false".to_owned()));
    assert_eq!(get(address, "/handlers/rare").await, well, "others fare as they do");
    let all: serde_json::Value =
        serde_json::from_str(&get(address, "/handlers").await.1).expect("JSON");
    assert_eq!(all["greeter"]["last_error"], "no such table");
    does_well.store(true, Ordering::Relaxed);
    write_at(&server, 0, &[entry(3, None)]);
    until("it has run again", || runs() == 3 && pending(&server, 0) == 0).await;
    assert_eq!(get(address, "/handlers/greeter").await, well);

    let (status, numbers) = get(address, "/metrics").await;
    for line in [
        r#"baton_consumer_handled_total{handler="greeter"} 2"#,
        r#"baton_consumer_failed_total{handler="greeter"} 1"#,
        r#"baton_consumer_entries_total{lane="0"} 3"#,
        r#"baton_consumer_dead_letters_total{lane="0"} 1"#,
    ] {
        assert!(status == 200 && numbers.lines().any(|it| it == line), "{line}: {numbers}");
    }
    assert_eq!(get(address, "/nothing").await.0, 404);
    stop.notify_one();
    running.await.expect("no panic").expect("a clean end");
    assert_eq!(get(address, "/livez").await.0, 503, "it has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_makes_it_unready_and_not_dead() {
    let mut server = Server::start(Program::Valkey, &[]);
    let consumer = consumer(&url(&server)).build().expect("a consumer");
    let (address, health) = (served(&consumer).await, consumer.health());
    let running = tokio::spawn(consumer.run(handlers(&Arc::new(AtomicBool::new(true)))));
    until("it is ready", || health.ensure_ready().is_ok()).await;
    assert_eq!(get(address, "/readyz").await, (200, "ok\n".to_owned()));
    server.kill();
    until("it has noticed", || health.ensure_ready().is_err()).await;
    let (status, reasons) = get(address, "/readyz").await;
    assert!(status == 503 && reasons.starts_with("lane 0: "), "{status} {reasons}");
    assert_eq!(get(address, "/livez").await, (200, "ok\n".to_owned()));
    server.restart();
    until("it is ready again", || health.ensure_ready().is_ok()).await;
    running.abort();
}
