//! Giving back to a group what it has given up on.

use baton_store::{GroupAddress, REDELIVERED_UNTOUCHED, REDELIVERER, Redelivery, StreamId};
use baton_store_embedded::state::{
    Claim, GroupName, GroupPlace, LaneAddress, NewId, Pending, Reader, Record, StoreState,
    StreamName,
};
use bytes::Bytes;

use crate::scene::*;

const NAME: &str = "workers";

fn address(app: &baton_model::AppName) -> GroupAddress<'_> {
    GroupAddress { app, lane: LANE, name: NAME }
}

fn group() -> GroupName {
    let stream = StreamName::Events(LaneAddress { app: app(), lane: LANE });
    GroupName { stream, group: Bytes::from_static(NAME.as_bytes()) }
}

/// Four entries, and a group that has read none of them.
fn read_by_workers() -> (StoreState, Vec<StreamId>) {
    let (mut state, _, _) = at_seq_3();
    let place = GroupPlace { last_delivered: StreamId::START, entries_read: None };
    state.place_group(&group(), place);
    let entries = state.entries(&app(), LANE, StreamId::START, 9);
    (state, entries.into_iter().map(|(id, _)| id).collect())
}

fn bury(state: &mut StoreState, fields: &[(&str, &str)]) -> StreamId {
    let letters = StreamName::dead_letters(&app(), LANE, NAME);
    let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    state.add_record(NOON, &letters, NewId::Now, Record::copied(fields)).expect("added")
}

fn letters(state: &StoreState) -> Vec<StreamId> {
    let letters = state.dead_letters(address(&app()), StreamId::START, 9);
    letters.into_iter().map(|letter| letter.id).collect()
}

#[test]
fn a_delivery_is_pending_again_as_one_that_nobody_has_been_at_for_a_day() {
    let (mut state, ids) = read_by_workers();
    let letter = bury(&mut state, &[("error", "no"), ("id", &ids[1].to_string())]);
    let app = app();
    assert_eq!(state.redeliver(NOON, address(&app), letter), Redelivery::Pending);
    let at = baton_model::StoreMillis(NOON.0 - baton_model::whole_millis(REDELIVERED_UNTOUCHED));
    let consumer = Bytes::from_static(REDELIVERER.as_bytes());
    let pending = Pending { consumer, at, deliveries: 0 };
    let stored: Vec<_> =
        state.group(&group()).expect("a group").pending.clone().into_iter().collect();
    assert_eq!(stored, [(ids[1], pending)]);
    assert_eq!(letters(&state), []);
    assert_eq!(state.redeliver(NOON, address(&app), letter), Redelivery::NoLetter);
}

#[test]
fn whoever_takes_over_what_the_dead_have_left_finds_it() {
    let (mut state, ids) = read_by_workers();
    let letter = bury(&mut state, &[("id", &ids[2].to_string())]);
    state.redeliver(NOON, address(&app()), letter);
    let reader = Reader { group: group(), consumer: Bytes::from_static(b"one") };
    let claim = Claim {
        idle: REDELIVERED_UNTOUCHED,
        at: NOON,
        deliveries: None,
        counts: true,
        force: false,
    };
    let claimed = state.claim_next(NOON, &reader, (StreamId::START, 9), claim);
    assert_eq!(claimed.taken.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[2]]);
    assert_eq!(state.group(&group()).expect("a group").pending[&ids[2]].deliveries, 1);
}

#[test]
fn the_first_field_that_names_an_entry_counts() {
    let (mut state, ids) = read_by_workers();
    let letter = bury(&mut state, &[("id", "?"), ("id", &ids[0].to_string()), ("id", "1-1")]);
    assert_eq!(state.redeliver(NOON, address(&app()), letter), Redelivery::Pending);
}

#[test]
fn what_cannot_be_given_back_stays_a_dead_letter() {
    let (mut state, ids) = read_by_workers();
    let gone = StreamId { millis: 1, number: 1 };
    let unnamed = bury(&mut state, &[("of", &ids[0].to_string()), ("id", "1")]);
    let trimmed = bury(&mut state, &[("id", &gone.to_string())]);
    let whole = bury(&mut state, &[("id", &ids[0].to_string())]);
    let app = app();
    assert_eq!(state.redeliver(NOON, address(&app), unnamed), Redelivery::NamesNoEntry);
    assert_eq!(state.redeliver(NOON, address(&app), trimmed), Redelivery::EntryGone(gone));
    state.remove_group(&group());
    assert_eq!(state.redeliver(NOON, address(&app), whole), Redelivery::NoGroup);
    assert_eq!(letters(&state), [unnamed, trimmed, whole]);
}
