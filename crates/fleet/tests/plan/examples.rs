//! Single cases: a large fleet, and each preference by itself.

use baton_fleet::plan::{Balance, Candidate, Standing};
use baton_model::{Capacity, StoreMillis, Tier};

use crate::snapshot::{Pins, candidate, carried_out, counts, held, id, planned, version};

#[test]
fn a_large_fleet_is_level_after_exactly_the_moves_of_the_formula() {
    let candidates: Vec<_> = (1..=100).map(candidate).collect();
    let uneven: Vec<u32> = (0..100).map(|i| 100 + (i * 37) % 127).collect();
    let shards = held(&uneven, 16_384 - uneven.iter().sum::<u32>());
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Now);

    // 16,384 = 100 × 163 + 84: at best 84 of those above 163 are allowed one more.
    let above: u32 = uneven.iter().map(|held| held.saturating_sub(163)).sum();
    let may_keep_one = u32::try_from(uneven.iter().filter(|held| **held > 163).count()).unwrap();
    assert_eq!(plan.moves.len(), (above - may_keep_one.min(84)) as usize);
    let after = counts(&carried_out(&shards, &plan));
    let (least, most) = (after.values().min().unwrap(), after.values().max().unwrap());
    assert_eq!((least, most), (&163, &164));
}

#[test]
fn the_newest_version_and_then_the_latest_to_join_is_filled_first() {
    let newcomer = |number, minor, joined_at| Candidate {
        version: version(minor),
        joined_at: StoreMillis(joined_at),
        ..candidate(number)
    };
    let leaver = Candidate { standing: Standing::Leaving, ..candidate(1) };
    let candidates = [leaver, newcomer(2, 1, 50), newcomer(3, 2, 10), newcomer(4, 2, 20)];
    // Shares are 4 each. Instance 2 is old and full; 4 joined last.
    let shards = held(&[5, 4, 1, 2], 0);
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Waits);
    let to = |n| plan.moves.iter().filter(|m| m.to == id(n)).count();
    assert_eq!((to(2), to(3), to(4)), (0, 3, 2));

    let shards = held(&[3, 5, 1, 2], 0);
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Waits);
    let to = |n| plan.moves.iter().filter(|m| m.to == id(n)).count();
    assert_eq!((to(2), to(3), to(4)), (0, 1, 2), "4 is filled before 3");
}

#[test]
fn a_newer_version_is_filled_before_one_that_joined_later() {
    let candidates = [
        Candidate { standing: Standing::Leaving, ..candidate(1) },
        Candidate { joined_at: StoreMillis(50), ..candidate(2) },
        Candidate { version: version(1), ..candidate(3) },
        candidate(4),
    ];
    // Shares are 4 each; 4 keeps its surplus, for balance waits.
    let shards = held(&[3, 0, 0, 9], 0);
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Waits);
    assert_eq!(plan.moves.len(), 3);
    assert!(plan.moves.iter().all(|m| m.to == id(3)), "{plan:?}");
}

#[test]
fn orphans_have_the_first_claim_on_what_room_there_is() {
    let leaver = Candidate { standing: Standing::Leaving, ..candidate(1) };
    let small = Candidate { capacity: Capacity(1), ..candidate(2) };
    let plan = planned(&[leaver, small], &held(&[1], 1), &Pins::new(), Balance::Waits);
    assert_eq!((plan.claims.len(), plan.moves.len()), (1, 0));
    assert_eq!(plan.left_over.len(), 1);
}

#[test]
fn an_odd_shard_stays_where_it_is_rather_than_go_to_a_newer_version() {
    let newer = Candidate { version: version(1), ..candidate(2) };
    let plan = planned(&[candidate(1), newer], &held(&[2, 1], 0), &Pins::new(), Balance::Now);
    assert_eq!(plan.moves, vec![]);
}

#[test]
fn a_standby_gives_back_only_to_instances_that_are_settled() {
    let standby = Candidate { tier: Tier(1), ..candidate(2) };
    let returned = |settled| Candidate { settled, ..candidate(1) };
    let shards = held(&[0, 4], 2);
    let plan_with = |settled| {
        let candidates = [returned(settled), standby.clone()];
        planned(&candidates, &shards, &Pins::new(), Balance::Now)
    };
    let early = plan_with(false);
    assert_eq!(early.moves, vec![], "nothing goes back yet");
    assert!(early.claims.values().all(|to| *to == id(1)), "orphans do");
    assert_eq!(plan_with(true).moves.len(), 4);
}

#[test]
fn what_leaves_is_what_belongs_to_its_instance_least() {
    let shards = held(&[6, 0], 0);
    let candidates = [candidate(1), candidate(2)];
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Now);
    let leaving: Vec<_> = plan.moves.iter().map(|m| m.shard.number.0).collect();
    assert_eq!(leaving.len(), 3);
    // Whoever plans next, with a few shards fewer, would let the same ones go.
    let fewer = held(&[5, 0], 0);
    let plan = planned(&candidates, &fewer, &Pins::new(), Balance::Now);
    let leaving_then = plan.moves.iter().map(|m| m.shard.number.0);
    let stable = leaving_then.filter(|number| leaving.contains(number));
    assert_eq!(stable.count(), 2);
}
