//! The identify budget.

use std::time::Duration;

use baton_model::{
    StoreMillis,
    limits::{IDENTIFY_SPACING, identify_reserve},
};
use baton_store::{SessionStartLimit, Take};
use baton_store_embedded::state::{Change, IdentifyDay, StoreState};
use proptest::prelude::*;

use crate::scene::*;

const SPACING_MILLIS: u64 = 5_280;
const HOUR_MILLIS: u64 = 3_600_000;

fn limit(total: u32, remaining: u32, reset_millis: u64) -> SessionStartLimit {
    SessionStartLimit { total, remaining, reset_after: Duration::from_millis(reset_millis) }
}

fn with_limit(limit: SessionStartLimit) -> StoreState {
    let mut state = empty();
    state.learn_limit(NOON, &app(), limit);
    state
}

fn remaining(state: &StoreState, now: StoreMillis) -> u32 {
    let limit = state.identify_limit(now, &app());
    limit.expect("known").remaining
}

#[test]
fn nothing_is_granted_before_the_limit_is_known() {
    let mut state = empty();
    assert_eq!(state.take_identify(NOON, &app(), 0), Take::Unlearned);
    assert_eq!(state.identify_limit(NOON, &app()), None);
}

#[test]
fn permits_of_one_bucket_are_a_spacing_apart() {
    let mut state = with_limit(limit(1_000, 1_000, HOUR_MILLIS));
    let granted = |remaining| Take::Granted { remaining };
    assert_eq!(state.take_identify(NOON, &app(), 0), granted(999));
    assert_eq!(state.take_identify(NOON, &app(), 1), granted(998), "other bucket");
    let early = state.take_identify(later(SPACING_MILLIS - 1), &app(), 0);
    assert_eq!(early, Take::Wait(Duration::from_millis(1)));
    assert_eq!(remaining(&state, NOON), 998, "waiting costs nothing");
    let due = state.take_identify(later(SPACING_MILLIS), &app(), 0);
    assert_eq!(due, granted(997));
}

#[test]
fn the_reserve_is_never_granted() {
    let mut state = with_limit(limit(1_000, 101, HOUR_MILLIS));
    let last = state.take_identify(NOON, &app(), 0);
    assert_eq!(last, Take::Granted { remaining: 100 });
    let exhausted = Take::Exhausted { reset_after: Duration::from_millis(HOUR_MILLIS) };
    assert_eq!(state.take_identify(NOON, &app(), 1), exhausted);
    assert_eq!(state.take_identify(NOON, &app(), 0), exhausted, "not: wait");
}

#[test]
fn a_clock_that_ran_back_delays_by_one_spacing_only() {
    let mut state = with_limit(limit(1_000, 1_000, 100 * HOUR_MILLIS));
    state.take_identify(later(HOUR_MILLIS), &app(), 0);
    assert_eq!(state.take_identify(NOON, &app(), 0), Take::Wait(IDENTIFY_SPACING));
    let due = state.take_identify(later(SPACING_MILLIS), &app(), 0);
    assert!(matches!(due, Take::Granted { .. }), "{due:?}");
}

#[test]
fn a_new_day_gives_all_back() {
    let mut state = with_limit(limit(1_000, 100, 10));
    let last_moment = state.take_identify(later(9), &app(), 0);
    assert!(matches!(last_moment, Take::Exhausted { .. }));
    assert_eq!(remaining(&state, later(10)), 1_000);
    let next_day = state.take_identify(later(10), &app(), 0);
    assert_eq!(next_day, Take::Granted { remaining: 999 });
    let told = state.identify_limit(later(10), &app()).unwrap();
    assert_eq!(told.reset_after, Duration::from_secs(86_400));
}

#[test]
fn a_window_that_is_over_has_no_time_left() {
    let state = with_limit(limit(1_000, 0, 10));
    let told = state.identify_limit(later(3 * 24 * HOUR_MILLIS), &app());
    assert_eq!(told, Some(limit(1_000, 1_000, 0)));
}

#[test]
fn a_clock_that_ran_back_makes_no_day_longer_than_a_day() {
    let mut state = with_limit(limit(1_000, 100, HOUR_MILLIS));
    let exhausted = state.take_identify(StoreMillis(5), &app(), 0);
    let reset_after = Duration::from_secs(86_400);
    assert_eq!(exhausted, Take::Exhausted { reset_after });
}

#[test]
fn within_one_window_the_lower_remainder_stands() {
    let mut state = with_limit(limit(1_000, 500, HOUR_MILLIS));
    state.learn_limit(later(1_000), &app(), limit(1_000, 900, HOUR_MILLIS));
    assert_eq!(remaining(&state, later(1_000)), 500);
    state.learn_limit(later(1_000), &app(), limit(2_000, 400, HOUR_MILLIS));
    let told = state.identify_limit(later(1_000), &app());
    assert_eq!(told, Some(limit(2_000, 400, HOUR_MILLIS)));
}

#[test]
fn a_window_is_known_by_when_it_ends() {
    let mut state = with_limit(limit(1_000, 500, HOUR_MILLIS));
    let a_minute_later = limit(1_000, 900, HOUR_MILLIS + 60_000);
    state.learn_limit(NOON, &app(), a_minute_later);
    assert_eq!(remaining(&state, NOON), 500, "the same");
    let still_later = limit(1_000, 900, HOUR_MILLIS + 120_001);
    state.learn_limit(NOON, &app(), still_later);
    assert_eq!(remaining(&state, NOON), 900, "a new one");
}

#[test]
fn what_is_told_after_a_windows_end_is_of_the_next() {
    let mut state = with_limit(limit(1_000, 500, 10));
    state.learn_limit(later(10), &app(), limit(1_000, 900, 20));
    assert_eq!(remaining(&state, later(10)), 900);
}

proptest! {
    /// Whatever happens, the clock running back included, what was granted within a window never
    /// reaches into the reserve, and a bucket's permits keep their distance while the clock grows.
    #[test]
    fn the_limit_holds_under_any_order_of_calls(
        total in 60_u32..200,
        calls in proptest::collection::vec((0_u32..3, 0_u64..8_000), 1..200),
    ) {
        let mut state = with_limit(limit(total, total, 100 * HOUR_MILLIS));
        let (mut now, mut granted, mut last) = (NOON, 0, [None; 3]);
        for (bucket, step) in calls {
            now = StoreMillis(now.0 + step);
            if let Take::Granted { remaining } = state.take_identify(now, &app(), bucket) {
                granted += 1;
                prop_assert_eq!(remaining, total - granted);
                prop_assert!(remaining >= identify_reserve(total));
                let last = &mut last[usize::try_from(bucket).unwrap()];
                let before: Option<StoreMillis> = last.replace(now);
                prop_assert!(before.is_none_or(|at| now.0 - at.0 >= SPACING_MILLIS));
            }
        }
    }
}

#[test]
fn a_permit_is_two_changes_of_one_operation() {
    let mut state = with_limit(limit(1_000, 1_000, HOUR_MILLIS));
    state.take_changes();
    state.take_identify(NOON, &app(), 4);
    let day = IdentifyDay { total: 1_000, remaining: 999, reset_at: later(HOUR_MILLIS) };
    let expected =
        [Change::IdentifyDay(app(), day), Change::IdentifyBucket(app(), 4, later(SPACING_MILLIS))];
    assert_eq!(state.take_changes(), expected);
}
