//! A fleet goes on over another Valkey.

use std::{collections::BTreeSet, path::Path, time::Duration};

use baton_e2e::{
    operator::Operator,
    processes::{Fleet, valkey},
};
use baton_mock_discord::audit::{Entry, audit};
use baton_test_servers::Server;
use rustix::process::Signal;

use crate::{SHARDS, fleet, seconds};

/// How long a shard may be without events: Discord keeps sessions for longer than that.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A consumer group on every lane that has read everything there is.
fn group(valkey: &Server) {
    for lane in 0..4 {
        let key = format!("baton:{{app.{lane}}}:events");
        valkey.command::<()>(&["XGROUP", "CREATE", &key, "workers", "$"]).expect("made");
    }
}

/// Ends all instances, with this signal.
async fn end_all(fleet: &mut Fleet, signal: Signal) {
    for gateway in fleet.gateways.values() {
        gateway.signal(signal);
    }
    for gateway in fleet.gateways.values_mut() {
        let status = gateway.ended().await;
        assert!(status.success() || signal == Signal::KILL, "{status}: {}", gateway.log());
    }
    fleet.gateways.clear();
}

async fn backed_up(operator: &Operator, file: &Path) -> String {
    let backup = operator.types(&format!("backup {}", file.display())).await;
    assert_eq!(backup.code, 0, "{backup:?}");
    let told = format!("fleet e2e: 1 app, {SHARDS} shards, {SHARDS} sessions, 4 consumer groups");
    assert!(backup.besides.contains(&told), "{backup:?}");
    backup.besides
}

/// Goes on over a new store, from a backup, with new instances.
async fn go_on(fleet: &mut Fleet, new: &Server, file: &Path) -> Operator {
    fleet.move_to(new).await;
    let operator = Operator::of(fleet);
    let doctor = operator.types("doctor -o jsonl").await;
    assert_eq!(doctor.code, 3, "there is no instance: {doctor:?}");
    let restored = operator.types(&format!("restore {}", file.display())).await;
    assert_eq!(restored.code, 0, "{restored:?}");
    for name in ["d", "e", "f"] {
        fleet.start(name);
    }
    let live = operator.types("wait --for all-live --timeout 2m").await;
    assert_eq!(live.code, 0, "{live:?}\n{}", fleet.logs());
    fleet.until_all_live().await;
    seconds(3).await;
    operator
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_moves_to_another_valkey_with_all_of_its_sessions() {
    let (old, new) = (valkey(), valkey());
    let (mut fleet, operator) = fleet(&old).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fleet.json");
    let intents = operator.types("intent ls -o jsonl").await;
    assert_eq!((intents.code, intents.data.as_str()), (0, ""));
    end_all(&mut fleet, Signal::TERM).await;
    group(&old);
    let told = backed_up(&operator, &file).await;
    assert_eq!(told.lines().count(), 1, "there is nothing to warn of: {told}");
    let before = fleet.written().await;
    let operator = go_on(&mut fleet, &new, &file).await;
    let report = fleet.judge_after(before).await;
    assert!(report.is_clean(), "{report:?}\n{}", fleet.logs());
    let sessions = usize::try_from(SHARDS).expect("it fits");
    assert_eq!(fleet.identifies().await, sessions, "each shard has its first one still");
    assert_eq!(fleet.verdicts().await, [].into(), "no rule of Discord's was broken");
    let added = fleet.written().await.len();
    assert!(added > 0, "the new store has what came since");
    let history = operator.types("history --last 20").await;
    assert!(history.data.contains("live: resumed"), "{history:?}");
    let gap = report.worst_gaps.values().max().copied().unwrap_or_default();
    assert!(gap < PAUSE_MAX, "nobody was deaf for longer: {gap:?}");
    let lag = operator.types("stream lag -o jsonl").await;
    let lags = lag.data.matches("\"group\":\"workers\"").count();
    assert_eq!(
        (lag.code, lags),
        (0, 4),
        "the groups are there, and read from the beginning: {lag:?}"
    );
    let again = operator.types(&format!("restore {}", file.display())).await;
    assert_eq!(again.code, 7, "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_fleet_that_ran_brings_its_sessions_back_after_the_store_is_lost() {
    let (old, new) = (valkey(), valkey());
    let (mut fleet, operator) = fleet(&old).await;
    group(&old);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fleet.json");
    let told = backed_up(&operator, &file).await;
    assert!(told.contains("12 shards are held: this is a copy for disaster"), "{told}");
    seconds(3).await;
    // The store is lost with all instances: those that live would write back what they know.
    end_all(&mut fleet, Signal::KILL).await;
    let before = fleet.written().await;
    go_on(&mut fleet, &new, &file).await;
    let report = fleet.judge_after(before.clone()).await;
    assert!(!report.doubled.is_empty(), "what came since the backup comes once more");
    // As a consumer does that drops what it has seen.
    let mut seen = BTreeSet::new();
    let mut once = [before, fleet.written().await].concat();
    once.retain(|entry| seen.insert(key(entry)));
    let ledger = fleet.discord.look(|discord| discord.ledger().clone()).await;
    let report = audit(&ledger, &once);
    assert!(report.is_clean(), "{report:?}\n{}", fleet.logs());
    let sessions = usize::try_from(SHARDS).expect("it fits");
    assert_eq!(fleet.identifies().await, sessions, "Discord still had what was to be replayed");
}

/// What consumers know an entry by.
fn key(entry: &Entry) -> (u32, String, u64) {
    (entry.shard.0, format!("{:?}", entry.session), entry.seq.0)
}
