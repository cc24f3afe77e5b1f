//! A socket keeps twilight from doing anything by itself: reconnecting, and letting commands wait.

use std::{num::NonZeroU32, time::Duration};

use baton_gateway::socket::{Dialer, DialerSettings, Heard, Socket};
use baton_mock_discord::{
    Fault, Input, Settings,
    load::{Mix, Pace},
    server::{Addresses, Server},
};
use baton_model::{ShardCount, ShardNumber};
use baton_shard::{SocketEvent, SocketId};
use twilight_gateway::Intents;

/// A socket with a live session.
async fn live(discord: &Server) -> Socket {
    let dialer = Dialer::new(DialerSettings {
        presence: None,
        large_threshold: 50,
        token: "token".to_owned(),
        intents: Intents::GUILDS,
        gateway_url: Some(discord.gateway_url()),
        shards: ShardCount(NonZeroU32::MIN),
    });
    let mut socket = dialer.dial(ShardNumber(0), SocketId(1), None);
    loop {
        match socket.next().await {
            Heard::Event(SocketEvent::Hello) => socket.proceed(),
            Heard::Event(SocketEvent::PermitWanted) => socket.identify(),
            Heard::Event(SocketEvent::Ready { .. }) => return socket,
            Heard::Event(event) => assert_eq!(event, SocketEvent::Frame),
            Heard::Written => panic!("nothing was to be sent"),
        }
    }
}

async fn is_written(socket: &mut Socket) -> bool {
    let written = async { while !matches!(socket.next().await, Heard::Written) {} };
    tokio::time::timeout(Duration::from_secs(1), written).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn what_twilight_would_only_let_wait_can_be_taken_back() {
    // One test of many installs it; the others find it there.
    drop(rustls::crypto::ring::default_provider().install_default());
    let server = Server::start(Settings::default(), 7, Addresses::LOOPBACK).await;
    let discord = server.expect("it listens");
    let mut socket = live(&discord).await;
    // The kernel holds small frames back until it is told that the one before has arrived; events
    // tell it, and else a timer that knows nothing of virtual time.
    let pace = Pace { mix: Mix::Messages, every_ms: 100, events: 1, burst: None };
    discord.input(Input::Load(Some(pace))).await;
    let mut written = 0;
    while written < 200 {
        socket.send(r#"{"op":3,"d":{}}"#.to_owned());
        if !is_written(&mut socket).await {
            break;
        }
        written += 1;
    }
    assert!((105..120).contains(&written), "{written} of 120");
    assert!(socket.take_back());
    assert!(!is_written(&mut socket).await);
    // Those that are as old as a minute do not count any more.
    let minute = async { while !matches!(socket.next().await, Heard::Written) {} };
    assert!(tokio::time::timeout(Duration::from_secs(60), minute).await.is_err());
    socket.send(r#"{"op":3,"d":{}}"#.to_owned());
    assert!(is_written(&mut socket).await);
    let verdicts = discord.look(|discord| discord.verdicts().counts.clone()).await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
}

#[tokio::test]
async fn a_connection_that_just_ends_is_the_end_of_its_socket() {
    // One test of many installs it; the others find it there.
    drop(rustls::crypto::ring::default_provider().install_default());
    let server = Server::start(Settings::default(), 7, Addresses::LOOPBACK).await;
    let discord = server.expect("it listens");
    let mut socket = live(&discord).await;
    discord.input(Input::Fault(Fault::DropTcp { shard: None })).await;
    let closed = async {
        loop {
            if let Heard::Event(SocketEvent::Closed { code }) = socket.next().await {
                return code;
            }
        }
    };
    let code = tokio::time::timeout(Duration::from_secs(60), closed).await;
    assert_eq!(code.expect("it is told"), None);
    let further = tokio::time::timeout(Duration::from_secs(1), socket.next()).await;
    assert!(further.is_err(), "nothing comes after it: {further:?}");
    drop(socket);
    let sessions = discord.look(|discord| discord.live_sessions()).await;
    assert_eq!(sessions, 0, "it did not resume by itself");
}
