//! A lane with a gateway on one side and Redis clients on the other.

use std::time::Duration;

use baton_model::{Lane, Seq, ShardNumber, StreamId, UnixMicros, limits::GROUP_ALIVE};
use baton_store::{
    CommandOutcome, CommandResult, Commands, ENTRY_FIELDS, Events, GroupAddress, Lanes, Trim,
    conformance::{Scope, append, live},
};

use crate::{
    blocking::until_waiting,
    client::{Client, Value},
    differential::Ours,
};

/// A lane with the marker of a session and four dispatches.
struct Read {
    ours: Ours,
    scope: Scope,
    client: Client,
}

impl Read {
    fn new() -> Self {
        let (ours, scope) = (Ours::in_memory(), Scope::new(0));
        ours.runtime.block_on(async {
            let (hold, session) = live(&ours.store, &scope.shard(0), scope.instance(1)).await;
            let appended = ours.store.append(&append(&hold, session, 0, 4)).await;
            assert_eq!(appended, Ok(Seq(4)));
        });
        let client = ours.client();
        Self { ours, scope, client }
    }

    fn key(&self, noun: &str) -> String {
        format!("baton:{{{}.0}}:{noun}", self.scope.app())
    }

    fn ask(&mut self, line: &str) -> Value {
        let line = ["events", "commands", "results:me", "dead:workers"]
            .iter()
            .fold(line.to_owned(), |line, noun| {
                line.replace(&format!("<{noun}>"), &self.key(noun))
            });
        self.client.ask(&line.split(' ').collect::<Vec<_>>())
    }
}

#[test]
fn a_group_reads_what_shards_write_field_by_field() {
    let mut lane = Read::new();
    lane.ask("XGROUP CREATE <events> workers 0");
    let read = lane.ask("XREADGROUP GROUP workers one STREAMS <events> >");
    let records = read.list()[0].list()[1].list();
    assert_eq!(records.len(), 5);
    let fields = records[4].list()[1].list();
    let names: Vec<_> = fields.chunks(2).map(|field| field[0].text()).collect();
    assert_eq!(names, ENTRY_FIELDS);
    let value = |name: &str| {
        fields.chunks(2).find(|field| field[0].text() == name).expect("a field")[1].text()
    };
    assert_eq!((value("s"), value("sh"), value("v")), ("4", "0", "1"));
}

#[test]
fn an_append_wakes_who_waits_for_it() {
    let Read { ours, scope, client: mut waiting } = Read::new();
    let key = format!("baton:{{{}.0}}:events", scope.app());
    waiting.send(&["XREAD", "BLOCK", "0", "STREAMS", &key, "$"]);
    let mut client = ours.client();
    until_waiting(&mut client, 1);
    ours.runtime.block_on(async {
        let (hold, session) = live(&ours.store, &scope.shard(1), scope.instance(1)).await;
        ours.store.append(&append(&hold, session, 0, 1)).await.expect("appended");
    });
    assert_eq!(waiting.receive().list()[0].list()[0].text(), key);
}

#[test]
fn operators_see_who_reads_and_remove_groups_and_dead_letters() {
    let mut lane = Read::new();
    for group in ["workers", "archive"] {
        lane.ask(&format!("XGROUP CREATE <events> {group} 0"));
    }
    lane.ask("XREADGROUP GROUP workers one COUNT 2 STREAMS <events> >");
    lane.ask("XREADGROUP GROUP workers two COUNT 1 STREAMS <events> >");
    let pending = lane.ask("XPENDING <events> workers");
    let first: StreamId = pending.list()[1].text().parse().expect("an id");
    assert_eq!(lane.ask(&format!("XACK <events> workers {first}")).number(), 1);
    let letter = lane.ask("XADD <dead:workers> * d {} error poison");
    let letter: StreamId = letter.text().parse().expect("an id");

    let Read { ours, scope, mut client } = lane;
    let name = "workers";
    let workers = GroupAddress { app: scope.app(), lane: Lane(0), name };
    ours.runtime.block_on(async {
        let seen = ours.store.lane(scope.app(), Lane(0)).await.expect("seen");
        let [archive, workers] = &seen.groups[..] else { panic!("{seen:?}") };
        assert_eq!((archive.name.as_str(), archive.pending, archive.lag), ("archive", 0, Some(5)));
        assert_eq!((workers.pending, workers.lag, workers.dead_letters), (2, Some(2), 1));
        assert!(workers.oldest_pending > Some(first));
        let consumers = workers.consumers.iter().map(|one| (one.name.as_str(), one.pending));
        assert_eq!(consumers.collect::<Vec<_>>(), [("one", 1), ("two", 1)]);
    });
    ours.runtime.block_on(async {
        assert_eq!(ours.store.remove_group(workers).await, Ok(true));
        assert_eq!(ours.store.remove_group(workers).await, Ok(false));
        let letters = ours.store.dead_letters(workers, StreamId::START, 9).await.expect("read");
        assert_eq!(
            (letters.len(), letters[0].id, &letters[0].fields[1].1[..]),
            (1, letter, &b"poison"[..])
        );
        assert_eq!(ours.store.dead_letters(workers, letter, 9).await, Ok(Vec::new()));
        assert_eq!(ours.store.drop_dead_letters(workers, &[letter, letter]).await, Ok(1));
        assert_eq!(ours.store.dead_letters(workers, StreamId::START, 9).await, Ok(Vec::new()));
    });
    let key = format!("baton:{{{}.0}}:events", scope.app());
    let groups = client.ask(&["XINFO", "GROUPS", &key]);
    assert_eq!(groups.list().len(), 1);
}

