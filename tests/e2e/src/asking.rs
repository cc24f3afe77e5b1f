//! Asks an instance over HTTP, as a probe would.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200, or another.
    pub status: u16,
    /// All headers, with the status line.
    pub head: String,
    /// What follows.
    pub body: String,
}

/// Asks with GET.
///
/// # Panics
/// If there is no answer, or one that is not HTTP.
pub async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path).await
}

/// Asks.
///
/// # Panics
/// If there is no answer, or one that is not HTTP.
pub async fn ask(address: SocketAddr, method: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: e2e\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers in text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}
