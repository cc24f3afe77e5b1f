//! What a client cannot do to the others.

use std::{cell::RefCell, io::Write, net::TcpStream};

use baton_model::limits::{
    CONSUMER_STREAMS_MAX, GROUPS_PER_STREAM_MAX, RESP_CONNECTIONS_MAX, RESP_PUSHES_WAITING_MAX,
    RESP_TRANSACTION_MAX, SUBSCRIPTIONS_MAX,
};
use baton_store_embedded::{EmbeddedStore, ListenError, Options, Resp, RespOptions};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{
    client::{Client, Value, until},
    differential::Ours,
};

#[test]
fn what_is_no_request_is_answered_with_why_and_ends_that_connection_alone() {
    let ours = Ours::in_memory();
    let mut other = ours.client();
    for (sent, why) in [
        (&b"*1\r\n:1\r\n"[..], "ERR Protocol error: expected '$', got ':'"),
        (b"*x\r\n", "ERR Protocol error: invalid multibulk length"),
        (b"*1\r\n$x\r\n", "ERR Protocol error: invalid bulk length"),
        (b"get \"a\r\n", "ERR Protocol error: unbalanced quotes in request"),
    ] {
        let mut client = ours.client();
        client.send_raw(b"PING\r\n");
        client.send_raw(sent);
        assert_eq!(client.receive().text(), "PONG", "what came before is answered");
        assert_eq!(client.receive().error(), why);
        assert!(client.is_closed());
        assert_eq!(other.ask(&["PING"]).text(), "PONG");
    }
}

#[test]
fn whatever_bytes_one_client_sends_the_others_are_served() {
    let ours = Ours::in_memory();
    let other = RefCell::new(ours.client());
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "[*$][0-9]{1,3}\r\n".prop_map(String::into_bytes),
        "(xadd|xread|xreadgroup|xgroup|multi|exec|subscribe|hello|client) [a-z0-9>$ ]{0,20}\r\n"
            .prop_map(String::into_bytes),
    ];
    let bytes = proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let tested = TestRunner::new(config).run(&bytes, |bytes| {
        let mut socket = TcpStream::connect(ours.resp.address()).expect("it listens");
        // It may close the connection before all of it is sent.
        drop(socket.write_all(&bytes));
        let answer = other.borrow_mut().ask(&["PING"]);
        prop_assert_eq!(answer.text(), "PONG");
        Ok(())
    });
    tested.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn many_requests_at_once_are_answered_in_their_order() {
    let ours = Ours::in_memory();
    let mut client = ours.client();
    for number in 0..5_000 {
        client.send(&["ECHO", &number.to_string()]);
    }
    for number in 0..5_000 {
        assert_eq!(client.receive().text(), number.to_string());
    }
}

#[test]
fn a_client_that_does_not_read_is_not_read_from_and_holds_up_nobody() {
    let ours = Ours::in_memory();
    let mut greedy = ours.client();
    let large = "x".repeat(1 << 20);
    greedy.ask(&["XADD", "s", "1-1", "f", &large]);
    // All in one piece, so that all of it has come when the first is answered.
    let asked = "XRANGE s - +\r\n".repeat(64) + "XADD s 1-2 f v\r\n";
    greedy.send_raw(asked.as_bytes());
    greedy.wait_for_reply();
    let mut other = ours.client();
    for _ in 0..100 {
        assert_eq!(other.ask(&["XLEN", "s"]).number(), 1, "its last request was not carried out");
    }
    for _ in 0..64 {
        assert_eq!(greedy.receive().list().len(), 1);
    }
    assert_eq!(greedy.receive().text(), "1-2");
}

#[test]
fn there_are_only_so_many_connections() {
    let ours = Ours::in_memory();
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..RESP_CONNECTIONS_MAX {
        let mut client = ours.client();
        assert_eq!(client.ask(&["PING"]).text(), "PONG");
        clients.push(client);
    }
    let mut refused = ours.client();
    assert_eq!(refused.receive().error(), "ERR max number of clients reached");
    clients.pop();
    // There is room again as soon as the server has seen it go.
    until(|| {
        let mut client = ours.client();
        client.send(&["PING"]);
        let answer = client.receive();
        let is_served = answer == Value::Simple("PONG".to_owned());
        assert!(is_served || answer.error().starts_with("ERR max number"), "{answer:?}");
        is_served
    });
}

#[test]
fn there_are_only_so_many_streams_groups_and_subscriptions() {
    let ours = Ours::in_memory();
    let mut client = ours.client();
    for (count, of) in [
        (CONSUMER_STREAMS_MAX, &["XADD", "{}", "1-1", "f", "v"][..]),
        (GROUPS_PER_STREAM_MAX, &["XGROUP", "CREATE", "0", "{}", "0"]),
        (SUBSCRIPTIONS_MAX, &["SUBSCRIBE", "{}"]),
    ] {
        let request = |number: usize| {
            let words = of.iter().map(|word| word.replace("{}", &number.to_string()));
            words.collect::<Vec<_>>()
        };
        (0..count).for_each(|number| client.send(&request(number)));
        for _ in 0..count {
            let answer = client.receive();
            assert!(!matches!(answer, Value::Error(_)), "{of:?}: {answer:?}");
        }
        let refused = client.ask(&request(count));
        assert!(refused.error().starts_with("OOM command not allowed: "), "{refused:?}");
    }
}

