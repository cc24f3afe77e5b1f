//! Streams, commands and the journal, as the program shows them: the real one on a real Valkey.

mod cleaning;
mod world;

use baton_model::{Epoch, InstanceId, Lane, ShardNumber, StreamId, UnixMicros};
use baton_store::{
    CommandOutcome, CommandResult, Commands, Connecting, Doer, Events, Taking, What,
};
use serde_json::{Value, json};

use self::world::{World, as_text, errors, text};

#[tokio::test]
async fn lag_has_a_row_for_each_lane_and_group() {
    let world = World::new().await;
    world.group("slow", 2);
    world.group("never", 0);
    let shown = world.json(&["stream", "lag"]);
    assert_eq!((&shown["schema"], &shown["kind"]), (&json!(1), &json!("lag_list")));
    let rows = shown["items"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let (group, lag, pending) = (&row["group"], &row["lag"], &row["pending"]);
            (
                row["lane"].as_u64(),
                row["length"].as_u64(),
                group.as_str(),
                lag.as_u64(),
                pending.as_u64(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some(0), Some(5), Some("never"), Some(5), Some(0)),
            (Some(0), Some(5), Some("slow"), Some(3), Some(2)),
            (Some(1), Some(0), None, None, None),
        ]
    );
    assert!(rows[0]["oldest_unread_ms"].is_u64() && rows[1]["oldest_unread_ms"].is_u64());
    assert_eq!((&rows[1]["consumers"], &rows[2]["oldest_unread_ms"]), (&json!(1), &Value::Null));
    let only = world.json(&["stream", "lag", "--app", "bot", "--lane", "0", "--group", "slow"]);
    let only = only["items"].as_array().unwrap();
    assert_eq!((only.len(), &only[0]["group"]), (1, &json!("slow")));
}

#[tokio::test]
async fn a_group_that_has_acknowledged_everything_has_nothing_unread() {
    let world = World::new().await;
    world.group("done", 5);
    let entries = world.store.entries(&world.app, Lane(0), StreamId::START, 10).await.unwrap();
    for (id, _) in entries {
        let words = ["XACK", "baton:{bot.0}:events", "done", &id.to_string()];
        world.server.command::<u64>(&words).expect("acknowledged");
    }
    let shown = world.json(&["stream", "lag", "--group", "done"]);
    let row = &shown["items"][0];
    assert_eq!((&row["lag"], &row["pending"]), (&json!(0), &json!(0)));
    assert_eq!(row["oldest_unread_ms"], Value::Null);
}

#[tokio::test]
async fn what_was_delivered_and_not_acknowledged_is_older_than_what_was_not_delivered() {
    let world = World::new().await;
    let key = "baton:{bot.1}:events";
    // No clock is as old as the first of them, and none as young as the second.
    for id in ["1000-0", "4102444800000-0"] {
        world.server.command::<String>(&["XADD", key, id, "not", "an entry"]).expect("added");
    }
    world.server.command::<()>(&["XGROUP", "CREATE", key, "slow", "0"]).expect("made");
    let age = || {
        let shown = world.json(&["stream", "lag", "--lane", "1", "--group", "slow"]);
        shown["items"][0]["oldest_unread_ms"].as_u64().expect("there is one")
    };
    let words = ["XREADGROUP", "GROUP", "slow", "worker", "COUNT", "1", "STREAMS", key, ">"];
    assert!(age() > 1_000_000_000, "nothing was delivered yet");
    world.server.command::<redis::Value>(&words).expect("read");
    assert!(age() > 1_000_000_000, "the one that is pending");
    world.server.command::<u64>(&["XACK", key, "slow", "1000-0"]).expect("acknowledged");
    assert_eq!(age(), 0, "the one that is to come");
}

#[tokio::test]
async fn groups_are_shown_with_their_consumers() {
    let world = World::new().await;
    world.group("slow", 2);
    let dead = "baton:{bot.0}:dead:slow";
    world.server.command::<String>(&["XADD", dead, "*", "d", "{}"]).expect("buried");
    let shown = world.json(&["stream", "groups"]);
    assert_eq!(shown["kind"], "group_list");
    let row = &shown["items"][0];
    assert_eq!((&row["group"], &row["dead_letters"]), (&json!("slow"), &json!(1)));
    assert_eq!(row["consumers"][0]["name"], "worker");
    assert_eq!(row["consumers"][0]["pending"], 2);
    let wide = text(&world.run(&["-o", "wide", "stream", "groups"]));
    assert!(wide.contains("worker: 2, 0."), "{wide}");
}

