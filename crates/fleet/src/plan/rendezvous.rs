//! Rendezvous hashing: a stable order of instances for every shard.
//!
//! Each pair of shard and instance has a score that depends on nothing else, so an instance that
//! comes or goes changes no other pair, and everybody computes the same order without talking.
//! The scores are never stored; they must only agree between instances of one fleet.

use baton_model::{InstanceId, ShardKey};

use crate::seed::mix;

/// A shard's half of its scores, so that the name is hashed once and not once an instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShardHash(u64);

/// An instance's half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InstanceHash {
    id: InstanceId,
    hash: u64,
}

impl ShardHash {
    pub(crate) fn of(shard: &ShardKey) -> Self {
        let numbers = u64::from(shard.generation.0) << 32 | u64::from(shard.number.0);
        Self(mix(hash_of(shard.app.as_str().as_bytes()) ^ mix(numbers)))
    }

    /// How much the shard belongs to an instance. The id breaks ties between equal scores.
    pub(crate) const fn score(self, instance: InstanceHash) -> (u64, InstanceId) {
        (mix(self.0 ^ instance.hash), instance.id)
    }
}

impl InstanceHash {
    pub(crate) fn of(id: InstanceId) -> Self {
        let hash = hash_of(&id.bits().to_be_bytes());
        Self { id, hash }
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |hash, byte| mix(hash ^ u64::from(*byte)))
}

/// Instances in the order in which they may claim a shard.
#[must_use]
pub fn rendezvous_order(
    shard: &ShardKey,
    instances: impl IntoIterator<Item = InstanceId>,
) -> Vec<InstanceId> {
    let hash = ShardHash::of(shard);
    let score = |id| hash.score(InstanceHash::of(id));
    let mut scored: Vec<_> = instances.into_iter().map(score).collect();
    scored.sort_unstable_by(|a, b| b.cmp(a));
    scored.into_iter().map(|(_, id)| id).collect()
}

/// Instances in the order in which they may claim the planner's lease.
pub(crate) fn planner_order(instances: impl IntoIterator<Item = InstanceId>) -> Vec<InstanceId> {
    let mut hashed: Vec<_> = instances.into_iter().map(InstanceHash::of).collect();
    hashed.sort_unstable_by_key(|instance| (instance.hash, instance.id));
    hashed.into_iter().map(|instance| instance.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    fn shard(number: u32) -> ShardKey {
        ShardKey {
            app: "app".parse().unwrap(),
            generation: Generation(0),
            number: ShardNumber(number),
        }
    }

    fn ids(count: u128) -> impl Iterator<Item = InstanceId> {
        (1..=count).map(InstanceId::new)
    }

    #[test]
    fn who_leaves_changes_nobody_elses_order() {
        let all = rendezvous_order(&shard(7), ids(5));
        let without_third = ids(5).filter(|id| *id != all[2]);
        let rest = rendezvous_order(&shard(7), without_third);
        assert_eq!(rest, [all[0], all[1], all[3], all[4]]);
    }

    #[test]
    fn first_choices_are_spread_evenly() {
        let mut firsts = [0_u32; 4];
        for number in 0..4_000 {
            let first = rendezvous_order(&shard(number), ids(4))[0];
            firsts[usize::try_from(first.bits()).unwrap() - 1] += 1;
        }
        assert!(firsts.iter().all(|n| (900..1_100).contains(n)), "{firsts:?}");
    }

    #[test]
    fn app_and_generation_are_part_of_the_order() {
        let order = |key: &ShardKey| rendezvous_order(key, ids(16));
        let other_app = ShardKey { app: "other".parse().unwrap(), ..shard(7) };
        let other_generation = ShardKey { generation: Generation(1), ..shard(7) };
        assert_ne!(order(&shard(7)), order(&other_app));
        assert_ne!(order(&shard(7)), order(&other_generation));
    }
}