#[test]
fn a_trim_leaves_what_a_living_group_has_not_acknowledged() {
    let mut lane = Read::new();
    lane.ask("XGROUP CREATE <events> workers 0");
    lane.ask("XREADGROUP GROUP workers one STREAMS <events> >");
    let trim = Trim {
        min_age: Duration::ZERO,
        entries_max: u64::MAX,
        bytes_max: u64::MAX,
        live_within: GROUP_ALIVE,
    };
    let Read { ours, scope, .. } = lane;
    let trimmed = ours.runtime.block_on(ours.store.trim(scope.app(), Lane(0), &trim));
    assert_eq!(trimmed.expect("trimmed").length, 5);
}

#[test]
fn commands_reach_who_waits_for_them_and_what_is_none_is_named() {
    let mut lane = Read::new();
    let Read { ours, scope, .. } = &lane;
    let (store, app) = (ours.store.clone(), scope.app().clone());
    let waiting = ours.runtime.spawn(async move {
        store.await_commands(&app, Lane(0), StreamId::START).await.expect("told");
        store.commands(&app, Lane(0), StreamId::START, 9).await.expect("read")
    });
    let sent = lane.ask(r#"XADD <commands> * v 1 sh 3 exp  re me tp  d {"op":3}"#);
    let waiting = async { tokio::time::timeout(Duration::from_secs(20), waiting).await };
    let read = lane.ours.runtime.block_on(waiting).expect("it is told").expect("it ends");
    let [(id, Ok(command))] = &read[..] else { panic!("{read:?}") };
    assert_eq!(id.to_string(), sent.text());
    assert_eq!((command.shard, command.reply_to.as_str()), (ShardNumber(3), "me"));
    assert_eq!(command.frame, r#"{"op":3}"#);

    lane.ask("XADD <commands> * re me what nonsense");
    let Read { ours, scope, .. } = &lane;
    let read = ours.store.commands(scope.app(), Lane(0), *id, 9);
    let read = ours.runtime.block_on(read).expect("read");
    let [(_, Err(malformed))] = &read[..] else { panic!("{read:?}") };
    assert_eq!(malformed.reply_to, "me");
}

#[test]
fn who_waits_for_a_result_is_given_it() {
    let mut lane = Read::new();
    let key = lane.key("results:me");
    let mut waiting = lane.ours.client();
    waiting.send(&["XREAD", "BLOCK", "0", "STREAMS", &key, "0-0"]);
    until_waiting(&mut lane.client, 1);
    let result = CommandResult {
        reply_to: "me".to_owned(),
        command: StreamId { millis: 7, number: 1 },
        outcome: CommandOutcome::Sent,
        at: UnixMicros(5),
    };
    let Read { ours, scope, .. } = &lane;
    let answered = ours.store.answer_command(scope.app(), Lane(0), &result);
    ours.runtime.block_on(answered).expect("answered");
    let read = waiting.receive();
    let records = read.list()[0].list()[1].list();
    let fields: Vec<_> = records[0].list()[1].list().iter().map(Value::text).collect();
    assert_eq!(fields[..6], ["v", "1", "cmd", "7-1", "out", "sent"]);
    let id = records[0].list()[0].text();
    assert_eq!(lane.ask("XLEN <results:me>").number(), 1);
    assert_eq!(lane.ask("XRANGE <results:me> - +").list().len(), 1);
    assert_eq!(lane.ask("XREVRANGE <results:me> + - COUNT 5").list().len(), 1);
    assert_eq!(lane.ask("EXISTS <results:me>").number(), 1);
    assert_eq!(lane.ask(&format!("XREAD STREAMS <results:me> {id}")), Value::NullList);
    assert_eq!(lane.ask("XREAD STREAMS <results:me> +").list().len(), 1);
}
