//! Events: who may append what, and what a reader sees.

use baton_model::{Epoch, Lane, RowSession, Seq, SessionNumber, StoreMillis};
use baton_store::{Append, AppendError, StreamId};
use baton_store_embedded::state::{Retention, StoreState};

use crate::scene::*;

#[test]
fn entries_stand_in_order_with_shard_session_and_epoch_of_the_row() {
    let (state, hold, session) = at_seq_3();
    let expected = [(session, 1), (session, 2), (session, 3)];
    assert_eq!(dispatches(&state), expected);
    for entry in entries(&state) {
        assert_eq!((entry.shard, entry.epoch), (shard(0).shard.number, hold.epoch));
    }
}

#[test]
fn an_append_needs_equal_owner_and_equal_epoch() {
    let (mut state, hold, session) = at_seq_3();
    for (wrong, refusal) in [
        (self::hold(BERT, hold.epoch), AppendError::Fenced),
        (self::hold(ANNA, Epoch(hold.epoch.0 - 1)), AppendError::Fenced),
        (self::hold(ANNA, Epoch(hold.epoch.0 + 1)), AppendError::Forgotten),
    ] {
        let refused = append(&mut state, &wrong, session, 3, &[4]);
        assert_eq!(refused, Err(refusal), "{wrong:?}");
    }
    let missing = append(&mut empty(), &hold, session, 3, &[4]);
    assert_eq!(missing, Err(AppendError::Forgotten));
}

#[test]
fn nobody_appends_while_the_row_is_on_offer_or_free() {
    let (mut state, hold, session) = at_seq_3();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    let refused = append(&mut state, &hold, session, 3, &[4]);
    assert_eq!(refused, Err(AppendError::Fenced));
    state.retract(&hold, FIRST_OFFER).unwrap();
    assert_eq!(append(&mut state, &hold, session, 3, &[4]), Ok(Seq(4)));
    state.release(&hold).unwrap();
    let refused = append(&mut state, &hold, session, 4, &[5]);
    assert_eq!(refused, Err(AppendError::Fenced));
}

#[test]
fn an_append_for_another_session_is_told_the_current_one() {
    let (mut state, hold, session) = at_seq_3();
    let other = SessionNumber(session.0 + 1);
    let refused = append(&mut state, &hold, other, 3, &[4]);
    let current = RowSession { number: session, last_seq: Seq(3) };
    assert_eq!(refused, Err(AppendError::OtherSession(Some(current))));
    let (mut state, hold) = owned_by_anna();
    let refused = append(&mut state, &hold, session, 0, &[1]);
    assert_eq!(refused, Err(AppendError::OtherSession(None)));
}

#[test]
fn an_append_beyond_the_streams_end_is_a_gap() {
    let (mut state, hold, session) = at_seq_3();
    let refused = append(&mut state, &hold, session, 4, &[5]);
    assert_eq!(refused, Err(AppendError::Gap(Seq(3))));
    assert_eq!(state.take_changes(), [], "nothing of it was written");
}

#[test]
fn fenced_comes_before_other_session_and_that_before_gap() {
    let (mut state, hold, session) = at_seq_3();
    let other = SessionNumber(session.0 + 1);
    let fenced = append(&mut state, &self::hold(BERT, hold.epoch), other, 9, &[10]);
    assert_eq!(fenced, Err(AppendError::Fenced));
    let elsewhere = append(&mut state, &hold, other, 9, &[10]);
    let current = RowSession { number: session, last_seq: Seq(3) };
    assert_eq!(elsewhere, Err(AppendError::OtherSession(Some(current))));
}

#[test]
fn what_the_stream_holds_already_is_skipped() {
    let (mut state, hold, session) = at_seq_3();
    assert_eq!(append(&mut state, &hold, session, 1, &[2, 3, 4]), Ok(Seq(4)));
    let seqs: Vec<u64> = dispatches(&state).into_iter().map(|(_, seq)| seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    state.take_changes();
    assert_eq!(append(&mut state, &hold, session, 1, &[2, 3]), Ok(Seq(4)));
    assert_eq!(state.take_changes(), [], "the mark does not go back");
}

#[test]
fn an_append_without_entries_moves_the_mark() {
    let (mut state, hold, session) = at_seq_3();
    let filtered =
        Append { hold: hold.clone(), session, prev: Seq(3), entries: Vec::new(), last: Seq(9) };
    assert_eq!(state.append(NOON, &filtered), Ok(Seq(9)));
    assert_eq!(append(&mut state, &hold, session, 9, &[11]), Ok(Seq(11)));
    assert_eq!(dispatches(&state).last(), Some(&(session, 11)));
}

#[test]
fn a_reader_gets_what_is_behind_a_place_oldest_first() {
    let (state, _, _) = at_seq_3();
    let all = state.entries(&app(), LANE, StreamId::START, 99);
    assert_eq!(all.len(), 4);
    let two = state.entries(&app(), LANE, all[0].0, 2);
    assert_eq!(two, all[1..3]);
    assert_eq!(state.entries(&app(), LANE, all[3].0, 2), []);
    assert_eq!(state.entries(&app(), Lane(1), StreamId::START, 2), []);
}

#[test]
fn ids_grow_although_the_clock_runs_back() {
    let (mut state, hold, session) = at_seq_3();
    let earlier = Append {
        hold,
        session,
        prev: Seq(3),
        entries: vec![dispatch(4), dispatch(5)],
        last: Seq(5),
    };
    state.append(StoreMillis(1), &earlier).unwrap();
    let all = state.entries(&app(), LANE, StreamId::START, 99);
    assert!(all.is_sorted_by(|(a, _), (b, _)| a < b), "{all:?}");
    assert_eq!(all[4].0.millis, NOON.0);
}

#[test]
fn ids_are_the_stores_time_and_a_number() {
    let (state, _, _) = at_seq_3();
    let all = state.entries(&app(), LANE, StreamId::START, 99);
    let ids: Vec<_> = all.iter().map(|(id, _)| (id.millis, id.number)).collect();
    assert_eq!(ids, [0, 1, 2, 3].map(|number| (NOON.0, number)));
}

fn with_retention(items_max: usize, bytes_max: usize) -> StoreState {
    let mut state = StoreState::new(Retention { items_max, bytes_max });
    let hold = hold(ANNA, claim(&mut state, ANNA).epoch);
    let session = state.begin_session(NOON, &hold, &new_session("one"));
    let session = session.expect("begun");
    for seq in 1..=100 {
        append(&mut state, &hold, session, seq - 1, &[seq]).expect("appended");
    }
    state
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let kept = dispatches(&with_retention(16, usize::MAX));
    assert!((14..=16).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().unwrap().1, 100);
}

#[test]
fn the_oldest_go_when_they_are_too_large() {
    let kept = dispatches(&with_retention(usize::MAX, 2_000));
    assert!((8..=16).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().unwrap().1, 100);
}

#[test]
fn the_last_entry_stays_however_large_it_is() {
    assert_eq!(dispatches(&with_retention(usize::MAX, 1)).len(), 1);
}
