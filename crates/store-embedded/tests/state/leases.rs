//! Leases: claims, offers, releases.

use baton_model::{Epoch, Expected, Holding, InstanceId, OfferId, SessionNumber, StoreMillis};
use baton_store::{AcceptError, ClaimError, Fenced, HoldError};
use baton_store_embedded::state::StoreState;

use crate::scene::*;

const CARL: InstanceId = InstanceId::new(0xc);

fn holding(state: &StoreState) -> Holding {
    let row = state.rows(&[shard(0)]).remove(0);
    row.expect("a row").holding
}

fn fenced(state: &StoreState) -> Result<(), HoldError> {
    let row = state.rows(&[shard(0)]).remove(0);
    Err(HoldError::Fenced(Fenced { row: row.expect("a row") }))
}

#[test]
fn rows_come_in_the_order_asked_for() {
    let (state, hold) = owned_by_anna();
    let rows = state.rows(&[shard(1), shard(0), shard(1)]);
    assert_eq!(rows[0], None);
    assert_eq!(rows[1].as_ref().unwrap().epoch, hold.epoch);
    assert_eq!(rows[2], None);
}

#[test]
fn the_epoch_is_the_stores_time_and_grows_where_that_stands_still() {
    let mut state = empty();
    assert_eq!(claim(&mut state, ANNA).epoch, Epoch(NOON.0));
    assert_eq!(claim(&mut state, BERT).epoch, Epoch(NOON.0 + 1));
    let expected = Expected::unchanged(state.rows(&[shard(0)])[0].as_ref());
    let grant = state.claim(later(9), &shard(0), expected, ANNA).unwrap();
    assert_eq!(grant.epoch, Epoch(NOON.0 + 9));
}

#[test]
fn the_epoch_grows_although_the_clock_ran_back() {
    let mut state = empty();
    let before = claim(&mut state, ANNA).epoch;
    let expected = Expected::unchanged(state.rows(&[shard(0)])[0].as_ref());
    let grant = state.claim(StoreMillis(5), &shard(0), expected, BERT);
    assert_eq!(grant.unwrap().epoch, Epoch(before.0 + 1));
}

#[test]
fn a_store_that_lost_a_grant_does_not_grant_its_number_again() {
    let mut state = empty();
    let mut before_the_grant = state.clone();
    let lost = claim(&mut state, ANNA).epoch;
    let again = before_the_grant.claim(later(1), &shard(0), Expected::NEVER_LEASED, BERT);
    assert!(again.unwrap().epoch > lost);
}

#[test]
fn of_two_claims_over_the_same_row_the_first_wins() {
    let (mut state, hold) = owned_by_anna();
    let seen = Expected { holder: Some(ANNA), epoch: hold.epoch };
    let bert = state.claim(NOON, &shard(0), seen, BERT).unwrap();
    let lost = state.claim(NOON, &shard(0), seen, CARL);
    assert!(
        matches!(&lost, Err(ClaimError::Lost(Some(row))) if row.epoch == bert.epoch),
        "{lost:?}"
    );
    let never = state.claim(NOON, &shard(0), Expected::NEVER_LEASED, CARL);
    assert!(matches!(never, Err(ClaimError::Lost(Some(_)))));
    let forgotten = empty().claim(NOON, &shard(0), seen, CARL);
    assert_eq!(forgotten, Err(ClaimError::Lost(None)));
}

#[test]
fn a_claim_compares_the_holder_and_not_the_epoch_alone() {
    let (mut state, hold) = owned_by_anna();
    let seen = Expected::unchanged(state.rows(&[shard(0)])[0].as_ref());
    state.release(&hold).unwrap();
    let lost = state.claim(NOON, &shard(0), seen, CARL);
    assert!(matches!(lost, Err(ClaimError::Lost(Some(_)))), "{lost:?}");
    let free = Expected { holder: None, epoch: hold.epoch };
    assert!(state.claim(NOON, &shard(0), free, CARL).is_ok());
}

