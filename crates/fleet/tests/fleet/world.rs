//! Several fleets over one store, a virtual clock, and a seeded schedule.
//!
//! The shell around each [`Fleet`] is as thin as it can be: it carries outputs to the store with
//! some delay and answers back. Shards are reduced to the lease they hold. Every claim that the
//! store grants is judged against the truth, which no fleet sees.

mod at_store;
mod shell;
mod truth;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    num::NonZeroU16,
    time::Duration,
};

use baton_fleet::{Company, Fleet, Input, Myself, Output, StoreSafety};
use baton_model::{
    Capacity, Epoch, InstanceId, InstanceRecord, Moment, Phase, ShardKey, StoreMillis, Tier,
    Version, Weight,
};

use crate::store::{Data, Store, shard};

pub(crate) const BUCKETS: u16 = 16;

pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}

pub(crate) struct Process {
    pub(crate) fleet: Fleet,
    pub(crate) held: BTreeMap<ShardKey, Epoch>,
    frozen_until: Moment,
    cut_off_until: Moment,
    /// When the store last took a beat of it, in truth.
    beat_at: Moment,
    /// When it last beat again after a silence that is evidence.
    returned_at: Moment,
    beat_phase: Phase,
    wake_at: Option<Moment>,
}

/// What happens at a point in time.
#[derive(Debug, Clone)]
enum Event {
    Wake(InstanceId),
    Tell(InstanceId, Box<Input>),
    AtStore(InstanceId, Output),
    Accept(ShardKey, InstanceId, InstanceId),
    Retract(ShardKey, InstanceId),
    Append(InstanceId),
}

pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) store: Store,
    pub(crate) processes: BTreeMap<InstanceId, Process>,
    pub(crate) shards: u32,
    pub(crate) random: Seeded,
    events: BinaryHeap<Reverse<(Moment, u64)>>,
    details: BTreeMap<u64, Event>,
    next_event: u64,
    store_frozen_until: Moment,
    snapshots: Vec<(Moment, Data)>,
    dead_since: BTreeMap<InstanceId, Moment>,
    beats_of_dead: BTreeMap<InstanceId, (Moment, Phase)>,
    identified_at: BTreeMap<u16, Moment>,
    /// Ownership changes from one instance to another that a plan asked for.
    pub(crate) moves: u64,
    pub(crate) claims: u64,
    pub(crate) identifies: u64,
    /// A digest of everything that happened.
    pub(crate) history: u64,
}

pub(crate) fn id(number: u128) -> InstanceId {
    InstanceId::new(number)
}

impl World {
    pub(crate) fn new(seed: u64, shards: u32) -> Self {
        Self {
            now: Moment::from_millis(1_000),
            store: Store::new(shards),
            processes: BTreeMap::new(),
            shards,
            random: Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            events: BinaryHeap::new(),
            details: BTreeMap::new(),
            next_event: 0,
            store_frozen_until: Moment::ZERO,
            snapshots: Vec::new(),
            dead_since: BTreeMap::new(),
            beats_of_dead: BTreeMap::new(),
            identified_at: BTreeMap::new(),
            moves: 0,
            claims: 0,
            identifies: 0,
            history: 0,
        }
    }

    // -----------------------------------------------------------------------------------------
    // What a test does to the world
    // -----------------------------------------------------------------------------------------

    pub(crate) fn start(&mut self, number: u128, minor: u32) {
        let record = InstanceRecord {
            phase: Phase::Joining,
            tier: Tier(0),
            zone: "a".parse().unwrap(),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(10_000),
            version: Version { minor, ..Version::default() },
            joined_at: StoreMillis(self.now.as_nanos() / 1_000_000),
            stalled: BTreeSet::new(),
        };
        let myself = Myself {
            id: id(number),
            record,
            seed: self.random.below(u64::MAX),
            company: Company::Anybody,
        };
        let process = Process {
            fleet: Fleet::new(myself, self.now),
            held: BTreeMap::new(),
            frozen_until: Moment::ZERO,
            cut_off_until: Moment::ZERO,
            beat_at: Moment::ZERO,
            returned_at: Moment::ZERO,
            beat_phase: Phase::Joining,
            wake_at: None,
        };
        self.processes.insert(id(number), process);
        self.store.present.insert(id(number));
        let app = shard(0).app;
        let buckets = NonZeroU16::new(BUCKETS).unwrap();
        let safe = Input::StoreSafety(StoreSafety::Safe);
        for input in [Input::Connected, safe, Input::MaxConcurrency { app, buckets }, Input::Ready]
        {
            self.tell(id(number), input);
        }
        self.at(Duration::from_millis(500), Event::Append(id(number)));
    }

    pub(crate) fn crash(&mut self, id: InstanceId) {
        if let Some(process) = self.processes.remove(&id) {
            self.store.present.remove(&id);
            self.dead_since.insert(id, self.now);
            let last = (process.beat_at, process.beat_phase);
            self.beats_of_dead.insert(id, last);
        }
    }

