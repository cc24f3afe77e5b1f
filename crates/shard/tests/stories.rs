//! Conversations with the machine, as plain text in `stories/`.
//!
//! A story is a row of blocks: what happens, a line of dashes, what the machine wants done, and
//! in which state that leaves it. Every output counts, and so does the next wake. `BLESS=1`
//! writes what came out into the files; reading every changed line is up to who asked for it.

mod language;

use baton_model::Moment;
use baton_test_stories::{Stage as _, Stories};
use language::Stage;

#[test]
fn every_story_ends_as_it_is_written() {
    Stories::of(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories"), 120).play(Stage::new);
}

#[test]
#[should_panic(expected = "append up to 99 acknowledged, but the furthest one sent went to 12")]
fn an_acknowledgement_of_what_was_never_appended_is_our_bug() {
    let mut stage = Stage::new();
    for line in ["given live s1/10", "k1 dispatch 12", "appended @5 s1/99"] {
        stage.play(line);
    }
}

#[test]
fn a_state_lasts_from_the_moment_it_began() {
    let mut stage = Stage::new();
    stage.play("given live s1/10");
    stage.play("k1 dispatch 12");
    assert_eq!(stage.since(), Moment::ZERO);
    stage.play("wait 5s");
    stage.play("k1 closed 1006");
    assert_eq!(stage.since(), Moment::from_millis(25_000));
}
