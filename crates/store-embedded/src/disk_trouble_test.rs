//! A disk that is slow, hangs or fails, under a whole store.

use std::{
    future::Future,
    io::{self, Read, Write},
    net::TcpStream,
    path::Path,
    pin::pin,
    sync::{Arc, Condvar, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use baton_model::{
    AppName, DataSetId, Dispatch, EventName, Expected, Generation, InstanceId, Lane, PrimaryId,
    Seq, SessionId, SessionNumber, SessionStart, ShardKey, ShardNumber, StoreMillis, UnixMicros,
};
use baton_store::{
    Append, AppendError, EntryBody, Events, Hold, Leases, Membership, NewSession, Safety,
    ShardAddress, StoreError, StreamId,
};
use bytes::Bytes;
use redb::{StorageBackend, backends::FileBackend};
use tempfile::TempDir;

use crate::{
    Durability, EmbeddedStore, Resp, RespOptions,
    disk::Disk,
    state::{Retention, StreamName},
    writer::{Patience, Place},
};

const ANNA: InstanceId = InstanceId::new(1);

/// What a test does to the disk.
#[derive(Debug, Default)]
struct Trouble {
    mood: Mutex<Mood>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Mood {
    hangs: bool,
    fails: bool,
    syncs: usize,
}

impl Trouble {
    fn hang(&self) {
        self.mood.lock().unwrap().hangs = true;
    }

    fn fail(&self) {
        self.mood.lock().unwrap().fails = true;
    }

    fn relax(&self) {
        *self.mood.lock().unwrap() = Mood::default();
        self.changed.notify_all();
    }

    fn syncs(&self) -> usize {
        self.mood.lock().unwrap().syncs
    }

    fn sync(&self) -> io::Result<()> {
        let mood = self.mood.lock().unwrap();
        let mut mood = self.changed.wait_while(mood, |mood| mood.hangs).unwrap();
        if mood.fails {
            return Err(io::Error::from_raw_os_error(28)); // no space left on device
        }
        mood.syncs += 1;
        Ok(())
    }
}

#[derive(Debug)]
struct Troubled(FileBackend, Arc<Trouble>);

impl StorageBackend for Troubled {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.1.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

/// A store with Anna as the owner of shard 0, on a disk that is fine until told otherwise.
struct Story {
    store: EmbeddedStore,
    trouble: Arc<Trouble>,
    hold: Hold,
    session: SessionNumber,
    _folder: TempDir,
}

impl Drop for Story {
    /// A test that fails while the disk hangs should say so, and not hang with it.
    fn drop(&mut self) {
        self.trouble.relax();
    }
}

async fn story(durability: Durability, stall: Duration) -> Story {
    let folder = TempDir::new().unwrap();
    let trouble = Arc::<Trouble>::default();
    let store = open_troubled(folder.path(), durability, stall, &trouble);
    let shard = ShardKey { app: app(), generation: Generation(0), number: ShardNumber(0) };
    let lane = Lane(0);
    let address = ShardAddress { shard, lane };
    let grant = store.claim(&address, Expected::NEVER_LEASED, ANNA).await;
    let hold = Hold { address, owner: ANNA, epoch: grant.unwrap().epoch };
    let new = NewSession {
        id: SessionId::new("one"),
        resume_url: None,
        start: SessionStart::First,
        previous: None,
        at: UnixMicros(0),
    };
    let session = store.begin_session(&hold, &new).await.unwrap();
    Story { store, trouble, hold, session, _folder: folder }
}

fn open_troubled(
    folder: &Path,
    durability: Durability,
    stall: Duration,
    trouble: &Arc<Trouble>,
) -> EmbeddedStore {
    let retention = Retention::default();
    let wrap = |file| Troubled(file, trouble.clone());
    let opened = Disk::open_through(folder, retention, wrap).unwrap();
    let place = Place {
        folder: folder.to_owned(),
        durability,
        retention,
        patience: Patience { stall, reopen: Duration::from_millis(1) },
    };
    EmbeddedStore::over(opened, place, Arc::new(|| StoreMillis(1_000))).unwrap()
}

fn app() -> AppName {
    "bot".parse().unwrap()
}

impl Story {
    fn append(&self, seq: u64, frame_bytes: usize) -> Append {
        let dispatch = Dispatch {
            seq: Seq(seq),
            name: EventName::new("X"),
            guild: None,
            at: UnixMicros(0),
            trace: None,
            frame: Bytes::from(vec![b'x'; frame_bytes]),
        };
        Append {
            hold: self.hold.clone(),
            session: self.session,
            prev: Seq(seq - 1),
            entries: vec![EntryBody::Dispatch(dispatch)],
            last: Seq(seq),
        }
    }

    async fn entries(&self) -> Result<usize, StoreError> {
        let (app, all) = (app(), StreamId::START);
        let entries = self.store.entries(&app, Lane(0), all, usize::MAX).await;
        entries.map(|entries| entries.len())
    }

    /// Waits until the store answers again.
    async fn until_available(&self) {
        let trying = async {
            while self.store.poll().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        soon(trying).await;
    }

    /// Waits until another primary answers than this one.
    async fn until_another_than(&self, before: &PrimaryId) {
        let looking = async {
            while self.store.poll().await.is_ok_and(|poll| poll.identity.primary == *before) {
                tokio::task::yield_now().await;
            }
            self.until_available().await;
        };
        soon(looking).await;
    }
}

fn is_pending<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(future.poll(&mut context), Poll::Pending)
}

/// What should happen soon fails the test if it does not, and does not hang it.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.unwrap()
}

const PATIENT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_append_is_acknowledged_when_it_is_on_the_disk_and_not_before() {
    let story = story(Durability::Always, PATIENT).await;
    story.trouble.hang();
    let append = story.append(1, 10);
    let mut appending = pin!(story.store.append(&append));
    assert!(is_pending(appending.as_mut()));
    story.trouble.relax();
    assert_eq!(appending.await, Ok(Seq(1)));
}

#[tokio::test]
async fn a_reader_does_not_see_what_a_power_failure_could_undo() {
    let story = story(Durability::Always, PATIENT).await;
    story.trouble.hang();
    let append = story.append(1, 10);
    let mut appending = pin!(story.store.append(&append));
    assert!(is_pending(appending.as_mut()));
    let mut reading = pin!(story.entries());
    assert!(is_pending(reading.as_mut()));
    story.trouble.relax();
    assert_eq!(reading.await, Ok(2), "the marker and the dispatch");
}

#[tokio::test]
async fn a_client_is_answered_when_the_disk_has_what_the_answer_shows_and_not_before() {
    let story = story(Durability::Always, PATIENT).await;
    let address = "127.0.0.1:0".parse().unwrap();
    let options = RespOptions { address, password: None };
    let resp = Resp::listen(&story.store, options).await.unwrap();
    let mut client = TcpStream::connect(resp.address()).unwrap();
    client.set_nonblocking(true).unwrap();
    story.trouble.hang();
    client.write_all(b"XADD s 1-1 f v\r\n").unwrap();
    let name = StreamName::Other(Bytes::from_static(b"s"));
    let until_added = async {
        while story.store.live.look(|at| at.state.stream(&name).is_none()).unwrap() {
            tokio::task::yield_now().await;
        }
    };
    soon(until_added).await;
    let mut reply = [0; 9];
    let early = client.read(&mut reply);
    assert_eq!(early.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    story.trouble.relax();
    let until_answered = async {
        while client.read(&mut reply).is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(until_answered).await;
    assert_eq!(&reply, b"$3\r\n1-1\r\n");
}

#[tokio::test]
async fn what_comes_while_the_disk_is_busy_shares_the_next_transaction() {
    let story = story(Durability::Always, PATIENT).await;
    let cost_of_one = {
        story.trouble.relax();
        let append = story.append(1, 10);
        story.store.append(&append).await.unwrap();
        story.trouble.syncs()
    };
    story.trouble.hang();
    let appends: Vec<_> = (2..=101).map(|seq| story.append(seq, 10)).collect();
    let mut waiting: Vec<_> =
        appends.iter().map(|append| Box::pin(story.store.append(append))).collect();
    for appending in &mut waiting {
        assert!(is_pending(appending.as_mut()));
    }
    story.trouble.relax();
    for appending in waiting {
        appending.await.unwrap();
    }
    let syncs = story.trouble.syncs();
    assert!(syncs <= 3 * cost_of_one, "{syncs} syncs for 100 appends");
}

#[tokio::test]
async fn a_disk_that_hangs_leaves_the_outcome_unknown_and_the_store_unavailable() {
    let story = story(Durability::Always, Duration::from_millis(5)).await;
    story.trouble.hang();
    let unknown = soon(story.store.append(&story.append(1, 10))).await;
    let Err(AppendError::Store(StoreError::Unknown { reason })) = unknown else {
        panic!("expected no answer, not {unknown:?}")
    };
    assert_eq!(reason, "the disk does not answer");
    let refused = story.entries().await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })));
    let Ok(Safety::Unsafe { reason }) = story.store.safety().await else { panic!("not safe") };
    assert!(reason.starts_with("the disk does not answer; see that"), "{reason}");
    story.trouble.relax();
    story.until_available().await;
    assert_eq!(story.store.safety().await, Ok(Safety::Safe));
    assert_eq!(story.entries().await, Ok(2), "it was only slow");
}

#[tokio::test]
async fn a_disk_that_failed_is_opened_again_and_holds_what_was_acknowledged() {
    let story = story(Durability::Always, PATIENT).await;
    story.store.append(&story.append(1, 10)).await.unwrap();
    let before = story.store.poll().await.unwrap().identity;
    story.trouble.fail();
    let unknown = story.store.append(&story.append(2, 10)).await;
    assert!(matches!(unknown, Err(AppendError::Store(StoreError::Unknown { .. }))), "{unknown:?}");
    story.until_available().await;
    let after = story.store.poll().await.unwrap().identity;
    assert_ne!(before.primary, after.primary, "observers must notice");
    let seq = story.store.append(&story.append(2, 10)).await;
    assert_eq!(seq, Ok(Seq(2)), "the next append settles it");
    assert_eq!(story.entries().await, Ok(3));
}

#[tokio::test]
async fn a_disk_that_fails_takes_back_what_was_acknowledged_before_it_was_written() {
    let story = story(Durability::Every(PATIENT), PATIENT).await;
    // Large enough for a transaction of its own, so that what is behind us is on the disk.
    story.store.append(&story.append(1, 5_000_000)).await.unwrap();
    while story.store.live.waiting_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    let before = story.store.poll().await.unwrap().identity.primary;
    story.trouble.fail();
    story.store.append(&story.append(2, 5_000_000)).await.unwrap();
    story.until_another_than(&before).await;
    let gap = story.store.append(&story.append(3, 10)).await;
    assert_eq!(gap, Err(AppendError::Gap(Seq(1))), "like a failover");
}

#[tokio::test]
async fn a_disk_that_falls_behind_is_no_reason_to_grow_without_bound() {
    let story = story(Durability::Every(Duration::ZERO), PATIENT).await;
    story.trouble.hang();
    let mut seq = 0;
    let refused = loop {
        seq += 1;
        if let Err(refused) = story.store.append(&story.append(seq, 1 << 20)).await {
            break refused;
        }
        assert!(seq < 100, "more than 64 MiB wait");
    };
    assert!(matches!(refused, AppendError::Store(StoreError::Unavailable { .. })));
    assert!(seq > 60, "{seq}");
    story.trouble.relax();
    story.until_available().await;
    let repeated = story.store.append(&story.append(seq, 10)).await;
    assert_eq!(repeated, Ok(Seq(seq)), "refused means: nothing happened");
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stops_no_answer() {
    let story = story(Durability::Always, PATIENT).await;
    for seq in 1..=20 {
        let appended = story.store.append(&story.append(seq, 10)).await;
        assert_eq!(appended, Ok(Seq(seq)));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_need_no_disk_are_ready_at_once() {
    for durability in [Durability::Every(PATIENT), Durability::Never] {
        let story = story(durability, PATIENT).await;
        story.trouble.hang();
        let append = story.append(1, 10);
        assert!(!is_pending(pin!(story.store.append(&append))));
        assert!(!is_pending(pin!(story.entries())));
        story.trouble.relax();
    }
    let memory = EmbeddedStore::in_memory(crate::Options::default());
    assert!(!is_pending(pin!(memory.ensure_data_set(DataSetId(1)))));
}
