//! A client that does no more than it has to: it frames by hand and masks with zeros. What is
//! measured with it is the server.

use std::{io, net::SocketAddr};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A websocket.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    /// Connects, with this query.
    pub(crate) async fn connect(to: SocketAddr, query: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /?{query} HTTP/1.1\r\nHost: mock\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let text = String::from_utf8_lossy(&head);
        assert!(text.starts_with("HTTP/1.1 101"), "{text}");
        Ok(Self { stream })
    }

    /// The next message: its payload.
    pub(crate) async fn message(&mut self) -> io::Result<Vec<u8>> {
        let _first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("it fits")];
        self.stream.read_exact(&mut payload).await?;
        Ok(payload)
    }

    /// The next message that is JSON.
    pub(crate) async fn json(&mut self) -> Value {
        let payload = self.message().await.expect("a message");
        serde_json::from_slice(&payload).expect("JSON")
    }

    /// Sends a text, masked with zeros.
    pub(crate) async fn send(&mut self, text: &str) -> io::Result<()> {
        let length = u16::try_from(text.len()).expect("a short text");
        let mut frame = match u8::try_from(length) {
            Ok(short @ 0..126) => vec![0x81, 0x80 | short],
            Ok(_) | Err(_) => {
                let [high, low] = length.to_be_bytes();
                vec![0x81, 0x80 | 126, high, low]
            }
        };
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await
    }

    /// Says which shard it is.
    pub(crate) async fn identify(&mut self, shard: u32, count: u32) -> io::Result<()> {
        let data = json!({
            "token": "token", "intents": 0, "properties": {}, "shard": [shard, count],
        });
        self.send(&json!({"op": 2, "d": data}).to_string()).await
    }
}
