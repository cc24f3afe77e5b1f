//! A rolling deploy, one instance at a time: every step carries the plan out.

use std::collections::BTreeSet;

use baton_fleet::plan::{Balance, Candidate, Standing};
use baton_model::StoreMillis;

use crate::snapshot::{
    Pins, Shards, candidate, carried_out, count_of, counts, held, id, planned, version,
};

/// The fleet during a deploy: every step carries the plan out and counts its moves.
struct Deploy {
    candidates: Vec<Candidate>,
    shards: Shards,
    moves: usize,
}

impl Deploy {
    fn of(instances: u128, shards: u32) -> Self {
        let candidates: Vec<_> = (1..=instances).map(candidate).collect();
        let orphans = held(&[], shards);
        let plan = planned(&candidates, &orphans, &Pins::new(), Balance::Now);
        Self { candidates, shards: carried_out(&orphans, &plan), moves: 0 }
    }

    fn join_new(&mut self, number: u128) {
        self.candidates.push(Candidate {
            version: version(1),
            joined_at: StoreMillis(u64::try_from(number).unwrap()),
            ..candidate(number)
        });
        self.step();
    }

    fn drain(&mut self, number: u128) {
        let leaver = self.candidates.iter_mut().find(|c| c.id == id(number));
        leaver.unwrap().standing = Standing::Leaving;
        self.step();
        assert_eq!(count_of(&self.shards, id(number)), 0, "drained");
        self.candidates.retain(|c| c.id != id(number));
    }

    fn step(&mut self) {
        let versions: BTreeSet<_> = self.candidates.iter().map(|c| c.version).collect();
        let balance = match versions.len() {
            1 => Balance::Now,
            _ => Balance::Waits,
        };
        let plan = planned(&self.candidates, &self.shards, &Pins::new(), balance);
        self.moves += plan.moves.len();
        self.shards = carried_out(&self.shards, &plan);
    }

    fn moves_per_shard(&self) -> f64 {
        self.moves as f64 / self.shards.len() as f64
    }

    fn is_level(&self) -> bool {
        let counts = counts(&self.shards);
        let all = self.candidates.iter().map(|c| counts.get(&c.id).copied().unwrap_or(0));
        all.clone().max().unwrap() - all.min().unwrap() <= 1
    }
}

#[test]
fn with_a_surge_instance_a_rolling_deploy_moves_every_shard_once() {
    for instances in [2, 3, 10] {
        let mut deploy = Deploy::of(instances, 16_384);
        for old in 1..=instances {
            deploy.join_new(100 + old);
            deploy.drain(old);
        }
        let moves = deploy.moves_per_shard();
        assert!((1.0..=1.05).contains(&moves), "{instances}: {moves}");
        assert!(deploy.is_level());
    }
}

#[test]
fn without_one_only_the_first_and_the_last_instances_shards_move_twice() {
    for instances in [2_u32, 3, 10] {
        let mut deploy = Deploy::of(u128::from(instances), 16_384);
        for old in 1..=u128::from(instances) {
            deploy.drain(old);
            deploy.join_new(100 + old);
        }
        let moves = deploy.moves_per_shard();
        let bound = 1.0 + 2.0 / f64::from(instances) + 0.01;
        assert!((1.0..=bound).contains(&moves), "{instances}: {moves}");
        assert!(deploy.is_level());
    }
}