#[test]
fn what_is_on_offer_can_be_claimed_over() {
    let (mut state, hold) = owned_by_anna();
    let seen = Expected::unchanged(state.rows(&[shard(0)])[0].as_ref());
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    assert!(state.claim(NOON, &shard(0), seen, CARL).is_ok());
    let gone = state.accept(NOON, &hold, FIRST_OFFER, BERT);
    assert!(matches!(gone, Err(AcceptError::Gone(Some(_)))));
}

#[test]
fn a_repeated_claim_returns_the_first_grant_and_changes_nothing() {
    let (mut state, _) = owned_by_anna();
    let seen = Expected::unchanged(state.rows(&[shard(0)])[0].as_ref());
    let first = state.claim(NOON, &shard(0), seen, BERT).unwrap();
    state.take_changes();
    assert_eq!(state.claim(later(50), &shard(0), seen, BERT), Ok(first));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn a_claim_of_a_missing_row_may_be_repeated_too() {
    let mut state = empty();
    let first = state.claim(NOON, &shard(0), Expected::NEVER_LEASED, ANNA);
    assert_eq!(state.claim(later(50), &shard(0), Expected::NEVER_LEASED, ANNA), first);
}

#[test]
fn a_claim_that_expects_an_epoch_to_come_is_no_repetition() {
    let (mut state, hold) = owned_by_anna();
    let expected = Expected { holder: None, epoch: Epoch(hold.epoch.0 + 10) };
    let lost = state.claim(NOON, &shard(0), expected, ANNA);
    assert!(matches!(lost, Err(ClaimError::Lost(Some(_)))));
}

#[test]
fn a_claim_takes_over_the_session() {
    let (mut state, _, session) = at_seq_3();
    let grant = claim(&mut state, BERT);
    let taken = grant.session.unwrap();
    assert_eq!((taken.number, taken.last_seq.0), (session, 3));
}

#[test]
fn an_offer_is_accepted_once_by_whom_it_was_made_to() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    let carl = state.accept(NOON, &hold, FIRST_OFFER, CARL);
    assert!(matches!(carl, Err(AcceptError::Gone(Some(_)))));
    let grant = state.accept(NOON, &hold, FIRST_OFFER, BERT).unwrap();
    assert!(grant.epoch > hold.epoch);
    assert_eq!(holding(&state), Holding::Owned { owner: BERT });
    state.take_changes();
    assert_eq!(state.accept(later(9), &hold, FIRST_OFFER, BERT), Ok(grant));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn an_offer_is_not_accepted_under_another_id_epoch_or_owner() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    let (earlier, later_epoch) = (Epoch(hold.epoch.0 - 1), Epoch(hold.epoch.0 + 1));
    for (wrong, offer) in [
        (hold.clone(), OfferId(2)),
        (self::hold(ANNA, earlier), FIRST_OFFER),
        (self::hold(ANNA, later_epoch), FIRST_OFFER),
        (self::hold(CARL, hold.epoch), FIRST_OFFER),
    ] {
        let gone = state.accept(NOON, &wrong, offer, BERT);
        assert!(matches!(gone, Err(AcceptError::Gone(Some(_)))), "{wrong:?}");
    }
    let missing = empty().accept(NOON, &hold, FIRST_OFFER, BERT);
    assert_eq!(missing, Err(AcceptError::Gone(None)));
}

#[test]
fn a_retracted_offer_is_gone() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    state.retract(&hold, FIRST_OFFER).unwrap();
    let gone = state.accept(NOON, &hold, FIRST_OFFER, BERT);
    assert!(matches!(gone, Err(AcceptError::Gone(Some(_)))));
    assert_eq!(holding(&state), Holding::Owned { owner: ANNA });
    state.take_changes();
    state.retract(&hold, FIRST_OFFER).unwrap();
    assert_eq!(state.take_changes(), [], "retracting twice");
}

#[test]
fn an_offer_is_repeated_but_not_replaced() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    state.take_changes();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    assert_eq!(state.take_changes(), []);
    assert_eq!(state.clone().offer(&hold, BERT, OfferId(2)), fenced(&state));
    assert_eq!(state.clone().offer(&hold, CARL, FIRST_OFFER), fenced(&state));
    assert_eq!(state.clone().retract(&hold, OfferId(2)), fenced(&state));
}

