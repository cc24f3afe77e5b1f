//! The truth, which no fleet sees: what must hold whatever they believe.

use baton_model::{
    Holding, InstanceId, Moment, Phase, ShardKey,
    limits::{CLAIM_STAGGER, EVIDENCE_POLL_GAP_MAX, EVIDENCE_SPAN, PRESENCE_BEAT_STILL},
};

use super::World;
use crate::store::shard;

impl World {
    /// Every shard is owned by a living instance that knows it, and by no other.
    pub(crate) fn assert_everything_runs(&mut self) {
        for number in 0..self.shards {
            let key = shard(number);
            let row = self.store.row(&key).clone();
            let owner = match row.holding {
                Holding::Owned { owner } => owner,
                Holding::Free | Holding::Offered { .. } => panic!("{key} is {:?}", row.holding),
            };
            let holders = self.processes.iter().filter(|(_, p)| p.held.contains_key(&key));
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
        count as f64 / f64::from(self.shards)
    }

    /// Nobody's lease is taken without evidence, in truth and not only by what the claimant saw.
    pub(super) fn judge(&self, by: InstanceId, shard: &ShardKey, holder: Option<InstanceId>) {
        let Some(holder) = holder.filter(|holder| *holder != by) else {
            return;
        };
        let process = self.processes.get(&holder);
        // What the claimant knows may be as old as its last poll: the holder may be back since.
        let is_just_back = process.is_some_and(|process| {
            self.now.since(process.returned_at) <= EVIDENCE_POLL_GAP_MAX + CLAIM_STAGGER
        });
        let living = process.map(|process| (process.beat_at, process.beat_phase));
        let last = living.or_else(|| self.beats_of_dead.get(&holder).copied());
        let (beat_at, phase) = last.unwrap_or((Moment::ZERO, Phase::Down));
        let still = self.now.since(beat_at);
        let has_crashed = !self.store.present.contains(&holder) && still >= PRESENCE_BEAT_STILL;
        assert!(
            phase == Phase::Down || has_crashed || still >= EVIDENCE_SPAN || is_just_back,
            "{by} took {shard} from {holder}, which beat {still:?} ago"
        );
    }
}
