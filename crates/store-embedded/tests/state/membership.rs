//! Membership: beats and what a poll shows.

use std::{collections::BTreeSet, num::NonZeroU16, sync::Arc};

use baton_model::{
    Beat, Capacity, DataSetId, InstanceRecord, Phase, Presence, PrimaryId, StoreMillis, Tier,
    Version, Weight,
};
use baton_store::BeatError;
use baton_store_embedded::state::Vantage;

use crate::scene::*;

fn record(phase: Phase) -> InstanceRecord {
    InstanceRecord {
        phase,
        tier: Tier(0),
        zone: "a".parse().expect("a name"),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(10),
        version: Version::default(),
        joined_at: StoreMillis(1),
        stalled: BTreeSet::new(),
    }
}

fn vantage() -> Vantage {
    Vantage { primary: PrimaryId(Arc::from("p")), present: BTreeSet::from([BERT]) }
}

#[test]
fn a_beat_returns_the_stores_clock_and_must_grow() {
    let mut state = empty();
    let up = record(Phase::Up);
    assert_eq!(state.beat(NOON, ANNA, Beat(2), &up), Ok(NOON));
    assert_eq!(state.beat(later(1), ANNA, Beat(3), &up), Ok(later(1)));
    for behind in [1, 2] {
        let refused = state.beat(NOON, ANNA, Beat(behind), &up);
        assert_eq!(refused, Err(BeatError::Duplicate(Beat(3))));
    }
}

#[test]
fn the_same_beat_is_a_repetition_only_with_the_same_record() {
    let mut state = empty();
    state.beat(NOON, ANNA, Beat(2), &record(Phase::Up)).unwrap();
    state.take_changes();
    let again = state.beat(later(1), ANNA, Beat(2), &record(Phase::Up));
    assert_eq!(again, Ok(later(1)));
    let other = state.beat(later(1), ANNA, Beat(2), &record(Phase::Draining));
    assert_eq!(other, Err(BeatError::Duplicate(Beat(2))));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn a_poll_shows_everybody_by_id_and_who_is_present() {
    let mut state = empty();
    state.beat(NOON, BERT, Beat(7), &record(Phase::Up)).unwrap();
    state.beat(NOON, ANNA, Beat(1), &record(Phase::Joining)).unwrap();
    let poll = state.poll(later(3), vantage());
    assert_eq!(poll.now, later(3));
    let seen: Vec<_> = poll
        .members
        .iter()
        .map(|member| (member.id, member.beat, member.record.phase, member.presence))
        .collect();
    let expected = [
        (ANNA, Beat(1), Phase::Joining, Presence::Absent),
        (BERT, Beat(7), Phase::Up, Presence::Subscribed),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_poll_shows_the_planner_and_which_data_it_came_from() {
    let mut state = empty();
    assert_eq!(state.poll(NOON, vantage()).identity.data_set, None);
    state.ensure_data_set(DataSetId(5));
    let expected = baton_model::Expected::NEVER_LEASED;
    let grant = state.claim_planner(NOON, expected, ANNA).unwrap();
    let poll = state.poll(NOON, vantage());
    assert_eq!(poll.identity.data_set, Some(DataSetId(5)));
    assert_eq!(poll.identity.primary, vantage().primary);
    assert_eq!(poll.planner.unwrap().epoch, grant.epoch);
}

#[test]
fn whoever_is_forgotten_is_gone_and_may_come_back() {
    let mut state = empty();
    state.beat(NOON, ANNA, Beat(9), &record(Phase::Up)).unwrap();
    state.forget(ANNA, Beat(9));
    assert_eq!(state.poll(NOON, vantage()).members, []);
    state.take_changes();
    state.forget(ANNA, Beat(9));
    assert_eq!(state.take_changes(), []);
    assert!(state.beat(NOON, ANNA, Beat(1), &record(Phase::Up)).is_ok());
}

#[test]
fn whoever_has_beaten_since_is_not_forgotten() {
    let mut state = empty();
    state.beat(NOON, ANNA, Beat(9), &record(Phase::Up)).unwrap();
    state.forget(ANNA, Beat(8));
    state.forget(ANNA, Beat(10));
    assert_eq!(state.poll(NOON, vantage()).members.len(), 1);
}

#[test]
fn the_first_identity_of_a_data_set_stays() {
    let mut state = empty();
    assert_eq!(state.ensure_data_set(DataSetId(5)), DataSetId(5));
    state.take_changes();
    assert_eq!(state.ensure_data_set(DataSetId(6)), DataSetId(5));
    assert_eq!(state.take_changes(), []);
}
