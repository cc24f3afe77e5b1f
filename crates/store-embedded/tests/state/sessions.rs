//! Sessions: new ones, and what a holder writes back after the store has lost something.

use baton_model::{
    Epoch, Holding, Marker, RowSession, Seq, SessionId, SessionNumber, SessionRow, SessionStart,
    UnixMicros,
};
use baton_store::{BeginError, Entry, EntryBody, HoldError, NewSession};
use baton_store_embedded::state::StoreState;

use crate::scene::*;

fn session_row(state: &StoreState) -> Option<SessionRow> {
    let row = state.rows(&[shard(0)]).remove(0);
    row.expect("a row").session
}

fn remembered(number: SessionNumber, last_seq: u64) -> SessionRow {
    SessionRow { number, id: SessionId::new("one"), resume_url: None, last_seq: Seq(last_seq) }
}

fn last_marker(state: &StoreState) -> (SessionNumber, Epoch, EntryBody) {
    let last = entries(state).pop().expect("an entry");
    (last.session, last.epoch, last.body)
}

#[test]
fn a_new_session_starts_with_its_marker_and_nothing_in_the_stream() {
    let (mut state, hold) = owned_by_anna();
    let number = state.begin_session(later(5), &hold, &new_session("one"));
    assert_eq!(number, Ok(SessionNumber(NOON.0 + 5)));
    let expected = SessionRow {
        number: SessionNumber(NOON.0 + 5),
        id: SessionId::new("one"),
        resume_url: Some(url()),
        last_seq: Seq(0),
    };
    assert_eq!(session_row(&state), Some(expected));
    let marker = EntryBody::Marker {
        seq: Seq(0),
        at: UnixMicros(7),
        marker: Marker::SessionStarted { start: SessionStart::First, previous: None },
    };
    let written = (SessionNumber(NOON.0 + 5), hold.epoch, marker);
    assert_eq!(last_marker(&state), written);
}

fn ended(number: SessionNumber, seq: u64) -> Option<RowSession> {
    Some(RowSession { number, last_seq: Seq(seq) })
}

#[test]
fn the_marker_names_the_session_before_and_how_far_it_got() {
    let (mut state, hold, before) = at_seq_3();
    let new = NewSession {
        start: SessionStart::Invalidated,
        previous: ended(before, 3),
        ..new_session("two")
    };
    let number = state.begin_session(NOON, &hold, &new).unwrap();
    assert_eq!(number, SessionNumber(before.0 + 1), "the clock stood still");
    let (session, _, body) = last_marker(&state);
    let EntryBody::Marker { marker, seq, .. } = body else { panic!("no marker: {body:?}") };
    let expected = Marker::SessionStarted {
        start: SessionStart::Invalidated,
        previous: Some((before, Seq(3))),
    };
    assert_eq!((session, seq, marker), (number, Seq(0), expected));
}

