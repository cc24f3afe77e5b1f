//! Trimming: age and size, and what they never touch.

use std::time::Duration;

use baton_model::{StoreMillis, limits::RING_KEEP};
use baton_store::{Hold, StreamId, Trim, Trimmed};
use baton_store_embedded::state::StoreState;

use crate::scene::*;

const MINUTE: Duration = Duration::from_secs(60);

const NO_LIMIT: Trim = Trim {
    min_age: MINUTE,
    entries_max: u64::MAX,
    bytes_max: u64::MAX,
    live_within: Duration::ZERO,
};

/// A marker and four dispatches at noon.
fn five_entries() -> (StoreState, Hold) {
    let (mut state, hold) = owned_by_anna();
    let session = state.begin_session(NOON, &hold, &new_session("one")).expect("begun");
    append(&mut state, &hold, session, 0, &[1, 2, 3, 4]).expect("appended");
    (state, hold)
}

fn trim(state: &mut StoreState, now: StoreMillis, trim: Trim) -> Trimmed {
    let ahead = state.trimmable(now, &app(), LANE, &trim);
    let trimmed = state.trim(now, &app(), LANE, &trim);
    assert_eq!((ahead.removed, ahead.unread), (trimmed.removed, trimmed.unread), "it was known");
    trimmed
}

/// How many were removed and how many are left.
fn counts(trimmed: Trimmed) -> (u64, u64) {
    assert_eq!(trimmed.unread, 0, "nobody reads here");
    (trimmed.removed, trimmed.length)
}

#[test]
fn what_is_older_than_the_least_age_goes_and_the_last_entry_stays() {
    let (mut state, _) = five_entries();
    let edge = NOON.after(MINUTE);
    assert_eq!(counts(trim(&mut state, edge, NO_LIMIT)), (0, 5));
    let after = StoreMillis(edge.0 + 1);
    assert_eq!(counts(trim(&mut state, after, NO_LIMIT)), (4, 1));
    assert_eq!(counts(trim(&mut state, after, NO_LIMIT)), (0, 1));
    assert_eq!(dispatches(&state).len(), 1);
}

#[test]
fn above_a_limit_the_oldest_go_whatever_their_age_is() {
    let now = NOON.after(RING_KEEP).after(Duration::from_millis(1));
    let (mut state, _) = five_entries();
    let at_most = |entries_max| Trim { entries_max, ..NO_LIMIT };
    assert_eq!(counts(trim(&mut state, now, at_most(5))), (0, 5));
    assert_eq!(counts(trim(&mut state, now, at_most(3))), (2, 3));
    let left = state.entries(&app(), LANE, StreamId::START, 9);
    let trimmed = trim(&mut state, now, at_most(3));
    assert_eq!(trimmed.oldest, Some(left[0].0));

    let bytes_max = trimmed.bytes - 1;
    assert_eq!(counts(trim(&mut state, now, Trim { bytes_max, ..NO_LIMIT })), (1, 2));
    assert_eq!(counts(trim(&mut state, now, Trim { bytes_max: 0, ..NO_LIMIT })), (1, 1));
    assert_eq!(dispatches(&state).len(), 1, "the last stays");
}

#[test]
fn what_a_failover_can_lose_stays_whatever_is_wished() {
    let (mut state, _) = five_entries();
    let everything = Trim { min_age: Duration::ZERO, entries_max: 0, bytes_max: 0, ..NO_LIMIT };
    let edge = NOON.after(RING_KEEP);
    assert_eq!(counts(trim(&mut state, edge, everything)), (0, 5));
    assert_eq!(counts(trim(&mut state, StoreMillis(edge.0 + 1), everything)), (4, 1));
}

#[test]
fn a_lane_without_entries_has_nothing_to_trim() {
    let mut state = empty();
    assert_eq!(trim(&mut state, NOON, NO_LIMIT), Trimmed::default());
    assert_eq!(state.take_changes(), []);
}
