//! A supervisor of two shards that is answered at once, as by an idle store.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
};

use baton_fleet::{Company, Myself, PlannerRow, Poll, RequestId, Sweep};
use baton_gateway::supervisor::{App, Ask, Errand, Input, Output, Report, Supervisor};
use baton_model::{
    AppShape, Beat, Capacity, DataSetId, Epoch, Generation, Holding, InstanceId, InstanceRecord,
    LaneCount, LeaseRow, Member, Moment, Phase, Presence, PrimaryId, Seq, SessionId, SessionNumber,
    SessionRow, ShardCount, ShardKey, ShardNumber, StoreIdentity, StoreMillis, Tier, Version,
    Weight,
};
use baton_shard::Notice;

pub(crate) const ME: InstanceId = InstanceId::new(1);
const FOR_EVER: Moment = Moment::from_millis(u64::MAX / 2_000_000);
pub(crate) const OTHER: InstanceId = InstanceId::new(2);

pub(crate) fn shard(number: u32) -> ShardKey {
    let app = "app".parse().expect("a name");
    ShardKey { app, generation: Generation(0), number: ShardNumber(number) }
}

pub(crate) fn row(epoch: u64, holding: Holding) -> LeaseRow {
    LeaseRow { epoch: Epoch(epoch), holding, session: Some(session()) }
}

pub(crate) fn session() -> SessionRow {
    let (number, id) = (SessionNumber(1), SessionId::new("session"));
    SessionRow { number, id, resume_url: None, last_seq: Seq(7) }
}

pub(crate) fn identity() -> StoreIdentity {
    StoreIdentity { data_set: Some(DataSetId(1)), primary: PrimaryId(Arc::from("primary")) }
}

fn record(phase: Phase) -> InstanceRecord {
    InstanceRecord {
        phase,
        tier: Tier(0),
        zone: "here".parse().expect("a name"),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(100),
        version: Version::default(),
        joined_at: StoreMillis(0),
        stalled: BTreeSet::new(),
    }
}

pub(crate) struct Desk {
    supervisor: Supervisor,
    pub(crate) now: Moment,
    pub(crate) rows: BTreeMap<ShardKey, LeaseRow>,
    pub(crate) targets: BTreeMap<ShardKey, InstanceId>,
    /// The own line of the membership list.
    myself: Option<Member>,
    /// How long the other instance lives.
    other_beats_until: Moment,
    /// How often all rows were read.
    pub(crate) sweeps: usize,
    /// What is not answered here.
    pub(crate) outputs: Vec<Output>,
}

impl Desk {
    /// Up, and sure of its leases; both shards are the other instance's.
    pub(crate) fn up() -> Self {
        let myself =
            Myself { id: ME, record: record(Phase::Joining), seed: 1, company: Company::Anybody };
        let now = Moment::from_millis(1_000);
        let theirs = row(50, Holding::Owned { owner: OTHER });
        let mut desk = Self {
            supervisor: Supervisor::new(myself, now),
            now,
            rows: [(shard(0), theirs.clone()), (shard(1), theirs)].into(),
            targets: BTreeMap::new(),
            myself: None,
            other_beats_until: FOR_EVER,
            sweeps: 0,
            outputs: Vec::new(),
        };
        let safe = baton_fleet::Input::StoreSafety(baton_fleet::StoreSafety::Safe);
        for told in [baton_fleet::Input::Connected, safe] {
            desk.say(Input::Fleet(Box::new(told)));
        }
        let shape = AppShape {
            generation: Generation(0),
            shards: ShardCount(NonZeroU32::new(2).expect("not 0")),
            lanes: LaneCount(NonZeroU16::MIN),
        };
        let app = App { shape, buckets: NonZeroU16::MIN };
        desk.say(Input::App(shard(0).app, app));
        desk.pass(15_000);
        desk.outputs.clear();
        desk
    }

    /// The other instance has died, and its shards are being claimed.
    pub(crate) fn claiming() -> Self {
        let mut desk = Self::up();
        desk.other_beats_until = desk.now;
        for _ in 0..200 {
            if !desk.has_errand(0) {
                desk.pass(100);
            }
        }
        desk
    }

