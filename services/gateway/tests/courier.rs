//! The courier's rules, as stories.

mod stage;

use baton_test_stories::Stories;
use stage::CourierStage;

#[test]
fn every_story_ends_as_it_is_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/courier");
    Stories::of(folder, 20).play(CourierStage::default);
}
