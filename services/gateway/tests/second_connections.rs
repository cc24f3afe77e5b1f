//! A socket is one connection: what twilight would do on a second one, it does not live to do.

use std::time::Duration;

use baton_gateway::socket::{Dialer, DialerSettings, Heard, Socket};
use baton_model::{ShardCount, ShardNumber};
use baton_shard::{CloseCode, SocketEvent, SocketId};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};
use twilight_gateway::Intents;

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

const HELLO: &str = r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}"#;

/// A gateway that does what a test says, and nothing else.
struct Gateway(TcpListener);

type Connection = WebSocketStream<TcpStream>;

impl Gateway {
    async fn start() -> Self {
        // One test of many installs it; the others find it there.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a port"))
    }

    fn url(&self) -> String {
        format!("ws://{}", self.0.local_addr().expect("it listens"))
    }

    fn dial(&self) -> Socket {
        let dialer = Dialer::new(DialerSettings {
            presence: None,
            large_threshold: 50,
            token: "token".to_owned(),
            intents: Intents::GUILDS,
            gateway_url: Some(self.url()),
            shards: ShardCount(1.try_into().expect("not 0")),
        });
        dialer.dial(ShardNumber(0), SocketId(1), None)
    }

    async fn accept(&self) -> Connection {
        let (stream, _) = self.0.accept().await.expect("a client");
        stream.set_nodelay(true).expect("it works");
        ServerBuilder::new().accept(stream).await.expect("an upgrade").1
    }

    /// Accepts, and leads the client to a live session.
    async fn begin_session(&self) -> Connection {
        let mut connection = self.accept().await;
        say(&mut connection, HELLO).await;
        let identify = connection.next().await.expect("a frame").expect("a good one");
        assert!(identify.as_text().expect("text").contains(r#""op":2"#));
        let (url, id) = (self.url(), "session");
        let d = format!(r#"{{"resume_gateway_url":"{url}","session_id":"{id}"}}"#);
        say(&mut connection, &format!(r#"{{"t":"READY","s":1,"op":0,"d":{d}}}"#)).await;
        connection
    }
}

async fn say(connection: &mut Connection, text: &str) {
    connection.send(Message::text(text.to_owned())).await.expect("sent");
}

/// What the socket says next, but for wishes, which are granted.
async fn heard(socket: &mut Socket) -> SocketEvent {
    let event = async {
        loop {
            match socket.next().await {
                Heard::Event(SocketEvent::PermitWanted) => socket.identify(),
                Heard::Event(event) => return event,
                Heard::Written => panic!("nothing was to be sent"),
            }
        }
    };
    timeout(PATIENCE, event).await.expect("it says something")
}

const ENDED: SocketEvent = SocketEvent::Closed { code: None };

#[tokio::test]
async fn a_second_greeting_ends_the_socket() {
    let gateway = Gateway::start().await;
    let mut socket = gateway.dial();
    let serving = async {
        let mut connection = gateway.accept().await;
        say(&mut connection, HELLO).await;
        say(&mut connection, HELLO).await;
        connection
    };
    let (_connection, first) = tokio::join!(serving, heard(&mut socket));
    assert_eq!(first, SocketEvent::Hello);
    socket.proceed();
    assert_eq!(heard(&mut socket).await, ENDED);
    let further = timeout(Duration::from_millis(500), socket.next()).await;
    assert!(further.is_err(), "nothing comes after it: {further:?}");
}

#[tokio::test]
async fn a_close_that_is_answered_by_the_end_of_the_connection_leads_to_no_second_one() {
    let gateway = Gateway::start().await;
    let mut socket = gateway.dial();
    let greeted = async {
        assert_eq!(heard(&mut socket).await, SocketEvent::Hello);
        socket.proceed();
        heard(&mut socket).await
    };
    let (mut connection, ready) = tokio::join!(gateway.begin_session(), greeted);
    assert!(matches!(ready, SocketEvent::Ready { .. }), "{ready:?}");

    socket.close(CloseCode::Resumable);
    let serving = async {
        let close = connection.next().await.expect("a frame").expect("a good one");
        assert!(close.is_close());
        // No echo, no close: it is gone. Whoever comes anew finds a gateway that says nothing.
        drop(connection);
        gateway.accept().await
    };
    // What twilight makes of it is an echo that it gives itself, and then another connection.
    let ended = async {
        let event = heard(&mut socket).await;
        drop(socket);
        event
    };
    let (second, event) = tokio::join!(serving, ended);
    assert_eq!(event, ENDED);
    let mut second = second;
    let said = timeout(PATIENCE, second.next()).await.expect("it ends");
    assert!(!matches!(said, Some(Ok(_))), "nothing is said on the second one: {said:?}");
}
