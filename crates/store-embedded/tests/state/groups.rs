//! Consumer groups: what is delivered, what is pending, what holds a trim back.

use std::time::Duration;

use baton_model::{
    Marker, StoreMillis,
    limits::{GROUP_ALIVE, RING_KEEP},
};
use baton_store::{EntryBody, StreamId, Trim, Trimmed};
use baton_store_embedded::state::{
    GroupName, GroupPlace, Handing, LaneAddress, Reader, Retention, StoreState, StreamName,
};
use bytes::Bytes;

use crate::scene::*;

const NO_LIMIT: Trim = Trim {
    min_age: Duration::ZERO,
    entries_max: u64::MAX,
    bytes_max: u64::MAX,
    live_within: GROUP_ALIVE,
};

/// When everything may go that was written at noon.
fn afternoon() -> StoreMillis {
    NOON.after(RING_KEEP).after(Duration::from_secs(60))
}

fn reader(group: &'static str) -> Reader {
    let stream = StreamName::Events(LaneAddress { app: app(), lane: LANE });
    let group = GroupName { stream, group: Bytes::from_static(group.as_bytes()) };
    Reader { group, consumer: Bytes::from_static(b"one") }
}

fn begin(state: &mut StoreState, group: &'static str) -> Reader {
    let reader = reader(group);
    let place = GroupPlace { last_delivered: StreamId::START, entries_read: None };
    state.place_group(&reader.group, place);
    reader
}

fn read(state: &mut StoreState, reader: &Reader, count: usize) -> Vec<StreamId> {
    state.hear_of(NOON, reader);
    let read = state.read_new(NOON, reader, count, Handing::UntilAcknowledged);
    read.into_iter().map(|(id, _)| id).collect()
}

/// A marker and nineteen dispatches at noon.
fn twenty_entries() -> StoreState {
    let (mut state, hold) = owned_by_anna();
    let session = state.begin_session(NOON, &hold, &new_session("one")).expect("begun");
    append(&mut state, &hold, session, 0, &(1..=19).collect::<Vec<_>>()).expect("appended");
    state
}

fn trim(state: &mut StoreState, trim: Trim) -> (u64, u64, u64) {
    let Trimmed { removed, unread, length, .. } = state.trim(afternoon(), &app(), LANE, &trim);
    (removed, unread, length)
}

#[test]
fn what_every_living_group_has_acknowledged_goes() {
    let mut state = twenty_entries();
    for fast in ["fast", "swift"] {
        let fast = begin(&mut state, fast);
        let ids = read(&mut state, &fast, 20);
        assert_eq!(state.acknowledge(&fast.group, &ids), 20);
    }
    let slow = begin(&mut state, "slow");
    let ids = read(&mut state, &slow, 15);
    assert_eq!(trim(&mut state, NO_LIMIT), (0, 0, 20), "slow has acknowledged nothing");
    state.acknowledge(&slow.group, &[&ids[..6], &ids[7..]].concat());
    assert_eq!(trim(&mut state, NO_LIMIT), (6, 0, 14));
    assert_eq!(state.lane(NOON, &app(), LANE).first, Some(ids[6]), "its oldest is pending");
    state.acknowledge(&slow.group, &[ids[6]]);
    assert_eq!(trim(&mut state, NO_LIMIT), (9, 0, 5), "up to what it was given last");
}

#[test]
fn a_group_that_was_not_heard_of_for_long_holds_nothing_back() {
    let mut state = twenty_entries();
    begin(&mut state, "never read");
    let dead = begin(&mut state, "dead");
    read(&mut state, &dead, 3);
    let since = Duration::from_millis(afternoon().0 - NOON.0);
    let at_the_edge = Trim { live_within: since, ..NO_LIMIT };
    assert_eq!(trim(&mut state, at_the_edge), (0, 0, 20));
    let behind_it = Trim { live_within: since - Duration::from_millis(1), ..NO_LIMIT };
    assert_eq!(trim(&mut state, behind_it), (19, 0, 1));
}

#[test]
fn above_a_limit_the_oldest_go_and_a_marker_tells_of_the_unread() {
    let mut state = twenty_entries();
    let slow = begin(&mut state, "slow");
    let ids = read(&mut state, &slow, 12);
    state.acknowledge(&slow.group, &ids[..4]);
    let young = Trim { min_age: Duration::MAX, ..NO_LIMIT };
    assert_eq!(trim(&mut state, Trim { entries_max: 17, ..young }), (3, 0, 17), "those were read");
    assert_eq!(trim(&mut state, Trim { entries_max: 12, ..young }), (5, 4, 13));
    let left = state.entries(&app(), LANE, StreamId::START, 99);
    let EntryBody::Marker { marker, .. } = &left[12].1.body else { panic!("{:?}", left[12]) };
    assert_eq!(*marker, Marker::Trimmed { before: left[0].0, entries: 4 });
    assert_eq!(left[0].0, ids[8]);
}

#[test]
fn a_delivery_whose_entry_is_gone_holds_nothing_back() {
    let mut state = twenty_entries();
    let slow = begin(&mut state, "slow");
    let ids = read(&mut state, &slow, 20);
    assert_eq!(trim(&mut state, Trim { entries_max: 15, ..NO_LIMIT }), (5, 5, 16));
    // Nobody claims the first five, which are pending for ever.
    state.acknowledge(&slow.group, &ids[5..]);
    assert_eq!(trim(&mut state, NO_LIMIT), (15, 0, 1));
}

#[test]
fn the_stores_own_limit_tells_of_the_unread_too() {
    let mut state = StoreState::new(Retention { items_max: 16, bytes_max: usize::MAX });
    let grant = claim(&mut state, ANNA);
    let hold = hold(ANNA, grant.epoch);
    let session = state.begin_session(NOON, &hold, &new_session("one")).expect("begun");
    let slow = begin(&mut state, "slow");
    let ids = read(&mut state, &slow, 1);
    state.acknowledge(&slow.group, &ids);
    append(&mut state, &hold, session, 0, &(1..=16).collect::<Vec<_>>()).expect("appended");
    let left = state.entries(&app(), LANE, StreamId::START, 99);
    let markers: Vec<_> = left
        .iter()
        .filter_map(|(_, entry)| match entry.body {
            EntryBody::Marker { marker: Marker::Trimmed { before, entries }, .. } => {
                Some((before, entries))
            }
            EntryBody::Marker { .. } | EntryBody::Dispatch(_) => None,
        })
        .collect();
    assert_eq!(markers, [(left[0].0, 2)], "three went, of which one was acknowledged");
}

#[test]
fn a_consumer_that_asks_in_vain_is_heard_of() {
    let mut state = twenty_entries();
    let reader = begin(&mut state, "workers");
    read(&mut state, &reader, 99);
    state.take_changes();
    assert!(!state.hear_of(later(1), &reader), "it is known");
    assert_eq!(state.take_changes().len(), 1, "and after a restart it will have been heard of");
    let seen = state.lane(later(3), &app(), LANE);
    assert_eq!(seen.groups[0].consumers[0].idle, Duration::from_millis(2));
}
