//! Waiting for something to read.

use crate::{
    client::{Client, Value, until},
    differential::Ours,
};

/// Waits until so many clients wait.
pub(crate) fn until_waiting(client: &mut Client, count: usize) {
    let line = format!("blocked_clients:{count}\r\n");
    until(|| client.ask(&["INFO", "clients"]).text().contains(&line));
}

fn ids(read: &Value) -> Vec<String> {
    let [stream] = read.list() else { panic!("one stream: {read:?}") };
    let records = stream.list()[1].list();
    records.iter().map(|record| record.list()[0].text().to_owned()).collect()
}

/// Of a group.
fn wait_in_group(ours: &Ours, consumer: &str, patience: &str) -> Client {
    let mut client = ours.client();
    client.send(&[
        "XREADGROUP",
        "GROUP",
        "g",
        consumer,
        "COUNT",
        "1",
        "BLOCK",
        patience,
        "STREAMS",
        "s",
        ">",
    ]);
    client
}

fn ours_with_group() -> (Ours, Client) {
    let ours = Ours::in_memory();
    let mut client = ours.client();
    assert_eq!(client.ask(&["XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"]).text(), "OK");
    (ours, client)
}

#[test]
fn who_has_waited_longest_is_served_first() {
    let (ours, mut client) = ours_with_group();
    let mut waiting = Vec::new();
    for number in 0..3 {
        waiting.push(wait_in_group(&ours, &format!("c{number}"), "0"));
        until_waiting(&mut client, number + 1);
    }
    for id in ["1-1", "1-2"] {
        client.ask(&["XADD", "s", id, "f", "v"]);
    }
    assert_eq!(ids(&waiting[0].receive()), ["1-1"]);
    assert_eq!(ids(&waiting[1].receive()), ["1-2"]);
    until_waiting(&mut client, 1);
    client.ask(&["XADD", "s", "1-3", "f", "v"]);
    assert_eq!(ids(&waiting[2].receive()), ["1-3"]);
}

#[test]
fn one_addition_serves_all_who_read_alone_and_one_of_a_group() {
    let (ours, mut client) = ours_with_group();
    let mut alone: Vec<_> = (0..2).map(|_| ours.client()).collect();
    for reader in &mut alone {
        reader.send(&["XREAD", "BLOCK", "0", "STREAMS", "t", "s", "$", "$"]);
    }
    until_waiting(&mut client, 2);
    let mut first = wait_in_group(&ours, "c", "0");
    until_waiting(&mut client, 3);
    let _second = wait_in_group(&ours, "d", "0");
    until_waiting(&mut client, 4);
    client.ask(&["XADD", "s", "5-1", "f", "v"]);
    for reader in &mut alone {
        assert_eq!(ids(&reader.receive()), ["5-1"]);
    }
    assert_eq!(ids(&first.receive()), ["5-1"]);
    until_waiting(&mut client, 1);
}

#[test]
fn a_wait_ends_in_time_and_what_was_sent_meanwhile_is_answered_behind_it() {
    let (ours, mut client) = ours_with_group();
    let mut waiting = wait_in_group(&ours, "c", "30");
    waiting.send(&["PING"]);
    assert_eq!(waiting.receive(), Value::NullList);
    assert_eq!(waiting.receive().text(), "PONG");
    until_waiting(&mut client, 0);
}

#[test]
fn who_leaves_while_it_waits_is_given_nothing() {
    let (ours, mut client) = ours_with_group();
    let waiting = wait_in_group(&ours, "gone", "0");
    until_waiting(&mut client, 1);
    drop(waiting);
    until_waiting(&mut client, 0);
    client.ask(&["XADD", "s", "1-1", "f", "v"]);
    let read = client.ask(&["XREADGROUP", "GROUP", "g", "here", "STREAMS", "s", ">"]);
    assert_eq!(ids(&read), ["1-1"]);
}

