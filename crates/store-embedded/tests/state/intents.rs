//! Intents: how many there may be.

use baton_model::{InstanceId, IntentId, Line, NewIntent, Wish, limits::INTENTS_MAX};
use baton_store::IntendError;

use crate::scene::*;

fn drain(instance: u128, id: u64) -> NewIntent {
    let wish = Wish::Drain { instance: InstanceId::new(instance), limit: None };
    let line = |text| Line::shortened(text);
    NewIntent { id: IntentId(id), wish, by: line("ann"), reason: line("") }
}

#[test]
fn there_is_room_for_so_many_intents_and_always_for_another_wish_about_the_same() {
    let mut state = empty();
    let most = INTENTS_MAX as u64;
    for number in 0..most {
        assert_eq!(state.intend(NOON, &drain(u128::from(number), 1)), Ok(None));
    }
    state.take_changes();
    let one_too_many = drain(u128::from(most), 1);
    assert_eq!(state.intend(NOON, &one_too_many), Err(IntendError::TooMany(most)));
    assert_eq!(state.take_changes(), []);
    let replaced = state.intend(NOON, &drain(0, 2));
    assert!(matches!(replaced, Ok(Some(_))), "{replaced:?}");
    assert!(state.withdraw(&drain(0, 2).subject(), IntentId(2)));
    assert_eq!(state.intend(NOON, &one_too_many), Ok(None));
}