#[test]
fn a_transaction_has_only_so_many_commands() {
    let ours = Ours::in_memory();
    let mut client = ours.client();
    client.ask(&["MULTI"]);
    for _ in 0..RESP_TRANSACTION_MAX {
        assert_eq!(client.ask(&["PING"]).text(), "QUEUED");
    }
    assert!(client.ask(&["PING"]).error().starts_with("OOM command not allowed: "));
    assert!(client.ask(&["EXEC"]).error().starts_with("EXECABORT "));
    assert_eq!(client.ask(&["PING"]).text(), "PONG");
}

#[test]
fn who_does_not_read_what_it_has_subscribed_to_loses_its_connection() {
    let ours = Ours::in_memory();
    let (mut hearer, mut teller) = (ours.client(), ours.client());
    hearer.ask(&["SUBSCRIBE", "news"]);
    let large = "x".repeat(64 * 1024);
    for _ in 0..RESP_PUSHES_WAITING_MAX + 200 {
        teller.ask(&["PUBLISH", "news", &large]);
    }
    let mut heard = 0;
    while let Some(read) = hearer.try_receive() {
        assert_eq!(read.list()[2].text().len(), large.len());
        heard += 1;
    }
    assert!(heard < RESP_PUSHES_WAITING_MAX + 200, "{heard}");
    until(|| teller.ask(&["PUBLISH", "news", "x"]).number() == 0);
}

#[test]
fn a_stranger_is_told_to_say_the_password_and_nothing_else() {
    let ours = Ours::over(EmbeddedStore::in_memory(Options::default()), Some("secret"));
    let mut client = ours.client();
    for refused in [&["PING"][..], &["XLEN", "s"], &["MULTI"], &["CLIENT", "ID"]] {
        assert_eq!(client.ask(refused).error(), "NOAUTH Authentication required.");
    }
    assert!(client.ask(&["HELLO", "3"]).error().starts_with("NOAUTH HELLO must be called"));
    let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
    for password in ["wrong", "", "secret ", "secre"] {
        assert_eq!(client.ask(&["AUTH", password]).error(), wrong);
    }
    assert_eq!(client.ask(&["AUTH", "somebody", "secret"]).error(), wrong);
    assert_eq!(client.ask(&["HELLO", "3", "AUTH", "default", "wrong"]).error(), wrong);
    assert_eq!(client.ask(&["PING"]).error(), "NOAUTH Authentication required.");
    assert_eq!(client.ask(&["AUTH", "secret"]).text(), "OK");
    assert_eq!(client.ask(&["PING"]).text(), "PONG");
    assert_eq!(client.ask(&["RESET"]).text(), "RESET");
    assert_eq!(client.ask(&["PING"]).error(), "NOAUTH Authentication required.");

    let mut client = ours.client();
    client.ask(&["HELLO", "3", "AUTH", "default", "secret"]);
    assert_eq!(client.ask(&["PING"]).text(), "PONG");

    let mut stranger = ours.client();
    stranger.send_raw(b"*11\r\n");
    let why = "ERR Protocol error: unauthenticated multibulk length";
    assert_eq!(stranger.receive().error(), why);
}

#[test]
fn without_a_password_only_this_machine_is_listened_to() {
    let ours = Ours::in_memory();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:6379"] {
        let address = address.parse().expect("an address");
        for password in [None, Some(String::new())] {
            let options = RespOptions { address, password };
            let refused = ours.runtime.block_on(Resp::listen(&ours.store, options));
            assert!(matches!(refused, Err(ListenError::Exposed(_))), "{refused:?}");
        }
    }
    let taken = RespOptions { address: ours.resp.address(), password: None };
    let refused = ours.runtime.block_on(Resp::listen(&ours.store, taken));
    assert!(matches!(refused, Err(ListenError::Io { .. })), "{refused:?}");
    let everywhere = "0.0.0.0:0".parse().expect("an address");
    let options = RespOptions { address: everywhere, password: Some("secret".to_owned()) };
    assert!(!format!("{options:?}").contains("secret"));
    assert!(ours.runtime.block_on(Resp::listen(&ours.store, options)).is_ok());
}

#[test]
fn when_it_is_dropped_nobody_listens_and_connections_end() {
    let ours = Ours::in_memory();
    let mut client = ours.client();
    client.ask(&["PING"]);
    let address = ours.resp.address();
    drop(ours.resp);
    assert!(client.is_closed());
    until(|| TcpStream::connect(address).is_err());
}
