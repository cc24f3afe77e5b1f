//! How long the planner takes over snapshots of the largest fleet: 16,384 shards, 100 instances.

use std::{collections::BTreeMap, hint::black_box, num::NonZeroU16};

use baton_fleet::plan::{Balance, Candidate, Situation, Standing, plan};
use baton_model::{
    Capacity, Generation, InstanceId, ShardKey, ShardNumber, StoreMillis, Tier, Version, Weight,
};
use criterion::{Criterion, criterion_group, criterion_main};

const SHARDS: u32 = 16_384;
const INSTANCES: u32 = 100;

/// Instances in three zones.
fn candidates() -> Vec<Candidate> {
    (1..=INSTANCES)
        .map(|number| Candidate {
            id: InstanceId::new(u128::from(number)),
            standing: Standing::Target,
            tier: Tier(0),
            zone: ["a", "b", "c"][number as usize % 3].parse().expect("a name"),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(400),
            version: Version::default(),
            joined_at: StoreMillis(0),
            settled: true,
        })
        .collect()
}

fn held_by(holder: impl Fn(u32) -> Option<u32>) -> BTreeMap<ShardKey, Option<InstanceId>> {
    let app: baton_model::AppName = "bench".parse().expect("a name");
    (0..SHARDS)
        .map(|number| {
            let shard = ShardKey {
                app: app.clone(),
                generation: Generation(0),
                number: ShardNumber(number),
            };
            (shard, holder(number).map(|n| InstanceId::new(n.into())))
        })
        .collect()
}

fn plans(criterion: &mut Criterion) {
    let candidates = candidates();
    let snapshots = [
        ("cold_start", held_by(|_| None)),
        ("level", held_by(|n| Some(n % INSTANCES + 1))),
        ("one_instance_lost", held_by(|n| Some(n % INSTANCES).filter(|i| *i > 0))),
        ("half_the_fleet_is_new", held_by(|n| Some(n % (INSTANCES / 2) + 1))),
    ];
    let mut group = criterion.benchmark_group("plan_16384_shards_100_instances");
    for (name, shards) in &snapshots {
        let situation = Situation {
            candidates: &candidates,
            shards,
            pins: &BTreeMap::new(),
            balance: Balance::Now,
        };
        group.bench_function(*name, |bencher| {
            bencher.iter(|| plan(black_box(&situation)));
        });
    }
    group.finish();
}

criterion_group!(benches, plans);
criterion_main!(benches);
