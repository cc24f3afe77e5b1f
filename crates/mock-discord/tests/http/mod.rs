//! HTTP by hand, as a text over a TCP connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request from its first lines and its body, and the answer's status and body.
pub(crate) async fn http(to: SocketAddr, head: &str, body: impl AsRef<[u8]>) -> (u16, Value) {
    let mut stream = TcpStream::connect(to).await.expect("connects");
    let length = body.as_ref().len();
    let head =
        format!("{head}\r\nHost: mock\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream.write_all(body.as_ref()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("read");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status.expect("a status"), serde_json::from_str(body).expect("JSON"))
}
