//! One task a websocket: frames in, orders out.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_websockets::{CloseCode, Limits, Message, ServerBuilder, WebSocketStream};

use super::{
    actor::{Desk, Opened, Order},
    compression::Compression,
};
use crate::{ConnectionId, Host, Input};

/// How long a client may take to answer a close frame.
const ECHO_WAIT: Duration = Duration::from_secs(5);

/// The pause after a client could not be accepted. Without a file left it would fail again at
/// once, and again, and leave no time for those who could end and give one back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The longest request for an upgrade.
const HEAD_BYTES_MAX: usize = 8 * 1_024;

/// What a client may send in one frame before it is not even read. Discord's limit is far below,
/// and the machine judges that one.
const FRAME_BYTES_MAX: usize = 1_024 * 1_024;

/// How long a client may take to send its request.
const HEAD_WAIT: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<TcpStream>;

/// Accepts clients until it is aborted.
pub(super) async fn accept(listener: TcpListener, host: Host, desk: Desk) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(clients.spawn(serve(stream, host, desk.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "a client could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, host: Host, desk: Desk) {
    // Else a client waits 40 ms for every second small frame.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Some(query)) = tokio::time::timeout(HEAD_WAIT, query_of(&stream)).await else { return };
    let compression = Compression::of(&query);
    let Some(opened) = desk.open(host, query).await else { return };
    let Opened { connection, orders, cut } = opened;
    if orders.is_closed() && orders.is_empty() {
        return; // refused: the upgrade is never answered
    }
    let talk = async {
        let limits = Limits::default().max_payload_len(Some(FRAME_BYTES_MAX));
        let Ok((_, socket)) = ServerBuilder::new().limits(limits).accept(stream).await else {
            desk.input(Input::Closed { connection, code: None }).await;
            return;
        };
        Client { socket, connection, compression, desk }.run(orders).await;
    };
    tokio::select! {
        // First, or what waits would go out once the client reads again.
        biased;
        Ok(()) = cut => {}
        () = talk => {}
    }
}

/// The query of the request that is about to be read, without taking it from the stream: whether
/// the upgrade is answered depends on it.
async fn query_of(stream: &TcpStream) -> Option<String> {
    let mut head = vec![0; HEAD_BYTES_MAX];
    loop {
        stream.readable().await.ok()?;
        let length = stream.peek(&mut head).await.ok()?;
        let head = &head[..length];
        if let Some(end) = head.windows(2).position(|pair| pair == b"\r\n") {
            let line = std::str::from_utf8(&head[..end]).ok()?;
            let target = line.split(' ').nth(1)?;
            let query = target.split_once('?').map_or("", |(_, query)| query);
            return Some(query.to_owned());
        }
        if length == 0 || length == HEAD_BYTES_MAX {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

struct Client {
    socket: Socket,
    connection: ConnectionId,
    compression: Compression,
    desk: Desk,
}

impl Client {
    async fn run(mut self, mut orders: tokio::sync::mpsc::Receiver<Order>) {
        loop {
            tokio::select! {
                // What was ordered first goes out first, before what the client says next.
                biased;
                order = orders.recv() => match order {
                    None => return, // dropped without a word
                    Some(Order::Stall) => return self.stall().await,
                    Some(Order::Corrupt) => self.compression.corrupt_next(),
                    Some(Order::Send(frame)) => {
                        let message = self.compression.message(frame);
                        if self.socket.send(message).await.is_err() {
                            return self.is_gone(None).await;
                        }
                    }
                    Some(Order::Close(code, reason)) => return self.close(code, reason).await,
                },
                message = self.socket.next() => match message {
                    Some(Ok(message)) => self.hear(&message).await,
                    Some(Err(_)) | None => return self.is_gone(None).await,
                },
            }
        }
    }

    async fn hear(&self, message: &Message) {
        let connection = self.connection;
        if let Some(text) = message.as_text() {
            self.desk.input(Input::Text { connection, text: text.to_owned() }).await;
        } else if message.is_binary() {
            self.desk.input(Input::Binary { connection }).await;
        } else if let Some((code, _)) = message.as_close() {
            self.is_gone(Some(u16::from(code))).await;
        }
    }

    async fn is_gone(&self, code: Option<u16>) {
        self.desk.input(Input::Closed { connection: self.connection, code }).await;
    }

    /// Keeps the connection open and is deaf and dumb, until the client has had enough.
    async fn stall(mut self) {
        let mut unheard = [0; 4_096];
        while let Ok(1..) = self.socket.get_mut().read(&mut unheard).await {}
        self.is_gone(None).await;
    }

    /// Says goodbye and waits for the echo, or a client like twilight would wait for ours.
    async fn close(mut self, code: u16, reason: &str) {
        let code = CloseCode::try_from(code).ok();
        if self.socket.send(Message::close(code, reason)).await.is_ok() {
            let until_closed = async { while let Some(Ok(_)) = self.socket.next().await {} };
            // A client that never answers is left behind.
            drop(tokio::time::timeout(ECHO_WAIT, until_closed).await);
        }
    }
}

/// A frame as it goes over the wire without compression.
pub(super) fn plain(frame: Bytes) -> Message {
    // The machine's frames are JSON text; anything else would be our bug and is shown as such.
    match String::from_utf8(frame.into()) {
        Ok(text) => Message::text(text),
        Err(error) => Message::binary(error.into_bytes()),
    }
}