#[tokio::test]
async fn what_is_not_there_ends_with_5_and_what_cannot_be_said_with_2() {
    let world = World::new().await;
    for words in [
        &["stream", "lag", "--group", "nobody"][..],
        &["stream", "groups", "--app", "other"],
        &["stream", "groups", "--lane", "2"],
        &["stream", "tail", "--shard", "9"],
        &["shard", "history", "9"],
        &["history", "--instance", "nobody"],
        &["command", "send", "9", "--op", "presence", "--json", "{}"],
    ] {
        assert_eq!(world.code(words), Some(5), "{words:?}");
    }
    for words in [
        &["stream", "tail", "--from", "yesterday"][..],
        &["stream", "tail", "--from", "1-0", "--since", "5m"],
        &["command", "send", "0", "--op", "dance", "--json", "{}"],
        &["command", "send", "0", "--op", "voice", "--json", "{}"],
        &["command", "send", "0", "--op", "presence", "--json", "{"],
        &["command", "send", "0", "--op", "raw", "--json", r#"{"op":2,"d":{}}"#],
    ] {
        assert_eq!(world.code(words), Some(2), "{words:?}");
    }
    let sent = world.store.commands(&world.app, Lane(0), StreamId::START, 10).await.unwrap();
    assert_eq!(sent, [], "nothing of this was sent");
}

#[tokio::test]
async fn a_tail_shows_what_is_asked_for_and_ends_when_that_is_enough() {
    let world = World::new().await;
    let from = ["stream", "tail", "--from", "0-0", "--count"];
    let all = world.run(&[&["-o", "jsonl"], &from[..], &["5"]].concat());
    assert_eq!(all.status.code(), Some(0), "{}", errors(&all));
    let lines: Vec<Value> =
        text(&all).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!((&lines[0]["schema"], &lines[0]["kind"]), (&json!(1), &json!("entry")));
    assert_eq!(
        (&lines[0]["event"], &lines[0]["marker"]),
        (&json!("BATON_SESSION_STARTED"), &json!(true))
    );
    assert_eq!((&lines[4]["seq"], &lines[4]["marker"]), (&json!(4), &json!(false)));
    let entries = world.store.entries(&world.app, Lane(0), StreamId::START, 10).await.unwrap();
    let [.., frame] = entries[4].1.as_ref().expect("it is one").body.own_fields();
    let name = lines[4]["event"].as_str().unwrap();
    let raw = world.run(&[&from[..], &["4", "--event", name, "--raw"]].concat());
    let last = text(&raw).lines().last().map(str::to_owned);
    assert_eq!(last.as_deref().map(str::as_bytes), Some(&frame[..]));
    let table = text(&world.run(&[&from[..], &["5", "--shard", "0"]].concat()));
    let marked: Vec<_> = table.lines().map(|line| line.starts_with("!! ")).collect();
    assert_eq!(marked, [true, false, false, false, false], "{table}");
}

#[tokio::test]
async fn what_is_no_entry_is_shown_as_such_and_ends_no_tail() {
    let world = World::new().await;
    let all = world.store.entries(&world.app, Lane(0), StreamId::START, 10).await.unwrap();
    let (before, last) = (all[4].0.to_string(), all[4].1.clone().expect("it is one"));
    let add = |fields: &[&str]| {
        let words = [&["XADD", "baton:{bot.0}:events", "*"], fields].concat();
        world.server.command::<String>(&words).expect("added")
    };
    let junk = add(&["v", "1", "sh", "0"]);
    let fields = last.encode().map(|(name, value)| [name.to_owned(), as_text(&value)]).concat();
    add(&fields.iter().map(String::as_str).collect::<Vec<_>>());

    let tail = |words: &[&str]| {
        let from = ["stream", "tail", "--from", &before, "--count", "2"];
        let shown = world.run(&[&from, words].concat());
        assert_eq!(shown.status.code(), Some(0), "{words:?}: {}", errors(&shown));
        shown
    };
    let lines = text(&tail(&["-o", "jsonl"]));
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let malformed = json!({
        "schema": 1, "kind": "malformed_entry", "app": "bot", "lane": 0, "id": junk,
        "why": r#"there is no field "t""#,
    });
    assert_eq!((&lines[0], &lines[1]["kind"]), (&malformed, &json!("entry")));
    let [_, event, ..] = last.encode().map(|(_, value)| as_text(&value));
    for only in [&["--shard", "0"], &["--event", event.as_str()]] {
        let table = text(&tail(only));
        assert!(table.starts_with(&format!("?? {junk} ")), "it may be wanted, too: {table}");
    }
    let raw = tail(&["--raw"]);
    assert_eq!(text(&raw).lines().count(), 1, "it has no frame");
    assert!(errors(&raw).starts_with(&format!("?? {junk} ")), "{}", errors(&raw));
}

/// Sends as `command send` does, and answers it; how that ended, and what it said.
async fn answered(world: &World, outcome: CommandOutcome) -> (Option<i32>, Value, String) {
    let words = ["-o", "json", "command", "send", "2", "--op", "presence", "--json"];
    let data = r#"{"status": "idle"}"#;
    let child = world.command(&[&words[..], &[data, "--wait"]].concat()).spawn().expect("it runs");
    let (app, lane) = (&world.app, Lane(0));
    let (id, command) = loop {
        let found = world.store.commands(app, lane, StreamId::START, 10).await.expect("read");
        if let Some((id, command)) = found.into_iter().next() {
            break (id, command.expect("it is one"));
        }
        world.store.await_commands(app, lane, StreamId::START).await.expect("awaited");
    };
    assert_eq!(command.shard, ShardNumber(2));
    assert_eq!(&command.frame[..], br#"{"op":3,"d":{"status": "idle"}}"#);
    assert!(command.expires.is_some());
    let at = UnixMicros(1);
    let result = CommandResult { reply_to: command.reply_to, command: id, outcome, at };
    world.store.answer_command(app, lane, &result).await.expect("answered");
    let output = child.wait_with_output().expect("it ends");
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(shown["id"], id.to_string());
    (output.status.code(), shown, errors(&output))
}

#[tokio::test]
async fn a_command_that_was_sent_ends_with_0() {
    let world = World::new().await;
    let (code, shown, _) = answered(&world, CommandOutcome::Sent).await;
    assert_eq!((code, &shown["kind"]), (Some(0), &json!("command")));
    assert_eq!((&shown["schema"], &shown["outcome"]), (&json!(1), &json!("sent")));
}

#[tokio::test]
async fn a_command_that_was_refused_ends_with_1_and_its_words() {
    let world = World::new().await;
    let why = "the app does not allow it".to_owned();
    let (code, shown, said) = answered(&world, CommandOutcome::Dropped { why }).await;
    assert_eq!((code, &shown["outcome"]), (Some(1), &json!("dropped")));
    assert!(said.contains("the app does not allow it"), "{said}");
}

#[tokio::test]
async fn a_command_that_nobody_answers_ends_with_75() {
    let world = World::new().await;
    let words = ["command", "send", "0", "--op", "presence", "--json", "{}", "--wait"];
    assert_eq!(world.code(&[&words[..], &["--timeout", "10ms"]].concat()), Some(75));
}

#[tokio::test]
async fn history_shows_what_was_noted_down_oldest_first() {
    let world = World::new().await;
    let (one, two) = (InstanceId::new(1), InstanceId::new(2));
    let (shard, epoch) = (world.shard(1), Epoch(7));
    let from = Some(one);
    let how = Taking::Accepted;
    world.note(Doer::Instance(two), What::Took { shard, epoch, from, how }).await;
    let (shard, gap_ms) = (world.shard(1), Some(80));
    let how = Connecting::Resumed;
    let live = What::Live { shard, epoch, how, gap_ms, replayed: 3, skipped: 0 };
    world.note(Doer::Instance(two), live).await;
    world.note(Doer::Instance(one), What::DrainTakenBack { instance: one }).await;
    let whats = |shown: &Value| -> Vec<String> {
        let items = shown["items"].as_array().unwrap().iter();
        items.map(|it| it["what"]["what"].as_str().unwrap().to_owned()).collect()
    };
    let all = world.json(&["history"]);
    assert_eq!((&all["schema"], &all["kind"]), (&json!(1), &json!("happening_list")));
    assert_eq!(whats(&all), ["took", "live", "drain_taken_back"]);
    assert_eq!(whats(&world.json(&["history", "--last", "1"])), ["drain_taken_back"]);
    assert_eq!(whats(&world.json(&["shard", "history", "1"])), ["took", "live"]);
    assert_eq!(whats(&world.json(&["shard", "history", "0"])), Vec::<String>::new());
    let of_one = world.json(&["history", "--instance", &one.to_string()]);
    assert_eq!(whats(&of_one), ["took", "drain_taken_back"]);
    let table = text(&world.run(&["shard", "history", "1"]));
    assert!(table.contains("bot/0.1 live: resumed, 3 replayed, deaf for 80 ms"), "{table}");
}

#[tokio::test]
async fn a_dead_letter_is_given_back_to_its_group_and_what_cannot_be_is_told() {
    let world = World::new().await;
    world.group("slow", 2);
    let entries = world.store.entries(&world.app, Lane(0), StreamId::START, 1).await.unwrap();
    let entry = entries[0].0.to_string();
    let bury = |entry: &str| -> String {
        let words = ["XADD", "baton:{bot.0}:dead:slow", "*", "id", entry];
        world.server.command(&words).expect("buried")
    };
    let (there, gone) = (bury(&entry), bury("1-1"));
    let place = ["--lane", "0"];
    let all = world.run(&[&["dead", "replay", "slow", "--all"], &place[..]].concat());
    assert_eq!(all.status.code(), Some(6));
    let said = errors(&all);
    assert!(said.contains("1 of 2 dead letters given back to slow"), "{said}");
    assert!(said.contains(&format!("{gone}: entry 1-1 is not in the stream any more")), "{said}");
    let again = [&["dead", "replay", "slow", &there], &place[..]].concat();
    assert_eq!(world.code(&again), Some(6), "it is no dead letter any more");
    assert_eq!(world.code(&[&["dead", "replay", "nobody", "--all"], &place[..]].concat()), Some(5));
}

#[tokio::test]
async fn dead_letters_are_listed_shown_and_dropped_when_that_is_confirmed() {
    let world = World::new().await;
    let bury = |body: &str| -> String {
        let words = ["XADD", "baton:{bot.0}:dead:gone", "*", "d", body];
        world.server.command(&words).expect("buried")
    };
    let (first, second) = (bury("one"), bury("two"));
    let listed = |words: &[&str]| -> Vec<String> {
        let shown = world.json(words);
        assert_eq!((&shown["schema"], &shown["kind"]), (&json!(1), &json!("dead_letter_list")));
        let items = shown["items"].as_array().unwrap().iter();
        items.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    let ls = ["dead", "ls", "--group", "gone"];
    assert_eq!(listed(&ls), [first.clone(), second.clone()]);
    let place = ["--lane", "0"];
    let shown = world.json(&[&["dead", "show", "gone", &second], &place[..]].concat());
    assert_eq!(shown["fields"], json!([{ "name": "d", "value": "two", "bytes": 3 }]));
    let drop_first = [&["dead", "drop", "gone", &first], &place[..]].concat();
    assert_eq!(world.code(&drop_first), Some(7), "nobody has said yes");
    assert_eq!(listed(&ls).len(), 2);
    assert_eq!(world.code(&[&drop_first[..], &["--yes"]].concat()), Some(0));
    assert_eq!(listed(&ls), [second]);
    assert_eq!(world.code(&[&drop_first[..], &["--yes"]].concat()), Some(5), "it is gone");
    let all = ["dead", "drop", "gone", "--all", "--yes"];
    assert_eq!(world.code(&all), Some(2), "there are two lanes");
    assert_eq!(world.code(&[&all[..], &place].concat()), Some(0));
    assert_eq!(listed(&ls), Vec::<String>::new());
    assert_eq!(world.code(&[&["dead", "show", "gone", &first], &place[..]].concat()), Some(5));
}
