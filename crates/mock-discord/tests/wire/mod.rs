//! A client with no manners: it says what it is told to say, and tells how that was answered.

use baton_mock_discord::server::Server;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

/// How rudeness ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A close frame with this code.
    Close(u16),
    /// Op 9 `false`.
    InvalidSession,
    /// The status of an HTTP answer.
    Status(u16),
    /// There is nobody left to be answered.
    Nothing,
}

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn come(server: &Server) -> Self {
        Self::come_with(server, "v=10&encoding=json").await
    }

    pub(crate) async fn come_with(server: &Server, query: &str) -> Self {
        let url = format!("{}/?{query}", server.gateway_url()).parse().expect("a url");
        let (socket, _) = ClientBuilder::from_uri(url).connect().await.expect("connects");
        Self(socket)
    }

    pub(crate) async fn say(&mut self, what: impl Into<Message>) {
        self.0.send(what.into()).await.expect("the way out is open");
    }

    /// Identifies as this shard, and returns the session's id.
    pub(crate) async fn begin(&mut self, shard: [u64; 2]) -> String {
        self.say(identify(shard)).await;
        let ready = self.until(|frame| frame["t"] == "READY").await;
        ready["d"]["session_id"].as_str().expect("an id").to_owned()
    }

    /// Resumes, and returns when it has.
    pub(crate) async fn resume(&mut self, id: &str) {
        self.say(resume(id, 1)).await;
        self.until(|frame| frame["t"] == "RESUMED").await;
    }

    /// How what was said is answered, whatever else comes before.
    pub(crate) async fn answer(&mut self) -> Answer {
        loop {
            let message = self.0.next().await.expect("an answer").expect("a whole one");
            if let Some((code, _)) = message.as_close() {
                return Answer::Close(code.into());
            }
            if frame_of(&message)["op"] == 9 {
                return Answer::InvalidSession;
            }
        }
    }

    async fn until(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.0.next().await.expect("a message").expect("a whole one");
            let frame = frame_of(&message);
            if is_meant(&frame) {
                return frame;
            }
        }
    }
}

fn frame_of(message: &Message) -> Value {
    serde_json::from_slice(message.as_payload()).expect("Discord sends JSON")
}

pub(crate) fn text(frame: &Value) -> Message {
    Message::text(frame.to_string())
}

/// An IDENTIFY that nobody could object to.
pub(crate) fn identify(shard: [u64; 2]) -> Message {
    identify_with("intents", json!(1), shard)
}

/// One with this field as it is given.
pub(crate) fn identify_with(field: &str, value: Value, shard: [u64; 2]) -> Message {
    let mut data = json!({"token": "token", "properties": {}, "intents": 1, "shard": shard});
    data[field] = value;
    text(&json!({"op": 2, "d": data}))
}

fn resume(id: &str, seq: u64) -> Message {
    text(&json!({"op": 6, "d": {"token": "token", "session_id": id, "seq": seq}}))
}

/// What a raw TCP connection to the gateway reads, after it has written this, until it ends or has
/// read enough.
pub(crate) async fn raw(
    server: &Server,
    written: &[u8],
    is_enough: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.addresses().gateway).await.expect("connects");
    let mut read = Vec::new();
    // The server may end it before all is written or read; then that is the answer.
    if stream.write_all(written).await.is_ok() {
        while !is_enough(&read) && matches!(stream.read_buf(&mut read).await, Ok(1..)) {}
    }
    read
}

/// A request for an upgrade, by hand.
pub(crate) fn upgrade(query: &str) -> Vec<u8> {
    let lines = [
        &format!("GET /?{query} HTTP/1.1"),
        "Host: mock",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: YSBydWRlIGNsaWVudCEhIQ==",
        "\r\n",
    ];
    lines.join("\r\n").into_bytes()
}
