//! Transfer: what it changes, and that it does so once.

use baton_model::Epoch;
use baton_store::{RestoreError, RestoredLane, RestoredRow, StreamId};
use baton_store_embedded::state::{Change, LaneAddress, StreamName};

use crate::scene::*;

#[test]
fn only_rows_that_are_missing_are_written() {
    let mut state = empty();
    let row = |number| RestoredRow { shard: shard(number).shard, epoch: Epoch(5), session: None };
    let lane = |rows| RestoredLane { app: app(), lane: shard(0).lane, rows, groups: Vec::new() };
    state.restore_lane(&lane(vec![row(0)])).expect("restored");
    assert_eq!(state.take_changes().len(), 1);
    state.restore_lane(&lane(vec![row(0), row(1)])).expect("what was cut off is finished");
    let changes = state.take_changes();
    assert!(
        matches!(changes.as_slice(), [Change::Row(address, _)] if *address == shard(1)),
        "{changes:?}"
    );
    let other = RestoredRow { epoch: Epoch(6), ..row(1) };
    let refused = state.restore_lane(&lane(vec![row(2), other]));
    assert_eq!(refused, Err(RestoreError::RowThere(shard(1).shard)));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn apps_are_restored_where_there_are_none() {
    let mut state = empty();
    let apps = [(app(), shape(2))];
    assert_eq!(state.restore_apps(&apps), Ok(()));
    assert_eq!(state.take_changes(), [Change::App(app(), shape(2))]);
    assert_eq!(state.restore_apps(&apps), Ok(()), "the answer was lost");
    assert_eq!(state.restore_apps(&[]), Err(RestoreError::AppsThere));
    assert_eq!(state.restore_apps(&[(app(), shape(3))]), Err(RestoreError::AppsThere));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn groups_are_restored_to_read_from_the_beginning_and_once() {
    let (mut state, lane) = (empty(), LaneAddress { app: app(), lane: LANE });
    let groups = vec!["workers".to_owned(), "archive".to_owned()];
    let restored = RestoredLane { app: app(), lane: LANE, rows: Vec::new(), groups };
    state.restore_lane(&restored).expect("restored");
    assert_eq!(state.take_changes().len(), 3, "a stream and two groups");
    let stream = StreamName::Events(lane);
    let names: Vec<_> = state.groups_of(&stream).map(|(name, _)| name.clone()).collect();
    assert_eq!(names, ["archive", "workers"]);
    for (_, group) in state.groups_of(&stream) {
        assert_eq!(group.place.last_delivered, StreamId::START);
    }
    state.restore_lane(&restored).expect("the answer was lost");
    assert_eq!(state.take_changes(), []);
}
