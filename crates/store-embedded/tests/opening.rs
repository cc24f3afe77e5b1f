//! Opening and closing: what is found again, and what is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    num::NonZeroU16,
    path::Path,
    time::Duration,
};

use baton_model::{
    AppName, Beat, Capacity, DataSetId, InstanceId, InstanceRecord, IntentId, Lane, Line,
    NewIntent, Phase, ShardNumber, StoreMillis, Tier, UnixMicros, Version, Weight, Wish,
    limits::{CONFLICTS_KEPT_MAX, JOURNAL_KEPT_MAX},
};
use baton_store::{
    Command, Commands, Conflict, ConflictId, ConflictKind, Conflicts, Doer, Happening, Intents,
    Journal, Membership, PresenceGuard, StoreError, StreamId, What,
};
use baton_store_embedded::{Durability, EmbeddedStore, OpenError, Options};
use bytes::Bytes;
use redb::ReadableDatabase;
use tempfile::TempDir;

fn with(durability: Durability) -> Options {
    Options { durability, ..Options::default() }
}

fn open(folder: &Path) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(folder, Options::default())
}

fn refusal(folder: &Path) -> String {
    let refused = open(folder).expect_err("it is refused");
    let message = refused.to_string();
    assert!(!message.contains('\n'), "{message}");
    message.replace(&folder.display().to_string(), "…")
}

fn app() -> AppName {
    "bot".parse().expect("a name")
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_under_every_durability() {
    let long = Duration::from_secs(3_600);
    for durability in [Durability::Always, Durability::Every(long), Durability::Never] {
        let folder = TempDir::new().unwrap();
        let store = EmbeddedStore::open(folder.path(), with(durability)).unwrap();
        let command = Command {
            shard: ShardNumber(7),
            expires: None,
            reply_to: "me".to_owned(),
            trace: None,
            frame: Bytes::from_static(b"{}"),
        };
        let lane = Lane(0);
        let id = store.send_command(&app(), lane, &command).await.unwrap();
        drop(store);
        let store = EmbeddedStore::open(folder.path(), with(durability)).unwrap();
        let read = store.commands(&app(), lane, StreamId::START, 9).await;
        assert_eq!(read, Ok(vec![(id, Ok(command))]), "{durability:?}");
    }
}

#[tokio::test]
async fn conflicts_are_kept_up_to_a_limit_and_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path(), with(Durability::Never)).unwrap();
    let count = CONFLICTS_KEPT_MAX as u64 + 1;
    for id in 0..count {
        let conflict = Conflict {
            id: ConflictId(id),
            kind: ConflictKind::Impostor,
            instances: BTreeSet::new(),
            shard: None,
            epochs: BTreeSet::new(),
            resolution: String::new(),
            at: UnixMicros(0),
        };
        store.record_conflict(&conflict).await.unwrap();
    }
    let kept = store.conflicts(StreamId::START, usize::MAX).await.unwrap();
    let first = count - kept.len() as u64;
    assert!(kept.iter().map(|(_, conflict)| conflict.id.0).eq(first..count));
    assert_eq!(kept.len(), CONFLICTS_KEPT_MAX - CONFLICTS_KEPT_MAX / 8, "an eighth at a time");
    drop(store);
    let store = EmbeddedStore::open(folder.path(), with(Durability::Never)).unwrap();
    assert_eq!(store.conflicts(StreamId::START, usize::MAX).await, Ok(kept));
}

#[tokio::test]
async fn the_journal_is_kept_up_to_a_limit_and_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path(), with(Durability::Never)).unwrap();
    let count = JOURNAL_KEPT_MAX as u64 + 1;
    for at in 0..count {
        let by = Doer::Operator(Line::shortened("ann"));
        let what = What::DrainTakenBack { instance: InstanceId::new(7) };
        store.note(&Happening { at: UnixMicros(at), by, what }).await.unwrap();
    }
    let kept = store.happenings(StreamId::START, usize::MAX).await.unwrap();
    let first = count - kept.len() as u64;
    assert!(kept.iter().map(|(_, found)| found.as_ref().unwrap().at.0).eq(first..count));
    assert_eq!(kept.len(), JOURNAL_KEPT_MAX - JOURNAL_KEPT_MAX / 8, "an eighth at a time");
    drop(store);
    let store = EmbeddedStore::open(folder.path(), with(Durability::Never)).unwrap();
    assert_eq!(store.happenings(StreamId::START, usize::MAX).await, Ok(kept));
}

