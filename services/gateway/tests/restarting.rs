//! A shard's task that is started afresh while its lease cannot be claimed anew.

use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

use baton_fleet::{Company, Input as ToFleet, Myself, Poll, Sweep};
use baton_gateway::supervisor::{App, Ask, Errand, Input, Output, Report, Supervisor};
use baton_model::{
    AppShape, Beat, Capacity, DataSetId, Epoch, Generation, Holding, InstanceId, InstanceRecord,
    LaneCount, LeaseRow, Member, Moment, Phase, Presence, PrimaryId, ShardCount, ShardKey,
    ShardNumber, StoreIdentity, StoreMillis, Tier, Version, Weight,
};
use baton_shard::{Input as ToShard, Notice, Refusal};

const ME: InstanceId = InstanceId::new(1);
const EPOCH: Epoch = Epoch(7);

/// The supervisor of a fleet of one, and a store that answers at once.
struct Scene {
    supervisor: Supervisor,
    now: Moment,
    beat: Beat,
    row: LeaseRow,
    errands: Vec<ToShard>,
    has_asked_for_row: bool,
}

fn shard() -> ShardKey {
    let app = "app".parse().expect("it is right");
    ShardKey { app, generation: Generation(0), number: ShardNumber(0) }
}

fn record() -> InstanceRecord {
    InstanceRecord {
        phase: Phase::Joining,
        tier: Tier(0),
        zone: "here".parse().expect("it is right"),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(10),
        version: Version::default(),
        joined_at: StoreMillis(0),
        stalled: std::collections::BTreeSet::new(),
    }
}

fn identity() -> StoreIdentity {
    StoreIdentity { data_set: Some(DataSetId(1)), primary: PrimaryId("p".into()) }
}

impl Scene {
    /// An instance that has claimed its only shard.
    fn holding() -> Self {
        let now = Moment::from_millis(1_000);
        let mut scene = Self {
            supervisor: Supervisor::new(
                Myself { id: ME, record: record(), seed: 1, company: Company::Anybody },
                now,
            ),
            now,
            beat: Beat(0),
            row: LeaseRow { epoch: Epoch(0), holding: Holding::Free, session: None },
            errands: Vec::new(),
            has_asked_for_row: false,
        };
        let shape = AppShape {
            generation: Generation(0),
            shards: ShardCount(1.try_into().expect("not 0")),
            lanes: LaneCount(NonZeroU16::MIN),
        };
        let app = App { shape, buckets: NonZeroU16::MIN };
        let safe = baton_fleet::Input::StoreSafety(baton_fleet::StoreSafety::Safe);
        scene.tell(Input::Fleet(Box::new(safe)));
        scene.tell(Input::App(shard().app, app));
        for _ in 0..100 {
            scene.now += Duration::from_millis(100);
            scene.tell(Input::Wake);
        }
        assert!(scene.errands.iter().any(is_claim), "{:?}", scene.errands);
        scene.row = LeaseRow { epoch: EPOCH, holding: Holding::Owned { owner: ME }, session: None };
        scene.notice(Notice::Ours { epoch: EPOCH });
        scene.errands.clear();
        scene
    }

    fn notice(&mut self, notice: Notice) {
        self.tell(Input::Report(shard(), Report::Notice(notice)));
    }

    fn tell(&mut self, input: Input) {
        self.supervisor.handle(input, self.now);
        while let Some(output) = self.supervisor.poll_output() {
            match output {
                Output::Ask(ask) => self.answer(&ask),
                Output::Errand(_, Errand::Input(input)) => self.errands.push(input),
                Output::Errand(_, Errand::Permit { .. })
                | Output::Tell(_)
                | Output::Dismiss(_)
                | Output::Remark(_)
                | Output::End(_) => {}
            }
        }
    }

    fn answer(&mut self, ask: &Ask) {
        let answer = match ask {
            Ask::Beat(beat, _) => {
                self.beat = *beat;
                Input::Fleet(Box::new(ToFleet::BeatAcked(*beat)))
            }
            Ask::Poll(request) => {
                Input::Fleet(Box::new(ToFleet::Polled(*request, Box::new(self.poll()))))
            }
            Ask::Sweep(request) => {
                let rows = BTreeMap::from([(shard(), self.row.clone())]);
                Input::Swept(*request, Sweep { store: identity(), rows })
            }
            Ask::Row(_) => {
                self.has_asked_for_row = true;
                Input::Row(shard(), Some(self.row.clone()))
            }
            Ask::NameDataSet
            | Ask::Forget(..)
            | Ask::ClaimPlanner(_)
            | Ask::ReleasePlanner(_)
            | Ask::WriteTargets { .. }
            | Ask::Withdraw(..)
            | Ask::TakePermit { .. } => return,
        };
        self.tell(answer);
    }

    fn poll(&self) -> Poll {
        let me = Member {
            id: ME,
            beat: self.beat,
            record: InstanceRecord { phase: Phase::Up, ..record() },
            presence: Presence::Subscribed,
        };
        let planner = baton_fleet::PlannerRow::default();
        Poll { store: identity(), members: vec![me], planner, targets: BTreeMap::new() }
    }
}

fn is_claim(input: &ToShard) -> bool {
    matches!(input, ToShard::Claim { .. })
}

#[test]
fn a_shard_whose_claim_is_refused_after_a_restart_is_looked_for_in_its_row() {
    for refusal in [Notice::Refused(Refusal::Unconfirmed), Notice::NotOurs] {
        let mut scene = Scene::holding();
        scene.tell(Input::Restarted(shard()));
        assert!(scene.errands.iter().any(is_claim), "{:?}", scene.errands);
        scene.notice(refusal);
        assert!(scene.has_asked_for_row, "{refusal:?}");
        let is_row = |input: &ToShard| matches!(input, ToShard::Row(row) if *row == scene.row);
        assert!(scene.errands.iter().any(is_row), "{refusal:?}: {:?}", scene.errands);
    }
}

#[test]
fn a_shard_that_has_its_lease_again_is_not_looked_for() {
    let mut scene = Scene::holding();
    scene.tell(Input::Restarted(shard()));
    scene.notice(Notice::Ours { epoch: Epoch(8) });
    scene.notice(Notice::Refused(Refusal::Busy));
    assert!(!scene.has_asked_for_row);
}
