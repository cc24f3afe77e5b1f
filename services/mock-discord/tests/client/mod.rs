//! A client that does no more than it has to: it frames by hand, masks with zeros, looks into no
//! payload that it was not asked for, and keeps nothing. What is measured with it is the server.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{io, net::SocketAddr};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How much is read at once.
const CHUNK: usize = 32 * 1_024;

/// A websocket.
pub(crate) struct Client {
    stream: TcpStream,
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

    /// Takes what comes until the connection ends, and says each time how many messages ended.
    pub(crate) async fn count(self, mut counted: impl FnMut(Counted)) {
        let mut frames = Frames::default();
        while self.stream.readable().await.is_ok() {
            // Not kept while it waits: a thousand clients share the stack's.
            let mut chunk = [0; CHUNK];
            match self.stream.try_read(&mut chunk) {
                Ok(0) => return,
                Ok(length) => {
                    let messages = frames.pass(&chunk[..length]);
                    counted(Counted { messages, bytes: length as u64 });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}

/// What a read brought.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// Where in the frames a stream of bytes stands.
#[derive(Debug, Default)]
struct Frames {
    head: [u8; 10],
    head_length: usize,
    payload_left: u64,
}

impl Frames {
    /// Passes over bytes; how many frames ended in them.
    fn pass(&mut self, mut bytes: &[u8]) -> u64 {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.payload_left == 0 {
                self.head[self.head_length] = bytes[0];
                self.head_length += 1;
                bytes = &bytes[1..];
                if let Some(length) = self.payload_length() {
                    (self.payload_left, self.head_length) = (length, 0);
                    ended += u64::from(length == 0);
                }
                continue;
            }
            let skipped = self.payload_left.min(bytes.len() as u64);
            self.payload_left -= skipped;
            ended += u64::from(self.payload_left == 0);
            bytes = &bytes[usize::try_from(skipped).expect("a part of the bytes")..];
        }
        ended
    }

    /// The length of the payload, once the head is whole.
    fn payload_length(&self) -> Option<u64> {
        let head = &self.head[..self.head_length];
        match head.get(1)? {
            126 => Some(u64::from(u16::from_be_bytes(head.get(2..4)?.try_into().ok()?))),
            127 => Some(u64::from_be_bytes(head.get(2..10)?.try_into().ok()?)),
            short => Some(u64::from(*short)),
        }
    }
}