#[tokio::test]
async fn a_restart_is_another_primary_over_the_same_data() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    store.ensure_data_set(DataSetId(5)).await.unwrap();
    let before = store.poll().await.unwrap().identity;
    drop(store);
    let store = open(folder.path()).unwrap();
    let after = store.poll().await.unwrap().identity;
    assert_eq!(after.data_set, Some(DataSetId(5)));
    assert_ne!(after.primary, before.primary);
}

async fn is_present(store: &EmbeddedStore) -> bool {
    let poll = store.poll().await.expect("polled");
    poll.members[0].presence == baton_model::Presence::Subscribed
}

#[tokio::test]
async fn presence_ends_with_the_last_guard() {
    let store = EmbeddedStore::in_memory(Options::default());
    let (me, record) = (InstanceId::new(1), record());
    store.beat(me, Beat(1), &record).await.unwrap();
    assert!(!is_present(&store).await);
    let first = store.hold_presence(me).await.unwrap();
    let second = store.clone().hold_presence(me).await.unwrap();
    drop(first);
    assert!(second.is_held() && is_present(&store).await);
    drop(second);
    assert!(!is_present(&store).await);
}

fn record() -> InstanceRecord {
    InstanceRecord {
        phase: Phase::Up,
        tier: Tier(0),
        zone: "a".parse().expect("a name"),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(1),
        version: Version::default(),
        joined_at: StoreMillis(0),
        stalled: BTreeSet::new(),
    }
}

#[test]
fn a_store_is_open_only_once() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    let handle = store.clone();
    drop(store);
    assert_eq!(
        refusal(folder.path()),
        r#"store "…/baton.redb" is in use by another process; stop that one or choose another folder"#
    );
    drop(handle);
    assert!(open(folder.path()).is_ok(), "the last handle is gone");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let occupied = folder.path().join("file");
    fs::write(&occupied, "").unwrap();
    assert_eq!(
        refusal(&occupied.join("store")),
        r#"store "…/baton.redb" cannot be used; check the disk and the rights of this user"#
    );
}

