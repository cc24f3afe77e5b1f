//! Writers that die, wake up late and are wrong about who they are, over one archive: whatever they
//! do, each entry is in it once, in order.

use std::collections::{BTreeMap, BTreeSet};

use object_store::memory::InMemory;
use proptest::prelude::*;

use super::*;
use crate::{
    batch::Batch,
    examples::{dispatch, gap},
    line,
};

const LANE: Lane = Lane(3);

/// All entries are of one hour.
const HOUR: Hour = Hour(0);

/// What instances can write again after a store was wiped.
const RING: usize = 5;

#[derive(Debug, Clone, Copy)]
enum Event {
    /// An instance writes an entry of this shard, or a marker.
    Write(u32),
    WriteMarker,
    /// The lane is leased to another writer. The one before does not know.
    TakeOver,
    /// The holder reads so many entries into its batch.
    Read(usize),
    /// A writer, the holder or one of those before, takes its next step.
    Step(usize),
    /// It does so again, as if the answer had been lost.
    Again(usize),
    /// A writer dies.
    Die(usize),
    /// The store loses everything; instances write the end of the stream again.
    Wipe,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0_u32..2).prop_map(Event::Write),
        1 => Just(Event::WriteMarker),
        2 => Just(Event::TakeOver),
        6 => (1_usize..4).prop_map(Event::Read),
        12 => (0_usize..3).prop_map(Event::Step),
        2 => (0_usize..3).prop_map(Event::Again),
        1 => (0_usize..3).prop_map(Event::Die),
        1 => Just(Event::Wipe),
    ]
}

/// What a writer does next with what it has read.
enum Task {
    Fill(Batch),
    Announce(Sealed),
    Put(Sealed),
    Acknowledge(Vec<StreamId>),
}

struct Writer {
    epoch: u64,
    chain: Chain,
    /// From where in the stream it reads on.
    cursor: usize,
    task: Task,
}

struct World {
    site: Arc<Site>,
    stream: Vec<(LaneEntry, Entry)>,
    acknowledged: BTreeSet<StreamId>,
    /// What may be missing: the store has lost it before it was archived.
    lost: BTreeSet<Key>,
    written: Vec<Key>,
    next_id: u64,
    next_seq: BTreeMap<u32, u64>,
    epoch: u64,
    /// The last one is the holder.
    writers: Vec<Writer>,
}

/// Shard, session, seq; and the id of a marker.
type Key = (u32, u64, u64, Option<StreamId>);

fn key(at: &LaneEntry, entry: &Entry) -> Key {
    let is_marker = matches!(entry.body, baton_store::EntryBody::Marker { .. });
    (entry.shard.0, entry.session.0, entry.body.seq().0, is_marker.then_some(at.id))
}

impl World {
    fn new() -> Self {
        let place = Place::over(Arc::new(InMemory::new()));
        let layout = Layout::new("", &"bot".parse().unwrap());
        Self {
            site: Arc::new(Site { place, layout }),
            stream: Vec::new(),
            acknowledged: BTreeSet::new(),
            lost: BTreeSet::new(),
            written: Vec::new(),
            next_id: 1,
            next_seq: BTreeMap::new(),
            epoch: 0,
            writers: Vec::new(),
        }
    }

    async fn play(&mut self, event: Event) {
        match event {
            Event::Write(shard) => {
                let seq = self.next_seq.entry(shard).or_insert(1);
                let entry = dispatch(self.next_id, shard, 1, *seq);
                *seq += 1;
                self.write(entry);
            }
            Event::WriteMarker => self.write(gap(self.next_id, 0, 1, 1)),
            Event::TakeOver => self.take_over().await,
            Event::Read(count) => (0..count).for_each(|_| self.read()),
            Event::Step(whose) => self.step(whose).await,
            Event::Again(whose) => self.again(whose).await,
            Event::Die(whose) if whose + 1 < self.writers.len() => drop(self.writers.remove(whose)),
            Event::Die(_) => self.take_over_from_the_dead().await,
            Event::Wipe => self.wipe(),
        }
    }

