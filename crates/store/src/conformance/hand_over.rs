//! A lease on its way from one instance to another.

use baton_model::{Expected, Holding, OfferId, Seq, SessionNumber};

use super::scope::{Scope, append, live, row};
use crate::{AcceptError, AppendError, Hold, HoldError, Store};

const OFFER: OfferId = OfferId(1);

pub(super) async fn an_offer_is_accepted_once_and_only_by_its_target<S: Store>(s: S, scope: Scope) {
    let [source, target, third] = [1, 2, 3].map(|number| scope.instance(number));
    let (hold, session) = live(&s, &scope.shard(0), source).await;
    s.append(&append(&hold, session, 0, 3)).await.expect("appended");
    s.offer(&hold, target, OFFER).await.expect("offered");
    let offered = row(&s, &hold.address).await;
    let holding = Holding::Offered { owner: source, to: target, offer: OFFER };
    assert_eq!((offered.holding, offered.epoch), (holding, hold.epoch));

    let gone = Err(AcceptError::Gone(Some(offered)));
    assert_eq!(s.accept(&hold, OFFER, third).await, gone, "not offered to this one");
    assert_eq!(s.accept(&hold, OfferId(2), target).await, gone, "another offer");
    let grant = s.accept(&hold, OFFER, target).await.expect("accepted");
    assert!(grant.epoch > hold.epoch);
    let kept = grant.session.expect("the session comes along");
    assert_eq!((kept.number, kept.last_seq), (session, Seq(3)));
    assert!(matches!(s.accept(&hold, OFFER, third).await, Err(AcceptError::Gone(_))));

    let theirs = Hold { owner: target, epoch: grant.epoch, ..hold.clone() };
    s.append(&append(&theirs, session, 3, 4)).await.expect("the target goes on");
    assert_eq!(s.append(&append(&hold, session, 4, 5)).await, Err(AppendError::Fenced));
    s.offer(&theirs, source, OFFER).await.expect("under a new epoch offers start over");
}

pub(super) async fn nobody_appends_while_an_offer_stands<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.offer(&hold, scope.instance(2), OFFER).await.expect("offered");
    assert_eq!(s.append(&append(&hold, session, 0, 1)).await, Err(AppendError::Fenced));
    let theirs = Hold { owner: scope.instance(2), ..hold };
    assert_eq!(s.append(&append(&theirs, session, 0, 1)).await, Err(AppendError::Fenced));
}

pub(super) async fn a_retracted_offer_is_gone_and_the_owner_goes_on<S: Store>(s: S, scope: Scope) {
    let [source, target] = [1, 2].map(|number| scope.instance(number));
    let (hold, session) = live(&s, &scope.shard(0), source).await;
    s.offer(&hold, target, OFFER).await.expect("offered");
    s.retract(&hold, OFFER).await.expect("retracted");
    assert_eq!(row(&s, &hold.address).await.holding, Holding::Owned { owner: source });
    assert!(matches!(s.accept(&hold, OFFER, target).await, Err(AcceptError::Gone(_))));
    assert_eq!(s.append(&append(&hold, session, 0, 1)).await, Ok(Seq(1)));

    let late = s.offer(&hold, target, OFFER).await;
    assert_eq!(late, Err(HoldError::Overtaken), "an attempt that was delayed on its way");
    s.append(&append(&hold, session, 1, 2)).await.expect("the owner goes on all the same");
    s.offer(&hold, target, OfferId(2)).await.expect("offered again");
    let stale = s.accept(&hold, OFFER, target).await;
    assert!(matches!(stale, Err(AcceptError::Gone(_))), "an accept of the first came late");
    assert!(s.retract(&hold, OFFER).await.is_err(), "so did a retraction of the first");
    s.accept(&hold, OfferId(2), target).await.expect("accepted");
}

pub(super) async fn after_the_accept_it_is_too_late_to_retract<S: Store>(s: S, scope: Scope) {
    let [source, target] = [1, 2].map(|number| scope.instance(number));
    let (hold, _) = live(&s, &scope.shard(0), source).await;
    s.offer(&hold, target, OFFER).await.expect("offered");
    s.accept(&hold, OFFER, target).await.expect("accepted");
    let accepted = row(&s, &hold.address).await;
    match s.retract(&hold, OFFER).await {
        Err(HoldError::Fenced(fenced)) => assert_eq!(fenced.row, accepted),
        other => panic!("{other:?}"),
    }
    assert_eq!(row(&s, &hold.address).await, accepted);
}

pub(super) async fn every_step_may_be_repeated<S: Store>(s: S, scope: Scope) {
    let [source, target] = [1, 2].map(|number| scope.instance(number));
    let (hold, _) = live(&s, &scope.shard(0), source).await;
    s.offer(&hold, target, OFFER).await.expect("offered");
    s.offer(&hold, target, OFFER).await.expect("the answer was lost");
    let other = s.offer(&hold, scope.instance(3), OFFER).await;
    assert!(matches!(other, Err(HoldError::Fenced(_))), "it is on offer to another");
    let other = s.offer(&hold, target, OfferId(9)).await;
    assert!(matches!(other, Err(HoldError::Fenced(_))), "it is on offer by another offer");

    s.retract(&hold, OFFER).await.expect("retracted");
    s.retract(&hold, OFFER).await.expect("the answer was lost");

    s.offer(&hold, target, OfferId(2)).await.expect("offered");
    let grant = s.accept(&hold, OfferId(2), target).await.expect("accepted");
    let again = s.accept(&hold, OfferId(2), target).await;
    assert_eq!(again, Ok(grant), "the answer was lost");
}

pub(super) async fn an_offer_can_be_claimed_over<S: Store>(s: S, scope: Scope) {
    let [source, target, third] = [1, 2, 3].map(|number| scope.instance(number));
    let (hold, _) = live(&s, &scope.shard(0), source).await;
    s.offer(&hold, target, OFFER).await.expect("offered");
    let offered = row(&s, &hold.address).await;
    let expected = Expected::unchanged(Some(&offered));
    let grant = s.claim(&hold.address, expected, third).await.expect("granted");
    assert!(grant.epoch > hold.epoch);
    assert!(matches!(s.accept(&hold, OFFER, target).await, Err(AcceptError::Gone(_))));
    assert!(matches!(s.retract(&hold, OFFER).await, Err(HoldError::Fenced(_))));
}

pub(super) async fn an_offer_can_be_released<S: Store>(s: S, scope: Scope) {
    let [source, target] = [1, 2].map(|number| scope.instance(number));
    let (hold, _) = live(&s, &scope.shard(0), source).await;
    s.offer(&hold, target, OFFER).await.expect("offered");
    s.release(&hold).await.expect("released");
    assert_eq!(row(&s, &hold.address).await.holding, Holding::Free);
    assert!(matches!(s.accept(&hold, OFFER, target).await, Err(AcceptError::Gone(_))));
}

pub(super) async fn a_resume_url_that_failed_is_forgotten_for_that_session_only<S: Store>(
    s: S,
    scope: Scope,
) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let another = SessionNumber(session.0 - 1);
    s.forget_resume_url(&hold, another).await.expect("done");
    let kept = row(&s, &hold.address).await.session.expect("a session");
    assert!(kept.resume_url.is_some(), "that of another session failed");
    s.forget_resume_url(&hold, session).await.expect("done");
    let kept = row(&s, &hold.address).await.session.expect("the session stays");
    assert_eq!((kept.number, kept.resume_url), (session, None));
}