#[test]
fn who_waits_is_told_when_the_group_or_the_stream_goes() {
    for end in [&["XGROUP", "DESTROY", "s", "g"][..], &["DEL", "s"]] {
        let (ours, mut client) = ours_with_group();
        let mut waiting = wait_in_group(&ours, "c", "0");
        until_waiting(&mut client, 1);
        assert_eq!(client.ask(end).number(), 1);
        assert!(waiting.receive().error().starts_with("NOGROUP "), "{end:?}");
    }
}

#[test]
fn a_group_that_is_set_back_serves_who_waits() {
    let (ours, mut client) = ours_with_group();
    client.ask(&["XADD", "s", "1-1", "f", "v"]);
    client.ask(&["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"]);
    let mut waiting = wait_in_group(&ours, "c", "0");
    until_waiting(&mut client, 1);
    client.ask(&["XGROUP", "SETID", "s", "g", "0"]);
    assert_eq!(ids(&waiting.receive()), ["1-1"]);
}

#[test]
fn a_wait_can_be_ended_by_another_client() {
    let (ours, mut client) = ours_with_group();
    for (reason, answer) in [
        ("TIMEOUT", Value::NullList),
        ("ERROR", Value::Error("UNBLOCKED client unblocked via CLIENT UNBLOCK".to_owned())),
    ] {
        let mut waiting = ours.client();
        let id = waiting.ask(&["CLIENT", "ID"]).number().to_string();
        assert_eq!(client.ask(&["CLIENT", "UNBLOCK", &id]).number(), 0, "it does not wait");
        waiting.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
        until_waiting(&mut client, 1);
        assert_eq!(client.ask(&["CLIENT", "UNBLOCK", &id, reason]).number(), 1);
        assert_eq!(waiting.receive(), answer);
    }
}

#[test]
fn a_transaction_wakes_those_who_wait_when_all_of_it_is_done() {
    let (ours, mut client) = ours_with_group();
    let mut waiting = ours.client();
    waiting.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "0"]);
    until_waiting(&mut client, 1);
    client.ask(&["MULTI"]);
    client.ask(&["XADD", "s", "1-1", "f", "v"]);
    client.ask(&["XADD", "s", "1-2", "f", "v"]);
    client.ask(&["EXEC"]);
    assert_eq!(ids(&waiting.receive()), ["1-1", "1-2"]);
}

#[test]
fn messages_reach_those_who_have_subscribed() {
    let ours = Ours::in_memory();
    let (mut hearer, mut client) = (Client::speaking("3", ours.resp.address()), ours.client());
    let told = hearer.ask(&["SUBSCRIBE", "news"]);
    assert!(matches!(told, Value::Push(_)), "{told:?}");
    assert_eq!(client.ask(&["PUBLISH", "news", "hello"]).number(), 1);
    let message = ["message", "news", "hello"].map(|word| Value::Bulk(word.to_owned()));
    assert_eq!(hearer.receive(), Value::Push(message.to_vec()));
    hearer.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    until_waiting(&mut client, 1);
    assert_eq!(client.ask(&["PUBLISH", "news", "hello"]).number(), 1);
    assert_eq!(hearer.receive(), Value::Push(message.to_vec()), "also while it waits");
    client.ask(&["XADD", "s", "1-1", "f", "v"]);
    assert!(matches!(hearer.receive(), Value::Map(_)));
    hearer.ask(&["UNSUBSCRIBE"]);
    assert_eq!(client.ask(&["PUBLISH", "news", "hello"]).number(), 0);

    let mut old = ours.client();
    old.ask(&["SUBSCRIBE", "news"]);
    assert!(old.ask(&["XLEN", "s"]).error().starts_with("ERR Can't execute 'xlen'"));
    assert_eq!(old.ask(&["PING"]).list()[0].text(), "pong");
    drop(old);
    until(|| client.ask(&["PUBLISH", "news", "hello"]).number() == 0);
}