    fn write(&mut self, (at, entry): (LaneEntry, Entry)) {
        self.next_id += 1;
        self.written.push(key(&at, &entry));
        self.stream.push((at, entry));
    }

    async fn take_over(&mut self) {
        self.epoch += 1;
        let name = format!("writer-{}", self.epoch);
        let chain = Chain::open(self.site.clone(), LANE, name).await.unwrap();
        let task = Task::Fill(Batch::new(HOUR));
        self.writers.push(Writer { epoch: self.epoch, chain, cursor: 0, task });
        if self.writers.len() > 3 {
            self.writers.remove(0);
        }
    }

    async fn take_over_from_the_dead(&mut self) {
        self.writers.pop();
        self.take_over().await;
    }

    fn read(&mut self) {
        let Some(Writer { chain, cursor, task: Task::Fill(batch), .. }) = self.writers.last_mut()
        else {
            return;
        };
        while let Some((at, entry)) = self.stream.get(*cursor) {
            *cursor += 1;
            if self.acknowledged.contains(&at.id) {
                continue;
            }
            if chain.has(at, entry) {
                self.acknowledged.insert(at.id);
            } else if batch.has(at, entry) {
                batch.repeat(at.id);
            } else {
                batch.add(at, entry).unwrap();
            }
            return;
        }
    }

    async fn step(&mut self, whose: usize) {
        let holder = self.epoch;
        let Some(writer) = self.writers.get_mut(whose) else {
            return;
        };
        let task = std::mem::replace(&mut writer.task, Task::Fill(Batch::new(HOUR)));
        let mut superseded = false;
        writer.task = match task {
            Task::Fill(batch) if batch.acks() == 0 => Task::Fill(batch),
            Task::Fill(batch) => Task::Announce(batch.seal()),
            Task::Announce(sealed) => {
                superseded = writer.chain.announce(&sealed).await.unwrap() == Appended::Superseded;
                Task::Put(sealed)
            }
            Task::Put(sealed) => {
                superseded = writer.chain.put(&sealed).await.unwrap() == Appended::Superseded;
                Task::Acknowledge(sealed.acks)
            }
            Task::Acknowledge(ids) => {
                if writer.epoch == holder {
                    self.acknowledged.extend(ids);
                    Task::Fill(Batch::new(HOUR))
                } else {
                    // It is told that the lane is another's, and does nothing any more.
                    Task::Acknowledge(ids)
                }
            }
        };
        if superseded {
            self.begin_anew(whose).await;
        }
    }

    async fn again(&mut self, whose: usize) {
        if let Some(Writer { chain, task: Task::Put(sealed), .. }) = self.writers.get(whose) {
            assert_eq!(chain.announce(sealed).await.unwrap(), Appended::There);
        }
    }

    async fn begin_anew(&mut self, whose: usize) {
        let writer = &mut self.writers[whose];
        let name = writer.chain.writer.clone();
        writer.chain = Chain::open(self.site.clone(), LANE, name).await.unwrap();
        (writer.cursor, writer.task) = (0, Task::Fill(Batch::new(HOUR)));
    }

    fn wipe(&mut self) {
        let dispatches = |(at, entry): &(LaneEntry, Entry)| key(at, entry).3.is_none();
        let all: Vec<_> = std::mem::take(&mut self.stream);
        let in_ring: Vec<_> = all.iter().filter(|one| dispatches(one)).cloned().collect();
        let again = &in_ring[in_ring.len().saturating_sub(RING)..];
        let kept: BTreeSet<_> = again.iter().map(|(at, entry)| key(at, entry)).collect();
        let gone = all.iter().filter(|(at, _)| !self.acknowledged.contains(&at.id));
        let gone = gone.map(|(at, entry)| key(at, entry)).filter(|key| !kept.contains(key));
        self.lost.extend(gone);
        for (at, entry) in again {
            let id = StreamId { millis: self.next_id, number: 0 };
            self.next_id += 1;
            self.stream.push((LaneEntry { id, ..at.clone() }, entry.clone()));
        }
        if let Some(holder) = self.writers.last_mut() {
            holder.cursor = 0;
        }
    }

