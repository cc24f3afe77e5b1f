//! What arrives at the store, and what comes back.

use std::time::Duration;

use baton_fleet::{Departure, Input, Output, PermitAnswer};
use baton_model::{
    DataSetId, Expected, Holding, InstanceId, Phase, ShardKey,
    limits::{EVIDENCE_SPAN, OFFER_DEADLINE},
};

use super::{Event, World};

impl World {
    pub(super) fn at_store(&mut self, id: InstanceId, output: Output) {
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
            Output::TakePermit { request, bucket, .. } => {
                Some(Input::Permit(request, self.store.permit(bucket.0, now)))
            }
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
    pub(super) fn write(&mut self, id: InstanceId, output: Output) {
        let data = &mut self.store.data;
        match output {
            Output::NameDataSet if data.name.is_none() => {
                data.name = Some(DataSetId(u128::from(self.next_event)));
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

    pub(super) fn refuse(&mut self, id: InstanceId, output: Output) {
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

    pub(super) fn note_beat(&mut self, id: InstanceId, phase: Phase) {
        if let Some(process) = self.processes.get_mut(&id) {
            if self.now.since(process.beat_at) >= EVIDENCE_SPAN {
                process.returned_at = self.now;
            }
            process.beat_at = self.now;
            process.beat_phase = phase;
        }
    }

    pub(super) fn claim(&mut self, id: InstanceId, shard: ShardKey, expected: Expected) -> Input {
        match self.store.claim(&shard, expected, id, self.now) {
            Some(epoch) => {
                self.judge(id, &shard, expected.holder);
                self.claims += 1;
                Input::Claimed { shard, epoch }
            }
            None => Input::ClaimLost(shard),
        }
    }

    pub(super) fn offer(&mut self, from: InstanceId, shard: ShardKey, to: InstanceId) {
        if self.store.offer(&shard, from, to) {
            let latency = self.latency();
            self.at(latency, Event::Accept(shard.clone(), from, to));
            self.at(OFFER_DEADLINE, Event::Retract(shard, from));
        } else {
            let failed = Box::new(Input::HandOverFailed(shard));
            self.at(Duration::ZERO, Event::Tell(from, failed));
        }
    }

    pub(super) fn accept(&mut self, shard: &ShardKey, from: InstanceId, to: InstanceId) {
        if !self.is_connected(to) || self.thaws_at(to).is_some() {
            return;
        }
        let Some(epoch) = self.store.accept(shard, to, self.now) else {
            return;
        };
        self.moves += 1;
        let took = Input::Took { shard: shard.clone(), epoch };
        self.tell(to, took);
        self.let_go(from, shard.clone(), Departure::HandedOver(to));
    }

    pub(super) fn retract(&mut self, shard: ShardKey, from: InstanceId) {
        let row = self.store.row(&shard).holding;
        let is_open = matches!(row, Holding::Offered { owner, .. } if owner == from);
        if !is_open || !self.is_connected(from) || self.thaws_at(from).is_some() {
            return;
        }
        self.store.retract(&shard, from);
        self.tell(from, Input::HandOverFailed(shard));
    }
}
