//! Conversations with a simulated Discord, as plain text in `stories/`.
//!
//! A story is a row of blocks: what clients and operators do, a line of dashes, what Discord does
//! about it, and which verdicts it passes. Every output counts, and so does the next wake.
//! `BLESS=1` writes what came out into the files; reading every changed line is up to who asked
//! for it.

mod language;
mod rules;

use baton_test_stories::Stories;
use language::Stage;
use rules::every_rule;

#[test]
fn every_story_ends_as_it_is_written() {
    stories().play(Stage::new);
}

#[test]
fn every_verdict_and_every_close_code_has_a_story() {
    let stories = stories();
    let told: String = stories.texts().collect();
    for rule in every_rule() {
        assert!(told.contains(&format!("! {rule} by")), "no story earns {rule}");
    }
    for code in (4_000..=4_014).filter(|code| *code != 4_006) {
        assert!(told.contains(&format!(" close {code} ")), "no story ends with {code}");
    }
}

fn stories() -> Stories {
    Stories::of(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories"), 55)
}
