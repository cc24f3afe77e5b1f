//! Stories: one machine, `a`, told what happens in plain text; what it does is compared exactly.
//!
//! The other instances are puppets that beat once a second until the story says otherwise. The
//! store answers at once. Beats, polls, sweeps and the news of leases taken are left out, because
//! they go on all the time. `BLESS=1 cargo test -p baton-fleet stories` writes down what happens.

mod stage;
mod telling;

use baton_test_stories::Stories;

use self::stage::Stage;

#[test]
fn every_story_ends_as_it_is_written() {
    Stories::of(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories"), 59).play(Stage::new);
}
