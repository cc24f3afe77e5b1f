//! Copies instead of entries: each event stands in one place, once, whatever is repeated, refused
//! or switched over; and the lane's own bookkeeping is as it always is.

mod support;

use std::time::Duration;

use baton_model::{Lane, Seq, SessionNumber, ShardNumber};
use baton_store::{
    Append, AppendError, Appended, Brokers, Copied, CopiedAppend, Copies, Entry, EntryBody, Events,
    Faults, Faulty, Hold, InLane, Leases, Unhappy,
    conformance::{Audit, Scope, append, dispatch, live, stream},
    key::Key,
};
use baton_store_valkey::Valkey;
use baton_test_servers::{Program, Server};
use redis::streams::StreamRangeReply;
use support::{open_at, seed};

const STREAM: &str = "MESSAGE_CREATE";

const ALSO: InLane = InLane::Also { entries_max: 1_000_000 };

/// A shard whose events are copied.
struct Stage {
    server: Server,
    store: Valkey,
    scope: Scope,
    hold: Hold,
    session: SessionNumber,
}

impl Stage {
    async fn on(program: Program) -> Self {
        let server = Server::start(program, &[]);
        let store = open_at(&server).await;
        let scope = Scope::new(seed());
        let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
        Self { server, store, scope, hold, session }
    }

    /// The dispatches behind `prev`, up to `last`, each with a copy.
    fn append(&self, lane: InLane, prev: u64, last: u64) -> CopiedAppend {
        let copy = |seq| Some(Copied { stream: STREAM.to_owned(), data: data(seq).into() });
        let copies = Copies { each: (prev + 1..=last).map(copy).collect(), lane };
        CopiedAppend { append: append(&self.hold, self.session, prev, last), copies }
    }

    async fn write(&self, append: CopiedAppend) -> Result<Appended, AppendError> {
        write(&self.store, append).await
    }

    async fn write_instead(&self, prev: u64, last: u64) -> Result<Appended, AppendError> {
        self.write(self.append(InLane::Instead, prev, last)).await
    }

    /// What the copies' stream holds, in its order.
    fn copies(&self) -> Vec<String> {
        let found: StreamRangeReply =
            self.server.command(&["XRANGE", STREAM, "-", "+"]).expect("read");
        let data = |entry: &redis::streams::StreamId| entry.get("data").expect("one field, data");
        found.ids.iter().map(data).collect()
    }

    async fn lane(&self) -> Vec<Entry> {
        stream(&self.store, &self.scope).await
    }

    /// The numbers of the lane's dispatches, in its order.
    async fn in_lane(&self) -> Vec<u64> {
        let lane = self.lane().await;
        let seqs = lane.iter().filter_map(|entry| match &entry.body {
            EntryBody::Dispatch(found) => {
                assert_eq!(entry.body, dispatch(found.seq.0), "it is whole");
                Some(found.seq.0)
            }
            EntryBody::Marker { .. } => None,
        });
        seqs.collect()
    }
}

async fn write<S: Brokers>(store: &S, append: CopiedAppend) -> Result<Appended, AppendError> {
    store.append_copied(&[append]).await.pop().expect("an answer to each")
}

/// The data of the copy of the dispatch with this seq.
fn data(seq: u64) -> String {
    format!("copy of {seq}")
}

fn all(seqs: impl IntoIterator<Item = u64>) -> Vec<String> {
    seqs.into_iter().map(data).collect()
}

#[tokio::test]
async fn an_event_with_a_copy_stands_there_alone_and_once_however_often_an_append_is_repeated() {
    for program in [Program::Valkey, Program::Redis] {
        let stage = Stage::on(program).await;
        for (prev, last, seq) in [(0, 4, 4), (0, 4, 4), (2, 6, 6), (6, 9, 9), (0, 9, 9)] {
            let appended = stage.write_instead(prev, last).await;
            assert_eq!(appended.map(|it| (it.seq.0, it.refused)), Ok((seq, None)));
        }
        assert_eq!(stage.copies(), all(1..=9));
        assert_eq!(stage.lane().await.len(), 1, "the marker of the session");
        let streams = stage.store.copied_streams(stage.scope.app()).await;
        assert_eq!(streams, Ok(vec![STREAM.to_owned()]), "they are looked after");
    }
}

