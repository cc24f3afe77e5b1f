//! What a handler reads out of an event.

#[expect(dead_code, reason = "consumers are looked at elsewhere")]
mod support;

use std::{
    io,
    sync::{Arc, Mutex},
};

use baton_consumer::Delivery;
use baton_model::{
    Dispatch, Epoch, EventName, GuildId, Marker, Seq, SessionNumber, ShardNumber, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use baton_test_servers::{Program, Server};
use serde::Deserialize;
use support::{consumer, until, url, write_at};
use twilight_model::gateway::{event::DispatchEvent, payload::incoming::TypingStart};

const TYPING: &str = r#"{"op":0,"s":1,"t":"TYPING_START","d":{"channel_id":"2","guild_id":"1",
    "timestamp":1501234567,"user_id":"3","a_field_of_next_year":[1.5]}}"#;

const FROM_NEXT_YEAR: &str = r#"{"op":0,"s":2,"t":"TELEPATHY_START","d":{"thought":"hm"}}"#;

/// Of one guild, so that a handler gets one after the other.
fn dispatch(seq: u64, name: &str, frame: &'static str) -> Entry {
    let body = EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new(name),
        guild: Some(GuildId(1)),
        at: UnixMicros(1_795_159_808_791_023),
        trace: None,
        frame: frame.into(),
    });
    Entry { shard: ShardNumber(0), session: SessionNumber(1), epoch: Epoch(1), body }
}

fn marker() -> Entry {
    let marker = Marker::Gap { after: Seq(2), before: Seq(5) };
    let body = EntryBody::Marker { seq: Seq(4), at: UnixMicros(1_795_159_808_791_023), marker };
    Entry { shard: ShardNumber(0), session: SessionNumber(1), epoch: Epoch(1), body }
}

/// Lets handlers look at these entries, and says what they saw.
async fn seen<T: Send + 'static>(
    entries: &[Entry],
    look: impl Fn(Delivery) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let server = Server::start(Program::Valkey, &[]);
    write_at(&server, 0, entries);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let handler = move |delivery: Delivery| {
        noted.lock().expect("no panic").push(look(delivery));
        async { Ok::<_, io::Error>(()) }
    };
    let running = tokio::spawn(consumer(&url(&server)).build().expect("one").run(handler));
    until("all are seen", || seen.lock().expect("no panic").len() == entries.len()).await;
    running.abort();
    std::mem::take(&mut *seen.lock().expect("no panic"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_read_as_twilights_or_as_the_few_fields_one_wants() {
    #[derive(Deserialize)]
    struct Who {
        user_id: String,
    }
    let typing = [dispatch(1, "TYPING_START", TYPING)];
    let read = seen(&typing, |delivery| {
        let typing = delivery.parse::<TypingStart>().expect("it is one");
        let who = delivery.parse::<Who>().expect("it has one");
        let event = delivery.event().expect("twilight knows it");
        (typing, who.user_id, event, delivery.frame())
    });
    let (typing, who, event, frame) = read.await.remove(0);
    assert_eq!((typing.channel_id.get(), typing.user_id.get(), who.as_str()), (2, 3, "3"));
    assert_eq!(event, DispatchEvent::TypingStart(Box::new(typing)));
    assert_eq!(frame, TYPING.as_bytes(), "as Discord has sent it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_cannot_be_read_as_is_said_and_why() {
    let entries = [
        dispatch(1, "TYPING_START", TYPING),
        dispatch(2, "TELEPATHY_START", FROM_NEXT_YEAR),
        marker(),
    ];
    let told = seen(&entries, |delivery| {
        let typed = delivery.parse::<Vec<u8>>().expect_err("it is no list").to_string();
        (typed, delivery.event().map_err(|error| error.to_string()).err())
    });
    let list = "cannot be read as alloc::vec::Vec<u8>";
    let event = "cannot be read as twilight_model::gateway::event::dispatch::DispatchEvent";
    let marker = "BATON_GAP is a marker; read it with `Delivery::marker`".to_owned();
    let expected = [
        (format!("frame of TYPING_START {list}"), None),
        (
            format!("frame of TELEPATHY_START {list}"),
            Some(format!("frame of TELEPATHY_START {event}")),
        ),
        (marker.clone(), Some(marker)),
    ];
    assert_eq!(told.await, expected);
}
