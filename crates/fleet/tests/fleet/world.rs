//! Several fleets over one store, a virtual clock, and a seeded schedule.
//!
//! The shell around each [`Fleet`] is as thin as it can be: it carries outputs to the store with
//! some delay and answers back. Shards are reduced to the lease they hold. Every claim that the
//! store grants is judged against the truth, which no fleet sees.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use baton_fleet::{Departure, Expected, Fleet, Hint, History, Input, Myself, Output, PermitAnswer};
use baton_model::{
    Capacity, Epoch, Holding, InstanceId, InstanceRecord, Moment, Phase, ShardKey, StoreMillis,
    Tier, Version, Weight,
    limits::{EVIDENCE_SPAN, IDENTIFY_DISCORD_SPACING, OFFER_DEADLINE, PRESENCE_BEAT_STILL},
};

use crate::store::{Data, Store, session, shard};

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
            version: Version {
                minor,
                ..Version::default()
            },
            joined_at: StoreMillis(self.now.as_nanos() / 1_000_000),
            stalled: std::collections::BTreeSet::new(),
        };
        let myself = Myself {
            id: id(number),
            record,
            seed: self.random.below(u64::MAX),
        };
        let process = Process {
            fleet: Fleet::new(myself, self.now),
            held: BTreeMap::new(),
            frozen_until: Moment::ZERO,
            cut_off_until: Moment::ZERO,
            beat_at: Moment::ZERO,
            beat_phase: Phase::Joining,
            wake_at: None,
        };
        self.processes.insert(id(number), process);
        self.store.present.insert(id(number));
        let app = shard(0).app;
        let buckets = NonZeroU16::new(BUCKETS).unwrap();
        for input in [
            Input::Connected,
            Input::MaxConcurrency { app, buckets },
            Input::Ready,
        ] {
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
        self.events
            .push(Reverse((self.now + delay, self.next_event)));
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

    fn remember(&mut self, event: &Event) {
        let text = format!("{} {event:?}", self.now);
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

    // -----------------------------------------------------------------------------------------
    // The shell of one instance
    // -----------------------------------------------------------------------------------------

    fn carry_out(&mut self, id: InstanceId, output: Output) {
        let latency = self.latency();
        match output {
            Output::Confirmed
            | Output::Unconfirmed
            | Output::Cool(_)
            | Output::NoPlace { .. }
            | Output::BudgetExhausted { .. } => {}
            Output::Impostor => panic!("{id} takes itself for another"),
            Output::Drained => {
                assert!(self.processes[&id].held.is_empty(), "{id} left shards");
                self.crash(id);
            }
            Output::Superseded(shard) => self.let_go(id, shard, Departure::Fenced),
            Output::Warm(shard) => self.hint(id, &Hint::Warmed { shard, by: id }),
            Output::Tell(hint) => self.hint(id, &hint),
            Output::Identify { shard, use_before } => self.identify(id, &shard, use_before),
            Output::Beat(..)
            | Output::Poll(_)
            | Output::Sweep(_)
            | Output::Reassert
            | Output::NameDataSet
            | Output::Claim(..)
            | Output::ClaimPlanner(_)
            | Output::ReleasePlanner(_)
            | Output::WriteTargets { .. }
            | Output::Forget(..)
            | Output::HandOver(..)
            | Output::Release(_)
            | Output::TakePermit { .. } => self.at(latency, Event::AtStore(id, output)),
        }
    }

    fn let_go(&mut self, id: InstanceId, shard: ShardKey, departure: Departure) {
        let latency = self.latency();
        let input = Box::new(Input::LetGo { shard, departure });
        self.at(latency, Event::Tell(id, input));
    }

    /// One hint in ten is lost.
    fn hint(&mut self, from: InstanceId, hint: &Hint) {
        let others: Vec<_> = self.processes.keys().copied().collect();
        for to in others.into_iter().filter(|to| *to != from) {
            let latency = self.latency();
            if self.random.below(10) > 0 && self.is_connected(from) && self.is_connected(to) {
                self.at(
                    latency,
                    Event::Tell(to, Box::new(Input::Hint(hint.clone()))),
                );
            }
        }
    }

    fn is_connected(&self, id: InstanceId) -> bool {
        let process = self.processes.get(&id);
        process.is_some_and(|process| process.cut_off_until <= self.now)
            && self.store_frozen_until <= self.now
    }

    fn identify(&mut self, id: InstanceId, shard: &ShardKey, use_before: Moment) {
        assert!(self.now < use_before, "a permit that has ended");
        let bucket = u16::try_from(shard.number.0 % u32::from(BUCKETS)).unwrap();
        let last = self.identified_at.insert(bucket, self.now);
        if let Some(last) = last {
            let pause = self.now.since(last);
            assert!(
                pause >= IDENTIFY_DISCORD_SPACING,
                "bucket {bucket}: {pause:?}"
            );
        }
        self.identifies += 1;
        if let Some(epoch) = self.processes[&id].held.get(shard).copied()
            && self.store.is_owner(shard, id, epoch)
        {
            self.store.row(shard).session = Some(session());
        }
    }

    /// Every shard appends now and then, and stops where the store refuses.
    fn append(&mut self, id: InstanceId) {
        if !self.processes.contains_key(&id) {
            return;
        }
        self.at(Duration::from_millis(500), Event::Append(id));
        if !self.is_connected(id) || self.thaws_at(id).is_some() {
            return;
        }
        let held = self.processes[&id].held.clone();
        for (shard, epoch) in held {
            let row = self.store.row(&shard).clone();
            let is_newer = row.epoch > epoch;
            if is_newer && row.holding.owner() != Some(id) {
                self.tell(
                    id,
                    Input::LetGo {
                        shard,
                        departure: Departure::Fenced,
                    },
                );
            } else if row.session.is_none() && row.epoch == epoch {
                let history = History::New;
                self.tell(id, Input::IdentifyWanted { shard, history });
            }
        }
    }

    // -----------------------------------------------------------------------------------------
    // At the store
    // -----------------------------------------------------------------------------------------

    fn at_store(&mut self, id: InstanceId, output: Output) {
        if self.store_frozen_until > self.now {
            let wait = self.store_frozen_until.since(self.now);
            return self.at(wait, Event::AtStore(id, output));
        }
        if !self.is_connected(id) {
            return self.refuse(id, output);
        }
        let now = self.now;
        let answer = match output {
            Output::Beat(beat, record) => {
                self.note_beat(id, record.phase);
                let listed = self.store.data.members.get(&id);
                if listed.is_none_or(|(before, _)| *before < beat) {
                    self.store.data.members.insert(id, (beat, *record));
                }
                Some(Input::BeatAcked(beat))
            }
            Output::Poll(request) => Some(Input::Polled(request, Box::new(self.store.poll()))),
            Output::Sweep(request) => Some(Input::Swept(request, self.store.sweep(self.shards))),
            Output::Claim(shard, expected) => Some(self.claim(id, shard, expected)),
            Output::ClaimPlanner(expected) => {
                let epoch = self.store.claim_planner(expected, id, now);
                Some(epoch.map_or(Input::PlannerClaimLost, Input::PlannerClaimed))
            }
            Output::TakePermit {
                request, bucket, ..
            } => Some(Input::Permit(request, self.store.permit(bucket.0, now))),
            Output::Release(shard) => {
                self.store.release(&shard, id);
                let departure = Departure::Released;
                Some(Input::LetGo { shard, departure })
            }
            Output::HandOver(shard, to) => {
                self.offer(id, shard, to);
                None
            }
            other => {
                self.write(id, other);
                None
            }
        };
        if let Some(answer) = answer {
            let latency = self.latency();
            self.at(latency, Event::Tell(id, Box::new(answer)));
        }
    }

    /// Writes that nobody waits for.
    fn write(&mut self, id: InstanceId, output: Output) {
        let data = &mut self.store.data;
        match output {
            Output::NameDataSet if data.name.is_none() => {
                data.name = Some(baton_model::DataSetId(u128::from(self.next_event)));
            }
            Output::ReleasePlanner(epoch) if data.planner.epoch == epoch => {
                data.planner.holder = None;
            }
            Output::WriteTargets { epoch, set, clear } if data.planner.epoch == epoch => {
                data.targets.extend(set);
                for shard in clear {
                    data.targets.remove(&shard);
                }
            }
            Output::Forget(dead, beat) if data.members.get(&dead).is_some_and(|m| m.0 == beat) => {
                data.members.remove(&dead);
            }
            Output::Reassert => {
                for (shard, epoch) in self.processes[&id].held.clone() {
                    self.store.reassert(&shard, id, epoch);
                }
            }
            _ => {}
        }
    }

    fn refuse(&mut self, id: InstanceId, output: Output) {
        let answer = match output {
            Output::Poll(request) => Input::PollFailed(request),
            Output::Sweep(request) => Input::SweepFailed(request),
            Output::Claim(shard, _) => Input::ClaimUnknown(shard),
            Output::ClaimPlanner(_) => Input::PlannerClaimLost,
            Output::TakePermit { request, .. } => Input::Permit(request, PermitAnswer::Unavailable),
            Output::HandOver(shard, _) => Input::HandOverFailed(shard),
            again @ Output::Release(_) => {
                return self.at(Duration::from_secs(1), Event::AtStore(id, again));
            }
            _ => return,
        };
        self.at(Duration::from_secs(1), Event::Tell(id, Box::new(answer)));
    }

    fn note_beat(&mut self, id: InstanceId, phase: Phase) {
        if let Some(process) = self.processes.get_mut(&id) {
            process.beat_at = self.now;
            process.beat_phase = phase;
        }
    }

    fn claim(&mut self, id: InstanceId, shard: ShardKey, expected: Expected) -> Input {
        match self.store.claim(&shard, expected, id, self.now) {
            Some(epoch) => {
                self.judge(id, &shard, expected.holder);
                self.claims += 1;
                Input::Claimed { shard, epoch }
            }
            None => Input::ClaimLost(shard),
        }
    }

    /// Nobody's lease is taken without evidence, in truth and not only by what the claimant saw.
    fn judge(&self, by: InstanceId, shard: &ShardKey, holder: Option<InstanceId>) {
        let Some(holder) = holder.filter(|holder| *holder != by) else {
            return;
        };
        let living = self
            .processes
            .get(&holder)
            .map(|p| (p.beat_at, p.beat_phase));
        let last = living.or_else(|| self.beats_of_dead.get(&holder).copied());
        let (beat_at, phase) = last.unwrap_or((Moment::ZERO, Phase::Down));
        let still = self.now.since(beat_at);
        let has_crashed = !self.store.present.contains(&holder) && still >= PRESENCE_BEAT_STILL;
        assert!(
            phase == Phase::Down || has_crashed || still >= EVIDENCE_SPAN,
            "{by} took {shard} from {holder}, which beat {still:?} ago"
        );
    }

    fn offer(&mut self, from: InstanceId, shard: ShardKey, to: InstanceId) {
        if self.store.offer(&shard, from, to) {
            let latency = self.latency();
            self.at(latency, Event::Accept(shard.clone(), from, to));
            self.at(OFFER_DEADLINE, Event::Retract(shard, from));
        } else {
            let failed = Box::new(Input::HandOverFailed(shard));
            self.at(Duration::ZERO, Event::Tell(from, failed));
        }
    }

    fn accept(&mut self, shard: &ShardKey, from: InstanceId, to: InstanceId) {
        if !self.is_connected(to) || self.thaws_at(to).is_some() {
            return;
        }
        let Some(epoch) = self.store.accept(shard, to, self.now) else {
            return;
        };
        self.moves += 1;
        let took = Input::Took {
            shard: shard.clone(),
            epoch,
        };
        self.tell(to, took);
        self.let_go(from, shard.clone(), Departure::HandedOver(to));
    }

    fn retract(&mut self, shard: ShardKey, from: InstanceId) {
        let row = self.store.row(&shard).holding;
        let is_open = matches!(row, Holding::Offered { owner, .. } if owner == from);
        if !is_open || !self.is_connected(from) || self.thaws_at(from).is_some() {
            return;
        }
        self.store.retract(&shard, from);
        self.tell(from, Input::HandOverFailed(shard));
    }

    // -----------------------------------------------------------------------------------------
    // The truth
    // -----------------------------------------------------------------------------------------

    /// Every shard is owned by a living instance that knows it, and by no other.
    pub(crate) fn assert_everything_runs(&mut self) {
        for number in 0..self.shards {
            let key = shard(number);
            let row = self.store.row(&key).clone();
            let owner = match row.holding {
                Holding::Owned { owner } => owner,
                Holding::Free | Holding::Offered { .. } => panic!("{key} is {:?}", row.holding),
            };
            let holders = self
                .processes
                .iter()
                .filter(|(_, p)| p.held.contains_key(&key));
            let holders: Vec<_> = holders.map(|(id, _)| *id).collect();
            assert_eq!(holders, [owner], "{key}");
        }
    }

    /// How many shards the busiest and the idlest instance run.
    pub(crate) fn spread(&self) -> (usize, usize) {
        let counts = || self.processes.values().map(|process| process.held.len());
        (counts().max().unwrap_or(0), counts().min().unwrap_or(0))
    }

    pub(crate) fn living(&self) -> Vec<InstanceId> {
        self.processes.keys().copied().collect()
    }

    pub(crate) fn per_shard(&self, count: u64) -> f64 {
        count as f64 / f64::from(NonZeroU32::new(self.shards).unwrap().get())
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
