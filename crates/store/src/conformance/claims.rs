//! What a claim grants, and what it does not.

use baton_model::{Epoch, Expected, Holding, Seq, SessionStart};

use super::scope::{Scope, append, live, new_session, row};
use crate::{ClaimError, Hold, Store};

pub(super) async fn a_shard_without_a_row_is_claimed_as_missing<S: Store>(s: S, scope: Scope) {
    let (shard, me) = (scope.shard(0), scope.instance(1));
    assert_eq!(s.rows(std::slice::from_ref(&shard)).await, Ok(vec![None]));
    let grant = s.claim(&shard, Expected::NEVER_LEASED, me).await.expect("granted");
    assert_eq!(grant.session, None);
    let row = row(&s, &shard).await;
    assert_eq!((row.epoch, row.holding), (grant.epoch, Holding::Owned { owner: me }));

    let other = s.claim(&shard, Expected::NEVER_LEASED, scope.instance(2)).await;
    assert_eq!(other, Err(ClaimError::Lost(Some(row))));
}

pub(super) async fn a_claim_against_a_changed_row_is_lost_and_shows_the_row<S: Store>(
    s: S,
    scope: Scope,
) {
    let shard = scope.shard(0);
    let [one, two, three] = [1, 2, 3].map(|number| scope.instance(number));
    s.claim(&shard, Expected::NEVER_LEASED, one).await.expect("granted");
    let seen = row(&s, &shard).await;
    let expected = Expected::unchanged(Some(&seen));
    s.claim(&shard, expected, two).await.expect("granted to the faster");
    let now = row(&s, &shard).await;
    assert_eq!(s.claim(&shard, expected, three).await, Err(ClaimError::Lost(Some(now.clone()))));
    assert_eq!(row(&s, &shard).await, now, "a lost claim changes nothing");

    let holder = now.holding.owner();
    for wrong in [
        Expected { holder, epoch: Epoch(now.epoch.0 + 1) },
        Expected { holder: None, epoch: now.epoch },
        Expected { holder: Some(three), epoch: now.epoch },
        Expected::NEVER_LEASED,
    ] {
        let lost = s.claim(&shard, wrong, three).await;
        assert_eq!(lost, Err(ClaimError::Lost(Some(now.clone()))), "{wrong:?}");
    }
}

pub(super) async fn of_many_claims_at_once_one_is_granted<S: Store>(s: S, scope: Scope) {
    let shard = scope.shard(0);
    let mut claims = Vec::new();
    for number in 1..=16 {
        let (s, shard, me) = (s.clone(), shard.clone(), scope.instance(number));
        claims.push(tokio::spawn(async move { s.claim(&shard, Expected::NEVER_LEASED, me).await }));
    }
    let mut granted = 0;
    for claim in claims {
        match claim.await.expect("no panic") {
            Ok(_) => granted += 1,
            Err(error) => assert!(matches!(error, ClaimError::Lost(Some(_))), "{error}"),
        }
    }
    assert_eq!(granted, 1);
}

pub(super) async fn every_grant_has_a_larger_epoch<S: Store>(s: S, scope: Scope) {
    let shard = scope.shard(0);
    let mut expected = Expected::NEVER_LEASED;
    let mut last = Epoch(0);
    for number in 1..=20 {
        let me = scope.instance(number);
        let grant = s.claim(&shard, expected, me).await.expect("granted");
        assert!(grant.epoch > last, "{} after {last}", grant.epoch);
        last = grant.epoch;
        expected = Expected { holder: Some(me), epoch: last };
    }
}

pub(super) async fn an_epoch_is_never_below_the_stores_clock<S: Store>(s: S, scope: Scope) {
    let (shard, me) = (scope.shard(0), scope.instance(1));
    let before = s.poll().await.expect("polled").now;
    let first = s.claim(&shard, Expected::NEVER_LEASED, me).await.expect("granted");
    assert!(first.epoch.0 >= before.0, "{} granted at {}", first.epoch, before.0);

    // Many grants in one millisecond run ahead of the clock; none falls behind it later.
    let row = row(&s, &shard).await;
    let before = s.poll().await.expect("polled").now;
    let expected = Expected::unchanged(Some(&row));
    let second = s.claim(&shard, expected, scope.instance(2)).await.expect("granted");
    assert!(second.epoch.0 >= before.0);
}

pub(super) async fn a_repeated_claim_returns_the_first_grant<S: Store>(s: S, scope: Scope) {
    let (shard, me) = (scope.shard(0), scope.instance(1));
    let first = s.claim(&shard, Expected::NEVER_LEASED, me).await.expect("granted");
    let again = s.claim(&shard, Expected::NEVER_LEASED, me).await;
    assert_eq!(again, Ok(first.clone()), "the answer to the first was lost");

    let seen = row(&s, &shard).await;
    let expected = Expected::unchanged(Some(&seen));
    let two = scope.instance(2);
    let taken = s.claim(&shard, expected, two).await.expect("granted");
    assert_eq!(s.claim(&shard, expected, two).await, Ok(taken));
    assert!(matches!(s.claim(&shard, expected, me).await, Err(ClaimError::Lost(Some(_)))));
}

pub(super) async fn an_owner_may_claim_its_own_row_anew<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let (old, session) = live(&s, &scope.shard(0), me).await;
    let seen = row(&s, &old.address).await;
    let expected = Expected::unchanged(Some(&seen));
    let grant = s.claim(&old.address, expected, me).await.expect("granted");
    assert!(grant.epoch > old.epoch, "what a stuck task still sends must be fenced");
    let late = s.append(&append(&old, session, 0, 1)).await;
    assert_eq!(late, Err(crate::AppendError::Fenced));
}

pub(super) async fn a_released_row_keeps_its_session<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 5)).await.expect("appended");
    s.release(&hold).await.expect("released");
    let free = row(&s, &hold.address).await;
    assert_eq!((free.holding, free.epoch), (Holding::Free, hold.epoch));

    let expected = Expected::unchanged(Some(&free));
    let grant = s.claim(&hold.address, expected, scope.instance(2)).await.expect("granted");
    let kept = grant.session.expect("a session");
    assert_eq!((kept.number, kept.last_seq), (session, Seq(5)));
    assert_eq!(kept.id, new_session("s1", SessionStart::First).id);
    assert_eq!(kept.resume_url, new_session("s1", SessionStart::First).resume_url);
}

pub(super) async fn releasing_again_changes_nothing<S: Store>(s: S, scope: Scope) {
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.release(&hold).await.expect("released");
    let free = row(&s, &hold.address).await;
    s.release(&hold).await.expect("released again");
    assert_eq!(row(&s, &hold.address).await, free);

    let other = scope.instance(2);
    let expected = Expected::unchanged(Some(&free));
    let grant = s.claim(&hold.address, expected, other).await.expect("granted");
    assert!(s.release(&hold).await.is_err(), "it is another's by now");
    let theirs = Hold { owner: other, epoch: grant.epoch, ..hold.clone() };
    assert_eq!(row(&s, &hold.address).await.holding, Holding::Owned { owner: theirs.owner });
}

pub(super) async fn rows_come_in_the_order_asked_for<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    for number in [1, 3] {
        s.claim(&scope.shard(number), Expected::NEVER_LEASED, me).await.expect("granted");
    }
    // More than are read at once, so that the pieces are put together in order.
    let shards: Vec<_> = (0..600).map(|number| scope.shard(number)).collect();
    let rows = s.rows(&shards).await.expect("read");
    let found = rows.iter().enumerate().filter(|(_, row)| row.is_some());
    assert_eq!(found.map(|(at, _)| at).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(rows.len(), 600);
}
