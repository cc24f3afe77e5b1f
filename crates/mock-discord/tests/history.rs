//! Whole histories: clients that behave, faults that do not, and the books at the end.
//!
//! One seed makes one history, byte for byte. And whatever goes wrong at Discord, a client that
//! resumes, and marks what cannot be resumed, passes the audit without a verdict.

mod world;

use baton_mock_discord::{
    Ledger, audit,
    ledger::FrameHash,
    load::{Content, Mix, Origin},
};
use proptest::prelude::*;
use world::World;

const STEPS: usize = 200;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_seed_makes_one_history(seed: u64) {
        let (one, other) = (World::run(seed, STEPS), World::run(seed, STEPS));
        prop_assert_eq!(one.history(), other.history());
        prop_assert_eq!(one.discord().ledger(), other.discord().ledger());
    }

    #[test]
    fn a_client_that_resumes_and_marks_passes_the_audit(seed: u64) {
        let world = World::run(seed, STEPS);
        let report = audit(world.discord().ledger(), world.stream());
        prop_assert!(report.is_clean(), "{:?}", report);
        let verdicts = &world.discord().verdicts().counts;
        prop_assert!(verdicts.is_empty(), "{:?}", verdicts);
    }

    #[test]
    fn what_the_ledger_has_forgotten_is_never_held_against_a_stream(
        seed: u64,
        most in 0..600_usize,
    ) {
        let world = World::run_with(most, seed, STEPS);
        let report = audit(world.discord().ledger(), world.stream());
        prop_assert!(report.is_clean(), "{:?}", report);
    }

    #[test]
    fn anybody_can_compute_the_bytes_of_a_generated_dispatch(seed: u64) {
        let world = World::run(seed, STEPS);
        for (session, of_session) in &world.discord().ledger().sessions {
            let slice = of_session.slice;
            let generated = of_session.sent.iter().filter(|sent| {
                let origin = Origin { slice, session: *session, seq: sent.seq };
                let event = Content::Event(Mix::Messages);
                sent.hash == FrameHash::of(&world.discord().source().frame(&event, origin))
            });
            // All but READY, the shard's one guild, a RESUMED for each RESUME, and an answer for
            // each question about members.
            let asked = world.discord().commands().count(*session, 8);
            let answers = usize::try_from(asked).expect("few");
            let others = 2 + world.resumes_of(&of_session.id) + answers;
            prop_assert_eq!(generated.count() + others, of_session.sent.len());
        }
    }
}

#[test]
fn two_seeds_make_two_histories() {
    assert_ne!(World::run(1, STEPS).history(), World::run(2, STEPS).history());
}

/// Or else the properties above would say nothing about them.
#[test]
fn histories_hold_resumes_questions_and_sessions_that_were_lost() {
    let worlds: Vec<_> = (0..20).map(|seed| World::run(seed, STEPS)).collect();
    let sessions = |ledger: &Ledger| ledger.sessions.len();
    let lost = worlds.iter().filter(|world| sessions(world.discord().ledger()) > world::SHARDS);
    assert!(lost.count() > 5);
    let resumes = |world: &World| -> usize {
        let sessions = world.discord().ledger().sessions.values();
        sessions.map(|session| world.resumes_of(&session.id)).sum()
    };
    assert!(worlds.iter().map(resumes).sum::<usize>() > 100);
    let asked = worlds.iter().map(|world| world.discord().commands().latest.len());
    assert!(asked.sum::<usize>() > 100);
}