#[test]
fn after_the_offer_was_accepted_its_maker_is_fenced() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    state.accept(NOON, &hold, FIRST_OFFER, BERT).unwrap();
    assert_eq!(state.clone().retract(&hold, FIRST_OFFER), fenced(&state));
    assert_eq!(state.clone().offer(&hold, BERT, FIRST_OFFER), fenced(&state));
    assert_eq!(state.clone().release(&hold), fenced(&state));
}

#[test]
fn a_release_keeps_epoch_and_session_and_may_be_repeated() {
    let (mut state, hold, _) = at_seq_3();
    let before = state.rows(&[shard(0)]).remove(0).unwrap();
    state.release(&hold).unwrap();
    let after = state.rows(&[shard(0)]).remove(0).unwrap();
    assert_eq!(after.holding, Holding::Free);
    assert_eq!((after.epoch, after.session), (before.epoch, before.session));
    state.take_changes();
    state.release(&hold).unwrap();
    assert_eq!(state.take_changes(), []);
}

#[test]
fn a_row_that_was_given_back_under_another_epoch_is_not_given_back_by_me() {
    let (mut state, early) = owned_by_anna();
    let late = hold(BERT, claim(&mut state, BERT).epoch);
    state.release(&late).unwrap();
    assert_eq!(state.clone().release(&early), fenced(&state));
    let lost = hold(ANNA, Epoch(late.epoch.0 + 1));
    assert_eq!(state.release(&lost), Err(HoldError::Forgotten));
}

#[test]
fn what_is_on_offer_can_be_released() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, FIRST_OFFER).unwrap();
    state.release(&hold).unwrap();
    assert_eq!(holding(&state), Holding::Free);
}

#[test]
fn only_the_holder_under_this_very_epoch_may_do_anything() {
    let (state, hold) = owned_by_anna();
    let later_than_any = Epoch(hold.epoch.0 + 1);
    for (wrong, refusal) in [
        (self::hold(BERT, hold.epoch), fenced(&state)),
        (self::hold(ANNA, Epoch(hold.epoch.0 - 1)), fenced(&state)),
        (self::hold(ANNA, later_than_any), Err(HoldError::Forgotten)),
    ] {
        assert_eq!(state.clone().offer(&wrong, CARL, FIRST_OFFER), refusal);
        assert_eq!(state.clone().retract(&wrong, FIRST_OFFER), refusal);
        assert_eq!(state.clone().release(&wrong), refusal);
        let forget = state.clone().forget_resume_url(&wrong, SessionNumber(0));
        assert_eq!(forget, refusal);
    }
    assert_eq!(empty().release(&hold), Err(HoldError::Forgotten));
}

#[test]
fn an_offer_that_was_taken_back_is_not_made_once_more() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, OfferId(2)).unwrap();
    state.retract(&hold, OfferId(2)).unwrap();
    state.take_changes();
    for late in [OfferId(1), OfferId(2)] {
        assert_eq!(state.offer(&hold, BERT, late), Err(HoldError::Overtaken));
    }
    assert_eq!(state.take_changes(), []);
    assert_eq!(state.offer(&hold, BERT, OfferId(3)), Ok(()));
}

#[test]
fn under_a_new_epoch_offers_are_counted_anew() {
    let (mut state, hold) = owned_by_anna();
    state.offer(&hold, BERT, OfferId(2)).unwrap();
    state.retract(&hold, OfferId(2)).unwrap();
    let again = self::hold(ANNA, claim(&mut state, ANNA).epoch);
    assert_eq!(state.offer(&again, BERT, OfferId(1)), Ok(()));
}

#[test]
fn a_resume_url_is_forgotten_only_in_its_own_session() {
    let (mut state, hold, session) = at_seq_3();
    let url_now = |state: &StoreState| {
        let row = state.rows(&[shard(0)]).remove(0).unwrap();
        row.session.unwrap().resume_url
    };
    let other = SessionNumber(session.0 - 1);
    state.forget_resume_url(&hold, other).unwrap();
    assert_eq!(url_now(&state), Some(url()));
    state.forget_resume_url(&hold, session).unwrap();
    assert_eq!(url_now(&state), None);
    state.take_changes();
    state.forget_resume_url(&hold, session).unwrap();
    assert_eq!(state.take_changes(), []);
}