    pub(crate) fn freeze(&mut self, id: InstanceId, pause: Duration) {
        let until = self.now + pause;
        if let Some(process) = self.processes.get_mut(&id) {
            process.frozen_until = until;
        }
    }

    pub(crate) fn cut_off(&mut self, id: InstanceId, pause: Duration) {
        let until = self.now + pause;
        if let Some(process) = self.processes.get_mut(&id) {
            process.cut_off_until = until;
        }
    }

    pub(crate) fn freeze_store(&mut self, pause: Duration) {
        self.store_frozen_until = self.now + pause;
    }

    /// Another primary takes over that has not seen the last `lost`.
    pub(crate) fn fail_over(&mut self, lost: Duration) {
        let since = self.now - lost;
        let kept = self.snapshots.iter().rev().find(|(at, _)| *at <= since);
        if let Some((_, data)) = kept {
            self.store.data = data.clone();
        }
        self.store.primary += 1;
    }

    pub(crate) fn drain(&mut self, id: InstanceId) {
        let limit = Duration::from_secs(60);
        self.tell(id, Input::Drain { limit });
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(Reverse((at, number))) = self.events.peek().copied() {
            if at > until {
                break;
            }
            self.events.pop();
            self.now = self.now.max(at);
            let event = self.details.remove(&number).unwrap();
            self.happen(event);
        }
        self.now = until;
    }

    pub(crate) fn run_secs(&mut self, seconds: u64) {
        for _ in 0..seconds * 5 {
            self.snapshots.push((self.now, self.store.data.clone()));
            if self.snapshots.len() > 10 {
                self.snapshots.remove(0);
            }
            self.run(Duration::from_millis(200));
        }
    }

    // -----------------------------------------------------------------------------------------
    // The schedule
    // -----------------------------------------------------------------------------------------

    fn at(&mut self, delay: Duration, event: Event) {
        self.next_event += 1;
        self.events.push(Reverse((self.now + delay, self.next_event)));
        self.details.insert(self.next_event, event);
    }

    fn latency(&mut self) -> Duration {
        Duration::from_micros(300 + self.random.below(4_000))
    }

    fn happen(&mut self, event: Event) {
        self.remember(&event);
        match event {
            Event::Wake(id) => self.wake(id),
            Event::Tell(id, input) => self.tell(id, *input),
            Event::AtStore(id, output) => self.at_store(id, output),
            Event::Accept(shard, from, to) => self.accept(&shard, from, to),
            Event::Retract(shard, from) => self.retract(shard, from),
            Event::Append(id) => self.append(id),
        }
    }

    /// Adds to the digest. Answers follow from what was asked, so their content is left out.
    fn remember(&mut self, event: &Event) {
        let text = match event {
            Event::Tell(id, _) => format!("{} {id}", self.now),
            Event::Wake(_)
            | Event::AtStore(..)
            | Event::Accept(..)
            | Event::Retract(..)
            | Event::Append(_) => format!("{} {event:?}", self.now),
        };
        for byte in text.bytes() {
            self.history = (self.history ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn thaws_at(&self, id: InstanceId) -> Option<Moment> {
        let process = self.processes.get(&id)?;
        (process.frozen_until > self.now).then_some(process.frozen_until)
    }

    fn wake(&mut self, id: InstanceId) {
        let due = self.processes.get(&id).and_then(|process| process.wake_at);
        if due.is_some_and(|due| due <= self.now) {
            self.tell(id, Input::Wake);
        }
    }

    pub(crate) fn tell(&mut self, id: InstanceId, input: Input) {
        if let Some(thaw) = self.thaws_at(id) {
            let event = Event::Tell(id, Box::new(input));
            return self.at(thaw.since(self.now), event);
        }
        let now = self.now;
        let Some(process) = self.processes.get_mut(&id) else {
            return;
        };
        process.track(&input);
        process.fleet.handle(input, now);
        let outputs: Vec<_> = std::iter::from_fn(|| process.fleet.poll_output()).collect();
        let timeout = process.fleet.poll_timeout();
        if let Some((at, reason)) = timeout {
            assert!(at > now, "{id} would spin on {reason:?} at {at}");
        }
        process.wake_at = timeout.map(|(at, _)| at);
        for output in outputs {
            self.carry_out(id, output);
        }
        if let Some((at, _)) = timeout {
            self.at(at.since(now), Event::Wake(id));
        }
    }
}

impl Process {
    fn track(&mut self, input: &Input) {
        match input {
            Input::Claimed { shard, epoch } | Input::Took { shard, epoch } => {
                self.held.insert(shard.clone(), *epoch);
            }
            Input::LetGo { shard, .. } => {
                self.held.remove(shard);
            }
            _ => {}
        }
    }
}
