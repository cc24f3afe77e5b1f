//! Apps: the first shape stands.

use std::num::{NonZeroU16, NonZeroU32};

use baton_model::{AppShape, Generation, LaneCount, ShardCount};
use baton_store_embedded::state::Change;

use crate::scene::*;

fn shape(lanes: u16) -> AppShape {
    AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::MIN),
        lanes: LaneCount(NonZeroU16::new(lanes).expect("lanes")),
    }
}

#[test]
fn only_the_first_proposal_changes_anything() {
    let mut state = empty();
    assert_eq!(state.app_shape(&app()), None);
    assert_eq!(state.agree_app(&app(), shape(2)), shape(2));
    assert_eq!(state.take_changes(), [Change::App(app(), shape(2))]);
    assert_eq!(state.agree_app(&app(), shape(3)), shape(2));
    assert_eq!(state.take_changes(), []);
    assert_eq!(state.app_shape(&app()), Some(shape(2)));
}
