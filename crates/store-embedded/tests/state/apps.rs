//! Apps: the first shape stands.

use baton_store_embedded::state::Change;

use crate::scene::*;

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