    /// Everything that is left is archived by one more writer.
    async fn finish(&mut self) {
        self.take_over().await;
        let whose = self.writers.len() - 1;
        for _ in 0..200 {
            (0..self.stream.len()).for_each(|_| self.read());
            self.step(whose).await;
        }
        let all = self.stream.iter().all(|(at, _)| self.acknowledged.contains(&at.id));
        assert!(all, "everything is acknowledged");
    }

    /// What an independent reader finds, object by object.
    async fn archived(&self) -> Vec<Key> {
        let day = self.site.layout.day(&HOUR.date());
        let mut objects = self.site.place.below(&day).await.unwrap();
        objects.sort();
        let mut keys = Vec::new();
        for object in objects {
            let text = zstd::decode_all(&self.site.place.read(&object).await.unwrap()[..]).unwrap();
            for one in text.split_inclusive(|byte| *byte == b'\n') {
                let at = line::read(one).unwrap();
                let fields = at.fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
                keys.push(key(&at, &Entry::decode(fields).unwrap()));
            }
        }
        keys
    }

    fn ensure_exact(&self, archived: &[Key]) {
        let distinct: BTreeSet<_> = archived.iter().collect();
        assert_eq!(distinct.len(), archived.len(), "nothing is there twice: {archived:?}");
        for key in self.written.iter().filter(|key| !self.lost.contains(key)) {
            assert!(distinct.contains(key), "{key:?} is missing in {archived:?}");
        }
        for shard in 0..2 {
            let of_shard = archived.iter().filter(|key| key.0 == shard && key.3.is_none());
            assert!(of_shard.is_sorted_by_key(|key| key.2), "{archived:?}");
        }
    }
}

fn play(events: impl IntoIterator<Item = Event>) -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new();
        world.take_over().await;
        for event in events {
            world.play(event).await;
        }
        world.finish().await;
        world.ensure_exact(&world.archived().await);
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]
    #[test]
    fn every_entry_is_archived_once_whoever_dies_or_wakes_up_late(
        events in proptest::collection::vec(event(), 1..80),
    ) {
        play(events);
    }
}

#[test]
fn a_writer_that_wakes_up_late_adds_nothing_to_what_its_successor_has_put() {
    use Event::{Read, Step, TakeOver, Write};
    // The first has announced its object when it is frozen, and puts it after the second is done.
    for steps_before in 0..3 {
        let frozen = std::iter::repeat_n(Step(0), steps_before);
        let begin = [Write(0), Write(0), Read(2)].into_iter().chain(frozen);
        let then = [TakeOver, Read(2), Step(1), Step(1), Step(1), Step(0), Step(0), Step(0)];
        play(begin.chain(then));
    }
}

#[test]
fn an_announced_object_that_never_came_is_void_and_its_entries_are_in_another() {
    use Event::{Die, Read, Step, Write};
    let world = play([Write(0), Read(1), Step(0), Step(0), Die(0)]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let void_size = runtime.block_on(async {
        let path = world.site.layout.object(HOUR, LANE, 1);
        world.site.place.size(&path).await.unwrap()
    });
    assert_eq!(void_size, Some(length(&void())));
}

#[test]
fn a_record_of_another_kind_is_an_error_with_its_path() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async {
        let world = World::new();
        let path = world.site.layout.record(LANE, 7);
        world.site.place.create(&path, Bytes::from_static(b"{}")).await.unwrap();
        Chain::open(world.site.clone(), LANE, String::new()).await.unwrap_err()
    });
    let told = error.to_string();
    assert!(told.starts_with("record bot/v1/journal/lane=3/0000000/0000000007.json"), "{told}");
}