#[test]
fn beginning_the_current_session_again_writes_nothing() {
    let (mut state, hold, number) = at_seq_3();
    let again = state.begin_session(later(99), &hold, &new_session("one"));
    assert_eq!(again, Ok(number));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn a_session_follows_only_the_one_that_the_row_holds_up_to_its_end() {
    let (mut state, hold, before) = at_seq_3();
    let end = ended(before, 3);
    for previous in
        [None, ended(before, 2), ended(before, 4), ended(SessionNumber(before.0 - 1), 3)]
    {
        let new = NewSession { previous, ..new_session("two") };
        let refused = state.begin_session(NOON, &hold, &new);
        assert_eq!(refused, Err(BeginError::OtherPrevious(end)));
    }
    assert_eq!(state.take_changes(), []);
    let (mut state, hold) = owned_by_anna();
    let new = NewSession { previous: end, ..new_session("two") };
    let refused = state.begin_session(NOON, &hold, &new);
    assert_eq!(refused, Err(BeginError::OtherPrevious(None)));
}

#[test]
fn only_the_owner_begins_sessions() {
    let (mut state, hold) = owned_by_anna();
    let wrong = self::hold(BERT, hold.epoch);
    let refused = state.begin_session(NOON, &wrong, &new_session("one"));
    assert!(matches!(refused, Err(BeginError::Fenced(_))));
    let forgotten = self::hold(ANNA, Epoch(hold.epoch.0 + 1));
    let refused = state.begin_session(NOON, &forgotten, &new_session("one"));
    assert_eq!(refused, Err(BeginError::Forgotten));
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    let refused = state.begin_session(NOON, &hold, &new_session("one"));
    assert!(matches!(refused, Err(BeginError::Fenced(_))), "on offer");
    assert_eq!(entries(&state), []);
}

#[test]
fn a_wiped_store_gets_its_row_back_and_a_marker() {
    let mut state = empty();
    let told = remembered(SessionNumber(77), 41);
    let hold = hold(ANNA, Epoch(500));
    let row = state.reassert(NOON, &hold, Some(&told)).unwrap();
    assert_eq!(row.epoch, Epoch(500));
    assert_eq!(row.holding, Holding::Owned { owner: ANNA });
    assert_eq!(row.session, Some(told));
    assert_eq!(state.rows(&[shard(0)]), [Some(row)]);
    let marker = EntryBody::Marker {
        seq: Seq(41),
        at: UnixMicros(NOON.0 * 1_000),
        marker: Marker::StreamLost { upto: Seq(41) },
    };
    let written = (SessionNumber(77), Epoch(500), marker);
    assert_eq!(last_marker(&state), written);
    assert_eq!(entries(&state).len(), 1);
}

#[test]
fn a_row_without_a_session_is_reasserted_without_a_marker() {
    let mut state = empty();
    let row = state.reassert(NOON, &hold(ANNA, Epoch(5)), None).unwrap();
    assert_eq!(row.session, None);
    assert_eq!(entries(&state), []);
}

#[test]
fn a_later_epoch_prevails_whoever_comes_first() {
    let (early, late) = (hold(ANNA, Epoch(5)), hold(BERT, Epoch(6)));
    let mut state = empty();
    state.reassert(NOON, &early, None).unwrap();
    state.reassert(NOON, &late, None).unwrap();
    let refused = state.reassert(NOON, &early, None);
    assert!(matches!(refused, Err(HoldError::Fenced(_))));
    let row = state.rows(&[shard(0)]).remove(0).unwrap();
    assert_eq!(row.holding, Holding::Owned { owner: BERT });
}

#[test]
fn of_two_owners_under_one_epoch_the_store_knows_the_right_one() {
    let (mut state, hold) = owned_by_anna();
    let refused = state.reassert(NOON, &self::hold(BERT, hold.epoch), None);
    assert!(matches!(refused, Err(HoldError::Fenced(_))));
    state.release(&hold).unwrap();
    let refused = state.reassert(NOON, &hold, None);
    assert!(matches!(refused, Err(HoldError::Fenced(_))), "released");
}

#[test]
fn a_session_that_the_store_knows_keeps_the_stores_seq_and_url() {
    let (mut state, hold, number) = at_seq_3();
    let row = state.reassert(NOON, &hold, Some(&remembered(number, 90)));
    let session = row.unwrap().session.unwrap();
    assert_eq!(session.last_seq, Seq(3));
    assert_eq!(session.resume_url, Some(url()));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn a_holder_that_remembers_no_session_leaves_the_stored_one() {
    let (mut state, hold, number) = at_seq_3();
    let row = state.reassert(NOON, &hold, None).unwrap();
    assert_eq!(row.session.unwrap().number, number);
}

#[test]
fn a_later_session_replaces_the_stored_one_and_says_where_that_ended() {
    let (mut state, hold, number) = at_seq_3();
    let told = remembered(SessionNumber(number.0 + 1), 12);
    let row = state.reassert(NOON, &hold, Some(&told)).unwrap();
    assert_eq!(row.session, Some(told));
    let marker = |entry: Entry| match entry.body {
        EntryBody::Marker { seq, marker, .. } => (entry.session, seq, marker),
        EntryBody::Dispatch(_) => panic!("{entry:?}"),
    };
    let told = SessionNumber(number.0 + 1);
    let previous = Some((number, Seq(3)));
    let started = Marker::SessionStarted { start: SessionStart::Invalidated, previous };
    let lost = Marker::StreamLost { upto: Seq(12) };
    let markers: Vec<_> = entries(&state).into_iter().rev().take(2).map(marker).collect();
    assert_eq!(markers, [(told, Seq(12), lost), (told, Seq(0), started)]);
}

#[test]
fn an_earlier_session_than_the_stored_one_is_fenced() {
    let (mut state, hold, number) = at_seq_3();
    let told = remembered(SessionNumber(number.0 - 1), 12);
    let refused = state.reassert(NOON, &hold, Some(&told));
    assert!(matches!(refused, Err(HoldError::Fenced(_))));
    assert_eq!(state.take_changes(), []);
}
