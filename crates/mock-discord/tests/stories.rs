//! Conversations with a simulated Discord, as plain text in `stories/`.
//!
//! A story is a row of blocks: what clients and operators do, a line of dashes, what Discord does
//! about it, and which verdicts it passes. Every output counts, and so does the next wake.
//! `BLESS=1` writes what came out into the files; reading every changed line is up to who asked
//! for it.

mod language;

use std::collections::BTreeSet;

use baton_mock_discord::verdict::Rule;
use baton_test_stories::Stories;
use language::Stage;

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

/// All of them: serde names them in what it says about one that it does not know.
fn every_rule() -> BTreeSet<String> {
    let error = serde_json::from_str::<Rule>("\"\"").expect_err("no rule is called so").to_string();
    let names = error.split('`').skip(3).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    assert!(names.contains("rest_unauthorized") && names.len() >= 20, "{error}");
    names
}

fn stories() -> Stories {
    Stories::of(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories"), 55)
}
