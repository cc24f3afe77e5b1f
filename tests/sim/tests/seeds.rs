//! Two thousand worlds, each with its own troubles: in all of them the laws hold.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use baton_sim::{Record, Violation, run};

/// So many, because each mutation of a guard that is listed in `docs/reliability.md`, but for one
/// that the conformance suite finds sooner, breaks a law in one of them.
const SEEDS: u64 = 2_000;

#[test]
fn the_laws_hold_whatever_goes_wrong() {
    let broken = broken_among(SEEDS);
    let told: Vec<_> = broken.iter().map(|(seed, violation)| tell(*seed, violation)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn one_seed_is_one_history() {
    for seed in [3, 28, 470] {
        let (first, second) = (run(seed, Record::Lines), run(seed, Record::Lines));
        assert_eq!(first.lines, second.lines, "seed {seed}");
        assert_eq!(first.digest, run(seed, Record::Digest).digest, "seed {seed}");
    }
    assert_ne!(run(3, Record::Digest).digest, run(4, Record::Digest).digest);
}

/// A world in which nothing happens would hold every law.
#[test]
fn worlds_are_full_of_events_and_of_changes_of_hands() {
    let endings: Vec<_> = (0..20).map(|seed| run(seed, Record::Digest)).collect();
    let dispatches: usize = endings.iter().map(|ending| ending.dispatches).sum();
    let grants: u64 = endings.iter().map(|ending| ending.grants).sum();
    assert!(dispatches > 20 * 300, "{dispatches} dispatches");
    assert!(grants > 20 * 5, "{grants} grants");
}

/// What every seventh world has besides must come to something.
#[test]
fn every_seventh_world_spends_its_identifies_fills_its_rings_or_doubts_its_store() {
    let (mut spent, mut unsafe_stores, mut tight, mut shed) = (0, 0, 0, 0);
    for seed in (6..300).step_by(7) {
        let lines = run(seed, Record::Lines).lines;
        let has = |what: &str| usize::from(lines.iter().any(|line| line.contains(what)));
        spent += has("Exhausted");
        unsafe_stores += has("=== StoreUnsafe");
        tight += has("=== TightRings");
        shed += has("sheds");
    }
    assert!(spent >= 10, "{spent} of 42 worlds");
    assert!(unsafe_stores >= 20, "{unsafe_stores} of 42 worlds");
    assert!(tight >= 20 && shed >= 10, "{tight} and {shed} of 42 worlds");
}

/// What an operator asks for in one world of seven must come to something.
#[test]
fn operators_drain_and_move_and_take_it_back() {
    let (mut drains, mut pins, mut taken_back, mut arrived) = (0, 0, 0, 0);
    for seed in (2..300).step_by(7) {
        let lines = run(seed, Record::Lines).lines;
        let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
        drains += count("=== wanted: Drain");
        pins += count("=== wanted: Pin");
        taken_back += count("=== taken back");
        arrived += count("Withdraw(Pin(");
    }
    assert!(drains >= 100 && pins >= 60, "{drains} drains and {pins} pins in 43 worlds");
    assert!(taken_back >= 100, "{taken_back} taken back in 43 worlds");
    assert!(arrived >= 10, "{arrived} moves came to their end in 43 worlds");
}

fn broken_among(seeds: u64) -> Vec<(u64, Violation)> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut broken = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return broken;
            }
            broken.extend(run(seed, Record::Digest).violation.map(|violation| (seed, violation)));
        }
    };
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let broken =
            workers.into_iter().flat_map(|worker| worker.join().expect("it does not panic"));
        let mut broken: Vec<_> = broken.collect();
        broken.sort_by_key(|(seed, _)| *seed);
        broken
    })
}

fn tell(seed: u64, violation: &Violation) -> String {
    let Violation { at, law, what } = violation;
    let replay = format!("cargo run -p baton-sim -- --seed {seed} --trace");
    format!("seed {seed} breaks {law} at {at}: {what}\n  {replay}")
}
