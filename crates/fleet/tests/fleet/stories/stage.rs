//! The stage on which a story is played: one machine, puppets, a store, and a clock.

mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU16,
    time::Duration,
};

use baton_fleet::{Company, Departure, Fleet, Input, Myself, Orders, Output};
use baton_model::{
    Beat, Capacity, DataSetId, Epoch, InstanceId, InstanceRecord, Moment, Phase, StoreMillis, Tier,
    Weight,
};

use super::telling::{id_of, line};
use crate::store::Store;

/// Leases that exist when a story begins have this epoch.
const FIRST_EPOCH: Epoch = Epoch(7);

/// How the store treats requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    Given,
    /// Beats arrive, but nothing says so.
    AllButAcks,
    /// Requests are lost.
    Silent,
    /// Requests are refused at once.
    Failing,
}

/// How it treats claims.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claims {
    Judged,
    /// They are granted, but the answer is lost.
    Unknown,
}

pub(super) struct Stage {
    me: InstanceId,
    fleet: Fleet,
    now: Moment,
    store: Store,
    shards: u32,
    answers: Answers,
    claims: Claims,
    /// Puppets that do not beat.
    still: BTreeSet<InstanceId>,
    orders: Orders,
    next_tick: Moment,
    lines: Vec<String>,
}

fn record(words: &BTreeMap<&str, &str>) -> InstanceRecord {
    let word = |name, default| *words.get(name).unwrap_or(&default);
    let weight: u16 = word("weight", "1").parse().unwrap();
    InstanceRecord {
        phase: match word("phase", "up") {
            "joining" => Phase::Joining,
            _ => Phase::Up,
        },
        tier: Tier(word("tier", "0").parse().unwrap()),
        zone: word("zone", "z").parse().unwrap(),
        weight: Weight(NonZeroU16::new(weight).unwrap()),
        capacity: Capacity(word("capacity", "100").parse().unwrap()),
        version: word("version", "1.0.0").parse().unwrap(),
        joined_at: StoreMillis(word("joined", "0").parse().unwrap()),
        stalled: BTreeSet::new(),
    }
}

fn fleet(settings: &[&str]) -> Fleet {
    let settings = settings.iter().map(|s| s.split_once('=').unwrap());
    let settings: BTreeMap<_, _> = settings.collect();
    let joining = InstanceRecord { phase: Phase::Joining, ..record(&settings) };
    let company = settings
        .get("company")
        .map_or(Company::Anybody, |count| Company::Together(count.parse().unwrap()));
    let myself = Myself { id: id_of("a"), record: joining, seed: 1, company };
    Fleet::new(myself, Moment::ZERO)
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            me: id_of("a"),
            fleet: fleet(&[]),
            now: Moment::ZERO,
            store: Store::new(0),
            shards: 0,
            answers: Answers::Given,
            claims: Claims::Judged,
            still: BTreeSet::new(),
            orders: Orders::default(),
            next_tick: Moment::from_millis(500),
            lines: Vec::new(),
        }
    }
}

impl baton_test_stories::Stage for Stage {
    fn play(&mut self, line: &str) {
        self.perform(line);
    }

    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

impl Stage {
    // -----------------------------------------------------------------------------------------
    // Time
    // -----------------------------------------------------------------------------------------

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.fleet.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at > self.now, "spins");
            self.pass(at);
            self.tell(Input::Wake);
        }
        self.pass(end);
    }

    /// The machine is not run at all for a while.
    fn pause(&mut self, time: Duration) {
        self.pass(self.now + time);
        self.tell(Input::Wake);
    }

    fn pass(&mut self, until: Moment) {
        while self.next_tick <= until {
            for (id, (beat, _)) in &mut self.store.data.members {
                if *id != self.me && !self.still.contains(id) {
                    *beat = Beat(beat.0 + 1);
                }
            }
            self.next_tick += Duration::from_secs(1);
        }
        self.now = until;
    }

    fn tell(&mut self, input: Input) {
        self.fleet.handle(input, self.now);
        while let Some(output) = self.fleet.poll_output() {
            if let Some(line) = line(&output) {
                self.lines.push(format!("{} {line}", self.now));
            }
            if let Some(answer) = self.answer(output) {
                self.tell(answer);
            }
        }
    }

    // -----------------------------------------------------------------------------------------
    // The store
    // -----------------------------------------------------------------------------------------

    fn answer(&mut self, output: Output) -> Option<Input> {
        match (self.answers, output) {
            (Answers::Given, output) => self.given(output),
            (Answers::AllButAcks, output) => {
                let answer = self.given(output);
                answer.filter(|answer| !matches!(answer, Input::BeatAcked(_)))
            }
            (Answers::Failing, Output::Poll(request)) => Some(Input::PollFailed(request)),
            (Answers::Failing, Output::Sweep(request)) => Some(Input::SweepFailed(request)),
            (Answers::Failing | Answers::Silent, _) => None,
        }
    }

    fn given(&mut self, output: Output) -> Option<Input> {
        let (me, now) = (self.me, self.now);
        let data = &mut self.store.data;
        match output {
            Output::Beat(beat, record) => {
                let listed = data.members.get(&me);
                if listed.is_none_or(|(before, _)| *before < beat) {
                    data.members.insert(me, (beat, *record));
                }
                Some(Input::BeatAcked(beat))
            }
            Output::Poll(request) => Some(Input::Polled(request, Box::new(self.store.poll()))),
            Output::Sweep(request) => Some(Input::Swept(request, self.store.sweep(self.shards))),
            Output::Claim(shard, expected) => {
                let granted = self.store.claim(&shard, expected, me, now);
                Some(match (granted, self.claims) {
                    (Some(epoch), Claims::Judged) => Input::Claimed { shard, epoch },
                    (None, Claims::Judged) => Input::ClaimLost(shard),
                    (_, Claims::Unknown) => Input::ClaimUnknown(shard),
                })
            }
            Output::ClaimPlanner(expected) => {
                let granted = self.store.claim_planner(expected, me, now);
                Some(match (granted, self.claims) {
                    (Some(epoch), Claims::Judged) => Input::PlannerClaimed(epoch),
                    (None, Claims::Judged) | (_, Claims::Unknown) => Input::PlannerClaimLost,
                })
            }
            Output::ReleasePlanner(_) => {
                data.planner.holder = None;
                None
            }
            Output::WriteTargets { set, clear, .. } => {
                data.targets.extend(set);
                data.targets.retain(|shard, _| !clear.contains(shard));
                None
            }
            Output::Forget(id, _) => {
                data.members.remove(&id);
                None
            }
            Output::NameDataSet => {
                data.name = Some(DataSetId(2));
                None
            }
            Output::Release(shard) => {
                self.store.release(&shard, me);
                let departure = Departure::Released;
                Some(Input::LetGo { shard, departure })
            }
            _ => None,
        }
    }
}
