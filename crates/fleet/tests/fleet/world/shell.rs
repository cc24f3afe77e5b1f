//! The shell of one instance, as thin as it can be.

use std::time::Duration;

use baton_fleet::{Departure, Hint, History, Input, Output};
use baton_model::{InstanceId, Moment, ShardKey, limits::IDENTIFY_DISCORD_SPACING};

use super::{BUCKETS, Event, World};
use crate::store::session;

impl World {
    pub(super) fn carry_out(&mut self, id: InstanceId, output: Output) {
        let latency = self.latency();
        match output {
            Output::Confirmed
            | Output::Unconfirmed
            | Output::Cool(_)
            | Output::NoPlace { .. }
            | Output::DrainGivenUp(_)
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

    pub(super) fn let_go(&mut self, id: InstanceId, shard: ShardKey, departure: Departure) {
        let latency = self.latency();
        let input = Box::new(Input::LetGo { shard, departure });
        self.at(latency, Event::Tell(id, input));
    }

    /// One hint in ten is lost.
    pub(super) fn hint(&mut self, from: InstanceId, hint: &Hint) {
        let others: Vec<_> = self.processes.keys().copied().collect();
        for to in others.into_iter().filter(|to| *to != from) {
            let latency = self.latency();
            if self.random.below(10) > 0 && self.is_connected(from) && self.is_connected(to) {
                self.at(latency, Event::Tell(to, Box::new(Input::Hint(hint.clone()))));
            }
        }
    }

    pub(super) fn is_connected(&self, id: InstanceId) -> bool {
        let process = self.processes.get(&id);
        process.is_some_and(|process| process.cut_off_until <= self.now)
            && self.store_frozen_until <= self.now
    }

    pub(super) fn identify(&mut self, id: InstanceId, shard: &ShardKey, use_before: Moment) {
        assert!(self.now < use_before, "a permit that has ended");
        let bucket = u16::try_from(shard.number.0 % u32::from(BUCKETS)).unwrap();
        let last = self.identified_at.insert(bucket, self.now);
        if let Some(last) = last {
            let pause = self.now.since(last);
            assert!(pause >= IDENTIFY_DISCORD_SPACING, "bucket {bucket}: {pause:?}");
        }
        self.identifies += 1;
        if let Some(epoch) = self.processes[&id].held.get(shard).copied()
            && self.store.is_owner(shard, id, epoch)
        {
            self.store.row(shard).session = Some(session());
        }
    }

    /// Every shard appends now and then, and stops where the store refuses.
    pub(super) fn append(&mut self, id: InstanceId) {
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
                self.tell(id, Input::LetGo { shard, departure: Departure::Fenced });
            } else if row.session.is_none() && row.epoch == epoch {
                let history = History::New;
                self.tell(id, Input::IdentifyWanted { shard, history });
            }
        }
    }
}
