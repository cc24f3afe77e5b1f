//! A store as simple as it can be: what every operation does to plain maps.

use std::collections::{BTreeMap, BTreeSet};

use baton_fleet::{PermitAnswer, PlannerRow, Poll, Sweep, Targets};
use baton_model::{
    AppName, Beat, DataSetId, Epoch, Expected, Generation, Holding, InstanceId, InstanceRecord,
    LeaseRow, Member, Moment, OfferId, Presence, PrimaryId, ResumeUrl, Seq, SessionId,
    SessionNumber, SessionRow, ShardKey, ShardNumber, StoreIdentity, limits::IDENTIFY_SPACING,
};

/// What is stored, and so what a failover may set back.
#[derive(Clone)]
pub(crate) struct Data {
    pub(crate) name: Option<DataSetId>,
    pub(crate) members: BTreeMap<InstanceId, (Beat, InstanceRecord)>,
    pub(crate) rows: BTreeMap<ShardKey, LeaseRow>,
    pub(crate) planner: PlannerRow,
    pub(crate) targets: Targets,
    /// When each bucket may be used next.
    pub(crate) buckets: BTreeMap<u16, Moment>,
}

pub(crate) struct Store {
    pub(crate) data: Data,
    pub(crate) primary: u32,
    /// Who is subscribed to its presence channel; a property of connections, not of data.
    pub(crate) present: BTreeSet<InstanceId>,
    offers: u64,
}

pub(crate) fn shard(number: u32) -> ShardKey {
    let app: AppName = "app".parse().unwrap();
    ShardKey { app, generation: Generation(0), number: ShardNumber(number) }
}

fn never_leased() -> LeaseRow {
    LeaseRow { epoch: Epoch(0), holding: Holding::Free, session: None }
}

impl Store {
    pub(crate) fn new(shards: u32) -> Self {
        let data = Data {
            name: Some(DataSetId(1)),
            members: BTreeMap::new(),
            rows: (0..shards).map(|n| (shard(n), never_leased())).collect(),
            planner: PlannerRow::default(),
            targets: Targets::new(),
            buckets: BTreeMap::new(),
        };
        Self { data, primary: 1, present: BTreeSet::new(), offers: 0 }
    }

    pub(crate) fn wipe(&mut self) {
        self.data = Data { name: None, ..Self::new(0).data };
    }

    fn identity(&self) -> StoreIdentity {
        StoreIdentity {
            data_set: self.data.name,
            primary: PrimaryId(format!("primary-{}", self.primary).into()),
        }
    }

    pub(crate) fn poll(&self) -> Poll {
        let presence = |id| match self.present.contains(id) {
            true => Presence::Subscribed,
            false => Presence::Absent,
        };
        let members = self.data.members.iter().map(|(id, (beat, record))| Member {
            id: *id,
            beat: *beat,
            record: record.clone(),
            presence: presence(id),
        });
        Poll {
            store: self.identity(),
            members: members.collect(),
            planner: self.data.planner,
            targets: self.data.targets.clone(),
        }
    }

    /// All shards that should run: how many there are is known apart from the rows.
    pub(crate) fn sweep(&self, shards: u32) -> Sweep {
        let row = |key: &ShardKey| self.data.rows.get(key).cloned();
        let rows = (0..shards).map(shard);
        let rows = rows.map(|key| (key.clone(), row(&key).unwrap_or_else(never_leased)));
        Sweep { store: self.identity(), rows: rows.collect() }
    }

    pub(crate) fn row(&mut self, shard: &ShardKey) -> &mut LeaseRow {
        self.data.rows.entry(shard.clone()).or_insert_with(never_leased)
    }

    pub(crate) fn is_owner(&mut self, shard: &ShardKey, id: InstanceId, epoch: Epoch) -> bool {
        let row = self.row(shard);
        row.holding == (Holding::Owned { owner: id }) && row.epoch == epoch
    }

    pub(crate) fn claim(
        &mut self,
        shard: &ShardKey,
        expected: Expected,
        by: InstanceId,
        now: Moment,
    ) -> Option<Epoch> {
        let row = self.row(shard);
        if row.epoch != expected.epoch || row.holding.owner() != expected.holder {
            return None;
        }
        row.epoch = next_epoch(row.epoch, now);
        row.holding = Holding::Owned { owner: by };
        Some(row.epoch)
    }

    pub(crate) fn claim_planner(
        &mut self,
        expected: Expected,
        by: InstanceId,
        now: Moment,
    ) -> Option<Epoch> {
        let row = &mut self.data.planner;
        if (row.holder, row.epoch) != (expected.holder, expected.epoch) {
            return None;
        }
        row.epoch = next_epoch(row.epoch, now);
        row.holder = Some(by);
        Some(row.epoch)
    }

    pub(crate) fn offer(&mut self, shard: &ShardKey, from: InstanceId, to: InstanceId) -> bool {
        self.offers += 1;
        let offer = OfferId(self.offers);
        let row = self.row(shard);
        let is_owner = row.holding == Holding::Owned { owner: from };
        if is_owner {
            row.holding = Holding::Offered { owner: from, to, offer };
        }
        is_owner
    }

    pub(crate) fn accept(
        &mut self,
        shard: &ShardKey,
        by: InstanceId,
        now: Moment,
    ) -> Option<Epoch> {
        let row = self.row(shard);
        let Holding::Offered { to, .. } = row.holding else {
            return None;
        };
        if to != by {
            return None;
        }
        row.epoch = next_epoch(row.epoch, now);
        row.holding = Holding::Owned { owner: by };
        Some(row.epoch)
    }

    pub(crate) fn retract(&mut self, shard: &ShardKey, from: InstanceId) {
        let row = self.row(shard);
        if matches!(row.holding, Holding::Offered { owner, .. } if owner == from) {
            row.holding = Holding::Owned { owner: from };
        }
    }

    pub(crate) fn release(&mut self, shard: &ShardKey, by: InstanceId) {
        let row = self.row(shard);
        if row.holding == (Holding::Owned { owner: by }) {
            row.holding = Holding::Free;
        }
    }

    /// An owner writes its row back; a newer lease wins.
    pub(crate) fn reassert(&mut self, shard: &ShardKey, by: InstanceId, epoch: Epoch) {
        let row = self.row(shard);
        if row.epoch <= epoch {
            row.epoch = epoch;
            row.holding = Holding::Owned { owner: by };
            row.session = Some(session());
        }
    }

    pub(crate) fn permit(&mut self, bucket: u16, now: Moment) -> PermitAnswer {
        let next = self.data.buckets.entry(bucket).or_default();
        if *next > now {
            return PermitAnswer::Wait(next.since(now));
        }
        *next = now + IDENTIFY_SPACING;
        PermitAnswer::Granted
    }
}

pub(crate) fn session() -> SessionRow {
    let url: Option<ResumeUrl> = None;
    SessionRow {
        number: SessionNumber(1),
        id: SessionId::new("session"),
        resume_url: url,
        last_seq: Seq(1),
    }
}

fn next_epoch(previous: Epoch, now: Moment) -> Epoch {
    Epoch((previous.0 + 1).max(now.as_nanos() / 1_000_000))
}