#[test]
fn a_file_that_never_was_a_store_is_refused_and_kept() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("baton.redb");
    for (content, found) in [("", "it is empty"), ("# notes\n", "magic number mismatch")] {
        fs::write(&file, content).unwrap();
        let message = refusal(folder.path());
        assert!(
            message.contains(r#"store "…/baton.redb" is damaged: "#) && message.contains(found),
            "{message}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
}

#[test]
fn a_file_of_another_program_is_refused() {
    let folder = TempDir::new().unwrap();
    let database = redb::Database::create(folder.path().join("baton.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let table = redb::TableDefinition::<u64, u64>::new("theirs");
    transaction.open_table(table).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let message = refusal(folder.path());
    assert!(message.contains(r#"table "theirs" of another program"#), "{message}");
}

/// What lies in a folder, byte for byte.
fn bytes(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let files = fs::read_dir(folder).expect("it is ours").map(|entry| entry.expect("it is ours"));
    files.map(|file| (file.file_name(), fs::read(file.path()).expect("it is ours"))).collect()
}

/// Writes into the store's file that it has this format.
fn set_format(folder: &Path, format: u64) {
    let database = redb::Database::open(folder.join("baton.redb")).expect("it is ours");
    let transaction = database.begin_write().expect("it is ours");
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).expect("it is ours").insert("format", format).expect("it is ours");
    transaction.commit().expect("it is ours");
}

const OF_A_NEWER: &str =
    r#"store "…/baton.redb" has format 3, this Baton knows 2; upgrade this Baton"#;

#[test]
fn a_store_of_a_newer_format_is_refused_and_no_byte_of_it_changes() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    assert_eq!(fs::read_to_string(folder.path().join("format")).unwrap(), "2\n");
    set_format(folder.path(), 3);
    fs::write(folder.path().join("format"), "3\n").unwrap();
    let before = bytes(folder.path());
    for _ in 0..2 {
        assert_eq!(refusal(folder.path()), OF_A_NEWER);
        assert!(bytes(folder.path()) == before, "the same bytes");
    }
}

#[test]
fn a_newer_file_that_was_put_into_an_older_folder_is_refused_as_well() {
    for beside in [None, Some("2\n")] {
        let folder = TempDir::new().unwrap();
        drop(open(folder.path()).unwrap());
        set_format(folder.path(), 3);
        let format = folder.path().join("format");
        match beside {
            Some(says) => fs::write(&format, says).unwrap(),
            None => fs::remove_file(&format).unwrap(),
        }
        assert_eq!(refusal(folder.path()), OF_A_NEWER);
        assert_eq!(refusal(folder.path()), OF_A_NEWER, "and again");
        assert_eq!(fs::read_to_string(&format).ok().as_deref(), beside, "it says what it said");
    }
}

#[test]
fn a_store_from_before_its_folder_said_its_format_is_opened_and_says_it() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    let format = folder.path().join("format");
    fs::remove_file(&format).unwrap();
    set_format(folder.path(), 1);
    drop(open(folder.path()).unwrap());
    assert_eq!(fs::read_to_string(&format).unwrap(), "2\n");
}

#[test]
fn a_format_that_is_no_number_is_damage_and_nothing_is_touched() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    for content in [&b"two"[..], b"\xff"] {
        fs::write(folder.path().join("format"), content).unwrap();
        let before = bytes(folder.path());
        let message = refusal(folder.path());
        assert!(message.contains("`format` beside it holds no number"), "{message}");
        assert!(bytes(folder.path()) == before, "the same bytes");
    }
}

const INTENTS: redb::TableDefinition<'_, &str, &str> = redb::TableDefinition::new("intents");
const JOURNAL: redb::TableDefinition<'_, (u64, u64), Vec<&[u8]>> =
    redb::TableDefinition::new("journal");

#[tokio::test]
async fn intents_and_happenings_of_a_newer_baton_are_left_out_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let wish = Wish::ReadToken { app: app() };
    let (by, reason) = (Line::shortened("ann"), Line::shortened("leaked"));
    let intent = NewIntent { id: IntentId(7), wish, by, reason };
    let what = What::Ordered { intent: intent.clone() };
    let by = Doer::Operator(Line::shortened("ann"));
    let happening = Happening { at: UnixMicros(1), by, what };
    let store = open(folder.path()).unwrap();
    store.intend(&intent).await.unwrap();
    store.note(&happening).await.unwrap();
    drop(store);

    let file = folder.path().join("baton.redb");
    let database = redb::Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(INTENTS).unwrap().insert("moon/full", "wax").unwrap();
    let newer: Vec<&[u8]> = vec![b"2", b"{}"];
    transaction.open_table(JOURNAL).unwrap().insert((1, 1), newer).unwrap();
    transaction.commit().unwrap();
    drop(database);

    let store = open(folder.path()).unwrap();
    let intents = store.poll().await.unwrap().intents;
    assert_eq!(intents.into_iter().map(NewIntent::from).collect::<Vec<_>>(), [intent]);
    let found = store.happenings(StreamId::START, 9).await.unwrap();
    assert_eq!(found.into_iter().map(|(_, found)| found).collect::<Vec<_>>(), [Ok(happening)]);
    drop(store);
    let database = redb::Database::open(&file).unwrap();
    let transaction = database.begin_read().unwrap();
    assert!(transaction.open_table(INTENTS).unwrap().get("moon/full").unwrap().is_some());
    assert!(transaction.open_table(JOURNAL).unwrap().get((1, 1)).unwrap().is_some());
}

#[tokio::test]
async fn a_file_from_before_there_were_intents_and_a_journal_gets_both() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    let database = redb::Database::open(folder.path().join("baton.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(INTENTS).unwrap());
    assert!(transaction.delete_table(JOURNAL).unwrap());
    transaction.commit().unwrap();
    drop(database);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.poll().await.unwrap().intents, []);
    assert_eq!(store.recent(StreamId::END, 9).await, Ok(Vec::new()));
}

#[test]
fn a_making_that_was_interrupted_begins_again() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("baton.redb.new"), "half a fi").unwrap();
    drop(open(folder.path()).unwrap());
    let found = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = found.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["baton.redb", "format", "lock"]);
}

#[test]
fn a_refusal_is_a_store_error_of_its_kind() {
    let file = std::path::PathBuf::from("f");
    let corrupt = OpenError::Corrupt { file: file.clone(), found: "noise".to_owned() };
    assert_eq!(
        StoreError::from(corrupt),
        StoreError::corrupt("f", "noise", "what was written to it")
    );
    let newer = OpenError::Newer { file: file.clone(), found: 2, known: 1 };
    assert!(matches!(StoreError::from(newer), StoreError::Newer { .. }));
    let in_use = StoreError::from(OpenError::InUse { file });
    assert!(matches!(in_use, StoreError::Unavailable { .. }));
}
