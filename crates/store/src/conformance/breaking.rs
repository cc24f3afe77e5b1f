//! A lease that an operator takes away.

use baton_model::{Epoch, Expected, Holding, OfferId, Seq};

use super::scope::{Scope, append, live, row};
use crate::{AcceptError, AppendError, BreakError, HoldError, Store};

pub(super) async fn a_broken_lease_is_free_and_keeps_its_session<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 5)).await.expect("appended");
    let held = row(&s, &hold.address).await;
    s.break_lease(&hold.address, Expected::unchanged(Some(&held))).await.expect("broken");
    let free = row(&s, &hold.address).await;
    assert_eq!((free.holding, free.epoch), (Holding::Free, hold.epoch));
    assert_eq!(free.session, held.session);

    let expected = Expected::unchanged(Some(&free));
    let grant = s.claim(&hold.address, expected, scope.instance(2)).await.expect("granted");
    assert!(grant.epoch > hold.epoch, "epochs only grow");
    let kept = grant.session.expect("a session");
    assert_eq!((kept.number, kept.last_seq), (session, Seq(5)));
}

pub(super) async fn whoever_held_a_broken_lease_is_fenced_whatever_it_does<S: Store>(
    s: S,
    scope: Scope,
) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let held = row(&s, &hold.address).await;
    s.break_lease(&hold.address, Expected::unchanged(Some(&held))).await.expect("broken");
    let free = row(&s, &hold.address).await;
    assert_eq!(s.append(&append(&hold, session, 0, 1)).await, Err(AppendError::Fenced));
    let offered = s.offer(&hold, scope.instance(2), OfferId(1)).await;
    assert!(matches!(offered, Err(HoldError::Fenced(_))), "{offered:?}");
    let remembered = s.reassert(&hold, held.session.as_ref()).await;
    assert!(matches!(remembered, Err(HoldError::Fenced(_))), "{remembered:?}");
    assert_eq!(row(&s, &hold.address).await, free);
}

pub(super) async fn a_lease_on_offer_is_broken_and_nobody_accepts_it<S: Store>(s: S, scope: Scope) {
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.offer(&hold, scope.instance(2), OfferId(1)).await.expect("offered");
    let offered = row(&s, &hold.address).await;
    s.break_lease(&hold.address, Expected::unchanged(Some(&offered))).await.expect("broken");
    assert_eq!(row(&s, &hold.address).await.holding, Holding::Free);
    let accepted = s.accept(&hold, OfferId(1), scope.instance(2)).await;
    assert!(matches!(accepted, Err(AcceptError::Gone(_))), "{accepted:?}");
    let retracted = s.retract(&hold, OfferId(1)).await;
    assert!(matches!(retracted, Err(HoldError::Fenced(_))), "{retracted:?}");
}

pub(super) async fn only_the_lease_that_is_meant_is_broken<S: Store>(s: S, scope: Scope) {
    let unleased = scope.shard(1);
    let broken = s.break_lease(&unleased, Expected::NEVER_LEASED).await;
    assert_eq!(broken, Err(BreakError::Changed(None)));
    assert_eq!(s.rows(std::slice::from_ref(&unleased)).await, Ok(vec![None]));

    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let held = row(&s, &hold.address).await;
    let holder = held.holding.owner();
    for wrong in [
        Expected { holder, epoch: Epoch(held.epoch.0 - 1) },
        Expected { holder, epoch: Epoch(held.epoch.0 + 1) },
        Expected { holder: Some(scope.instance(2)), epoch: held.epoch },
        Expected { holder: None, epoch: held.epoch },
        Expected::NEVER_LEASED,
    ] {
        let broken = s.break_lease(&hold.address, wrong).await;
        assert_eq!(broken, Err(BreakError::Changed(Some(held.clone()))), "{wrong:?}");
    }
    s.append(&append(&hold, session, 0, 1)).await.expect("the holder goes on");
}

pub(super) async fn breaking_again_changes_nothing<S: Store>(s: S, scope: Scope) {
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let held = row(&s, &hold.address).await;
    let expected = Expected::unchanged(Some(&held));
    s.break_lease(&hold.address, expected).await.expect("broken");
    s.break_lease(&hold.address, expected).await.expect("the answer was lost");

    let free = row(&s, &hold.address).await;
    let other = scope.instance(2);
    s.claim(&hold.address, Expected::unchanged(Some(&free)), other).await.expect("granted");
    let theirs = row(&s, &hold.address).await;
    let late = s.break_lease(&hold.address, expected).await;
    assert_eq!(late, Err(BreakError::Changed(Some(theirs))), "a repetition came late");
}