    /// Shard 0 is held under epoch 60, and the other instance lives again.
    pub(crate) fn holding() -> Self {
        let mut desk = Self::claiming();
        desk.revive_the_other();
        desk.rows.insert(shard(0), row(60, Holding::Owned { owner: ME }));
        desk.notice(0, Notice::Ours { epoch: Epoch(60) });
        desk.outputs.clear();
        desk
    }

    pub(crate) fn revive_the_other(&mut self) {
        self.other_beats_until = FOR_EVER;
    }

    pub(crate) fn say(&mut self, input: Input) {
        self.supervisor.handle(input, self.now);
        while let Some(output) = self.supervisor.poll_output() {
            self.take(output);
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Ask(Ask::Beat(beat, record)) => {
                let (id, presence) = (ME, Presence::Subscribed);
                self.myself = Some(Member { id, beat, record: *record, presence });
                self.say(Input::Fleet(Box::new(baton_fleet::Input::BeatAcked(beat))));
            }
            Output::Ask(Ask::Poll(request)) => self.answer_poll(request),
            Output::Ask(Ask::Sweep(request)) => {
                self.sweeps += 1;
                let sweep = Sweep { store: identity(), rows: self.rows.clone() };
                self.say(Input::Swept(request, sweep));
            }
            Output::Ask(Ask::Row(shard)) => {
                let row = self.rows.get(&shard).cloned();
                self.say(Input::Row(shard, row));
            }
            Output::Ask(_)
            | Output::Tell(_)
            | Output::Errand(..)
            | Output::Dismiss(_)
            | Output::Remark(_)
            | Output::End(_) => self.outputs.push(output),
        }
    }

    fn answer_poll(&mut self, request: RequestId) {
        let lives_until = self.now.min(self.other_beats_until);
        let presence = match self.now <= self.other_beats_until {
            true => Presence::Subscribed,
            false => Presence::Absent,
        };
        let beat = Beat(lives_until.as_nanos() / 1_000_000_000);
        let other = Member { id: OTHER, beat, record: record(Phase::Up), presence };
        let poll = Poll {
            store: identity(),
            members: self.myself.iter().cloned().chain([other]).collect(),
            planner: PlannerRow { holder: Some(OTHER), epoch: Epoch(9) },
            targets: self.targets.clone(),
        };
        let polled = baton_fleet::Input::Polled(request, Box::new(poll));
        self.say(Input::Fleet(Box::new(polled)));
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, millis: u64) {
        let until = Moment::from_millis(self.now.as_nanos() / 1_000_000 + millis);
        while let Some(due) = self.supervisor.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.say(Input::Wake);
        }
        self.now = until;
    }

    pub(crate) fn report(&mut self, number: u32, report: Report) {
        self.say(Input::Report(shard(number), report));
    }

    pub(crate) fn notice(&mut self, number: u32, notice: Notice) {
        self.report(number, Report::Notice(notice));
    }

    fn has_errand(&self, number: u32) -> bool {
        self.outputs.iter().any(|output| errand_of(output, number).is_some())
    }

    /// What a shard's task was sent since this was last asked.
    pub(crate) fn errands(&mut self, number: u32) -> Vec<Errand> {
        let errands = self.outputs.iter().filter_map(|output| errand_of(output, number));
        let errands = errands.cloned().collect();
        self.outputs.retain(|output| errand_of(output, number).is_none());
        errands
    }

    pub(crate) fn was_dismissed(&self, number: u32) -> bool {
        self.outputs.contains(&Output::Dismiss(shard(number)))
    }

    /// The request for a permit that is not answered yet.
    pub(crate) fn permit_request(&mut self) -> RequestId {
        let is_request = |output: &Output| matches!(output, Output::Ask(Ask::TakePermit { .. }));
        let at = self.outputs.iter().position(is_request).expect("a request");
        let output = self.outputs.remove(at);
        let Output::Ask(Ask::TakePermit { request, .. }) = output else {
            panic!("{output:?}");
        };
        request
    }
}

fn errand_of(output: &Output, number: u32) -> Option<&Errand> {
    match output {
        Output::Errand(to, errand) if *to == shard(number) => Some(errand),
        Output::Errand(..)
        | Output::Ask(_)
        | Output::Tell(_)
        | Output::Dismiss(_)
        | Output::Remark(_)
        | Output::End(_) => None,
    }
}