#[tokio::test]
async fn appends_over_a_faulty_connection_are_exact_and_so_is_every_switch_of_the_mode() {
    let stage = Stage::on(Program::Valkey).await;
    let faults = Faults {
        lost_request_percent: 20,
        lost_reply_percent: 20,
        unavailable_percent: 10,
        delay_max: Duration::ZERO,
    };
    let faulty = Faulty::new(stage.store.clone(), faults, 7);
    let (mut done, mut attempts) = (0, 0);
    while done < 600 {
        // What is repeated may be repeated in another mode: a reload does not wait for answers.
        let mode = if attempts % 3 == 0 || done >= 300 { InLane::Instead } else { ALSO };
        attempts += 1;
        match write(&faulty, stage.append(mode, done, (done + 7).min(600))).await {
            Ok(appended) => done = appended.seq.0,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
    assert_eq!(stage.copies(), all(1..=600));
    let in_lane = stage.in_lane().await;
    assert!(in_lane.is_sorted_by(|one, next| one < next), "{in_lane:?}");
    let until_then = in_lane.iter().filter(|seq| **seq <= 300).count();
    assert!((1..300).contains(&until_then), "both modes wrote some: {until_then}");
    assert!(in_lane.iter().all(|seq| *seq <= 307), "{in_lane:?}");
}

#[tokio::test]
async fn what_cannot_be_written_elsewhere_stands_in_the_lane_and_is_told() {
    let stage = Stage::on(Program::Valkey).await;
    stage.write_instead(0, 2).await.expect("appended");
    stage.server.command::<()>(&["RENAME", STREAM, "aside"]).expect("set aside");
    stage.server.command::<()>(&["SET", STREAM, "somebody's"]).expect("set");
    let mut append = stage.append(InLane::Instead, 2, 5);
    append.copies.each[1] = Some(Copied { stream: "READY".to_owned(), data: data(4).into() });
    for _ in 0..2 {
        let appended = stage.write(append.clone()).await.expect("appended");
        assert_eq!(appended.seq, Seq(5));
        // The second time there is nothing left to write.
        let Some((count, why)) = appended.refused else { continue };
        assert_eq!(count, 2);
        assert!(why.starts_with("WRONGTYPE"), "{why}");
    }
    assert_eq!(stage.in_lane().await, [3, 5]);
    let ready: StreamRangeReply =
        stage.server.command(&["XRANGE", "READY", "-", "+"]).expect("read");
    assert_eq!(ready.ids.len(), 1);
    stage.server.command::<()>(&["RENAME", "aside", STREAM]).expect("back again");
    stage.write_instead(5, 7).await.expect("appended");
    assert_eq!(stage.copies(), all([1, 2, 6, 7]));
    assert_eq!(stage.in_lane().await, [3, 5]);
}

#[tokio::test]
async fn what_has_no_copy_stands_in_the_lane() {
    let stage = Stage::on(Program::Valkey).await;
    let mut append = stage.append(InLane::Instead, 0, 3);
    append.copies.each[1] = None;
    // Entries beyond the list have none either.
    append.copies.each.pop();
    let appended = stage.write(append).await;
    assert_eq!(appended, Ok(Appended { seq: Seq(3), refused: None }));
    assert_eq!((stage.copies(), stage.in_lane().await), (all([1]), vec![2, 3]));
    assert_eq!(stage.server.command::<i64>(&["EXISTS", ""]), Ok(0), "nothing has no name");
}

#[tokio::test]
async fn the_fence_the_session_and_the_chain_hold_as_in_a_lane() {
    let stage = Stage::on(Program::Valkey).await;
    stage.write_instead(0, 2).await.expect("appended");
    let gap = stage.write_instead(3, 5).await;
    assert_eq!(gap, Err(AppendError::Gap(Seq(2))));
    let mut other = stage.append(InLane::Instead, 2, 4);
    other.append.session = SessionNumber(stage.session.0 + 1);
    let refused = stage.write(other).await;
    assert!(matches!(refused, Err(AppendError::OtherSession(Some(_)))), "{refused:?}");
    // Where only filtered dispatches come, the mark moves all the same.
    let mut filtered = stage.append(InLane::Instead, 2, 2);
    filtered.append = Append { last: Seq(4), ..filtered.append };
    assert_eq!(stage.write(filtered).await.map(|it| it.seq), Ok(Seq(4)));
    // Without copies it goes on from where they are, and the other way round.
    let plain = append(&stage.hold, stage.session, 4, 6);
    assert_eq!(stage.store.append(&plain).await, Ok(Seq(6)));
    assert_eq!(stage.write_instead(4, 7).await.map(|it| it.seq), Ok(Seq(7)));
    assert_eq!((stage.copies(), stage.in_lane().await), (all([1, 2, 7]), vec![5, 6]));
    stage.store.release(&stage.hold).await.expect("given back");
    assert_eq!(stage.write_instead(7, 9).await, Err(AppendError::Fenced));
    assert_eq!(stage.copies(), all([1, 2, 7]));
}

#[tokio::test]
async fn a_lane_that_is_no_stream_is_an_error_before_anything_is_written() {
    let stage = Stage::on(Program::Valkey).await;
    let lane = Key::Events(stage.scope.app(), Lane(0)).to_string();
    stage.server.command::<()>(&["RENAME", &lane, "aside"]).expect("set aside");
    stage.server.command::<()>(&["SET", &lane, "somebody's"]).expect("set");
    let mut append = stage.append(InLane::Instead, 0, 3);
    append.copies.each[2] = None;
    for _ in 0..2 {
        stage.write(append.clone()).await.expect_err("the lane is needed for the third");
    }
    assert_eq!(stage.copies(), all([]));
    stage.server.command::<()>(&["RENAME", "aside", &lane]).expect("back again");
    assert_eq!(stage.write(append).await.map(|it| it.seq), Ok(Seq(3)));
    assert_eq!((stage.copies(), stage.in_lane().await), (all([1, 2]), vec![3]));
}

#[tokio::test]
async fn no_write_cuts_a_stream_short_that_has_what_no_lane_has() {
    let stage = Stage::on(Program::Valkey).await;
    for page in 0..20 {
        stage.write_instead(page * 50, (page + 1) * 50).await.expect("appended");
    }
    assert_eq!(stage.copies(), all(1..=1_000));
    let audit = Audit::of(&stage.lane().await, [ShardNumber(0)], 0);
    assert_eq!(audit, Audit::default());
}
