//! What the planner would do: the very function that it calls, on what one look shows.

use std::collections::BTreeMap;

use baton_fleet::plan::{self, Balance, Candidate, Plan, Standing};
use baton_model::{InstanceId, Phase, ShardKey, Wish};

use super::{Instance, Look};

/// Everything that a plan depends on.
pub(crate) struct Situation {
    candidates: Vec<Candidate>,
    shards: BTreeMap<ShardKey, Option<InstanceId>>,
    pins: BTreeMap<ShardKey, InstanceId>,
}

impl Situation {
    /// As a look shows it.
    pub(crate) fn of(look: &Look) -> Self {
        let candidates: Vec<_> = look.instances.iter().filter_map(candidate).collect();
        let pins = look.intents.iter().filter_map(|intent| match &intent.wish {
            Wish::Pin { shard, to, until: _ } => Some((shard.clone(), *to)),
            Wish::Drain { .. } | Wish::Restart { .. } | Wish::ReadToken { .. } => None,
        });
        let shards = look.shards.keys().map(|shard| (shard.clone(), look.owner(shard)));
        Self { candidates, shards: shards.collect(), pins: pins.collect() }
    }

    /// As it will be when an instance is to leave.
    pub(crate) fn without(mut self, id: InstanceId) -> Self {
        for candidate in &mut self.candidates {
            if candidate.id == id {
                candidate.standing = Standing::Leaving;
            }
        }
        self
    }

    /// What the planner decides on.
    pub(crate) const fn borrowed(&self, balance: Balance) -> plan::Situation<'_> {
        plan::Situation {
            candidates: self.candidates.as_slice(),
            shards: &self.shards,
            pins: &self.pins,
            balance,
        }
    }

    /// What would be moved.
    pub(crate) fn plan(&self, balance: Balance) -> Plan {
        plan::plan(&self.borrowed(balance))
    }
}

/// Whether nothing is on the move, and the planner would move nothing, had it nothing to wait for.
/// While somebody comes or goes that cannot be said.
pub(crate) fn is_balanced(look: &Look) -> bool {
    let is_turning = |instance: &Instance| match instance.member.record.phase {
        Phase::Joining => true,
        Phase::Draining => !instance.is_ordered_to_leave,
        Phase::Up => instance.is_ordered_to_leave,
        Phase::Down => false,
    };
    let is_calm = look.targets.is_empty() && !look.instances.values().any(is_turning);
    is_calm && Situation::of(look).plan(Balance::Now).moves.is_empty()
}

/// Whoever is there and not down. The plan waits with those whose life is in doubt.
fn candidate((id, instance): (&InstanceId, &Instance)) -> Option<Candidate> {
    let record = &instance.member.record;
    let standing = match record.phase {
        Phase::Down => return None,
        Phase::Draining => Standing::Leaving,
        Phase::Joining => Standing::Waiting,
        Phase::Up if !instance.is_there() => Standing::Waiting,
        Phase::Up if instance.is_ordered_to_leave => Standing::Leaving,
        Phase::Up => Standing::Target,
    };
    Some(Candidate::new(*id, record, standing, true))
}
