//! Intents: how many there may be, and what older and newer versions of Baton make of them.

mod support;

use baton_model::{InstanceId, IntentId, Line, NewIntent, Wish, limits::INTENTS_MAX};
use baton_store::{IntendError, Intents, Membership};
use baton_test_servers::{Program, Server};
use support::open_at;

const INTENTS: &str = "baton:{main}:intents";

fn drain(instance: u128, id: u64) -> NewIntent {
    let wish = Wish::Drain { instance: InstanceId::new(instance), limit: None };
    let line = |text| Line::shortened(text);
    NewIntent { id: IntentId(id), wish, by: line("ann"), reason: line("") }
}

#[tokio::test]
async fn there_is_room_for_so_many_intents_and_always_for_another_wish_about_the_same() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let most = INTENTS_MAX as u64;
    for number in 0..most {
        assert_eq!(store.intend(&drain(u128::from(number), 1)).await, Ok(None));
    }
    let one_too_many = drain(u128::from(most), 1);
    assert_eq!(store.intend(&one_too_many).await, Err(IntendError::TooMany(most)));
    let replaced = store.intend(&drain(0, 2)).await.expect("taken");
    assert_eq!(replaced.map(NewIntent::from), Some(drain(0, 1)));
    assert_eq!(store.poll().await.expect("polled").intents.len(), INTENTS_MAX);
}

#[tokio::test]
async fn what_a_newer_baton_intends_keeps_nobody_from_looking() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    store.intend(&drain(1, 1)).await.expect("taken");
    for (subject, value) in [
        ("moon/full", "0000000000000001 1 {}"),
        ("token/bot", "a format without spaces"),
        (r"token/\255", "text that is none"),
        ("token/cat", r"\255\254"),
    ] {
        let script = format!("return redis.call('HSET', KEYS[1], '{subject}', '{value}')");
        server.command::<i64>(&["EVAL", &script, "1", INTENTS]).expect("written");
    }
    let intents = store.poll().await.expect("polled").intents;
    assert_eq!(intents.into_iter().map(NewIntent::from).collect::<Vec<_>>(), [drain(1, 1)]);
    let wish = Wish::ReadToken { app: "cat".parse().expect("a name") };
    let ours = NewIntent { wish, ..drain(1, 9) };
    assert_eq!(store.intend(&ours).await, Ok(None), "it replaces what it cannot read");
    assert_eq!(store.poll().await.expect("polled").intents.len(), 2);
}

#[tokio::test]
async fn callers_of_an_earlier_revision_are_still_served() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    store.intend(&drain(1, 1)).await.expect("taken");
    let keys = ["instances", "store", "planner", "targets"];
    let [instances, data_set, planner, targets] = keys.map(|name| format!("baton:{{main}}:{name}"));
    let poll =
        ["FCALL", "baton_1_poll", "4", &instances, &data_set, &planner, &targets, "channel:"];
    let polled: Vec<redis::Value> = server.command(&poll).expect("polled");
    assert!(polled.len() >= 7, "what it knows is there: {polled:?}");
    let id = InstanceId::new(1).to_string();
    server.command::<i64>(&["HSET", &instances, &id, "7 record"]).expect("written");
    let forget = ["FCALL", "baton_1_forget", "1", &instances, &id, "7"];
    server.command::<Vec<String>>(&forget).expect("forgotten");
    let members: i64 = server.command(&["HLEN", &instances]).expect("counted");
    assert_eq!((members, store.poll().await.expect("polled").intents.len()), (0, 1));
}
