//! Whoever writes names the epoch under which it may, and no other is accepted.

use baton_model::{Epoch, Expected, LeaseRow, OfferId, Seq, SessionStart};

use super::scope::{Scope, append, live, new_session, row, stream, under};
use crate::{AppendError, BeginError, Fenced, Hold, HoldError, Store, StreamId};

pub(super) async fn only_the_owner_under_its_very_epoch_appends<S: Store>(s: S, scope: Scope) {
    let (old, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&old, session, 0, 1)).await.expect("appended");
    let seen = row(&s, &old.address).await;
    let successor = scope.instance(2);
    let expected = Expected::unchanged(Some(&seen));
    let grant = s.claim(&old.address, expected, successor).await.expect("granted");
    let new = Hold { owner: successor, epoch: grant.epoch, ..old.clone() };

    let before = stream(&s, &scope).await;
    assert_eq!(s.append(&append(&old, session, 1, 2)).await, Err(AppendError::Fenced));
    let empty = crate::Append { entries: Vec::new(), ..append(&old, session, 1, 2) };
    assert_eq!(s.append(&empty).await, Err(AppendError::Fenced), "not even the mark");
    assert_eq!(stream(&s, &scope).await, before);
    assert_eq!(s.append(&append(&new, session, 1, 2)).await, Ok(Seq(2)));

    let impostor = Hold { owner: scope.instance(3), ..new.clone() };
    assert_eq!(s.append(&append(&impostor, session, 2, 3)).await, Err(AppendError::Fenced));
}

pub(super) async fn an_earlier_epoch_is_fenced_and_a_later_one_was_forgotten<S: Store>(
    s: S,
    scope: Scope,
) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let before = stream(&s, &scope).await;
    for epoch in [0, hold.epoch.0 - 1] {
        let earlier = under(&hold, Epoch(epoch));
        let refused = s.append(&append(&earlier, session, 0, 1)).await;
        assert_eq!(refused, Err(AppendError::Fenced), "epoch {epoch}");
    }
    for epoch in [hold.epoch.0 + 1, hold.epoch.0 + 1_000_000] {
        let later = under(&hold, Epoch(epoch));
        // Nobody was granted it later, so nobody has to stop; but it is not accepted either.
        let refused = s.append(&append(&later, session, 0, 1)).await;
        assert_eq!(refused, Err(AppendError::Forgotten), "epoch {epoch}");
    }
    assert_eq!(stream(&s, &scope).await, before);
}

pub(super) async fn a_free_shard_takes_no_appends<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.release(&hold).await.expect("released");
    assert_eq!(s.append(&append(&hold, session, 0, 1)).await, Err(AppendError::Fenced));
    let never_run = Hold { address: scope.shard(1), ..hold };
    let refused = s.append(&append(&never_run, session, 0, 1)).await;
    assert_eq!(refused, Err(AppendError::Forgotten), "it may have been run before a wipe");
}

pub(super) async fn only_the_holder_begins_sessions<S: Store>(s: S, scope: Scope) {
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let before = (row(&s, &hold.address).await, stream(&s, &scope).await);
    let session = new_session("s2", SessionStart::Invalidated);
    for stranger in strangers(&hold, &scope) {
        let refused = match refusal(&stranger, &before.0) {
            HoldError::Fenced(fenced) => BeginError::Fenced(fenced),
            HoldError::Forgotten | HoldError::Overtaken | HoldError::Store(_) => {
                BeginError::Forgotten
            }
        };
        assert_eq!(s.begin_session(&stranger, &session).await, Err(refused));
    }
    assert_eq!((row(&s, &hold.address).await, stream(&s, &scope).await), before);
}

pub(super) async fn only_the_holder_offers_releases_and_forgets<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let before = row(&s, &hold.address).await;
    for stranger in strangers(&hold, &scope) {
        let (to, offer) = (scope.instance(9), OfferId(1));
        let refused = Err(refusal(&stranger, &before));
        assert_eq!(s.offer(&stranger, to, offer).await, refused);
        assert_eq!(s.retract(&stranger, offer).await, refused);
        assert_eq!(s.release(&stranger).await, refused);
        assert_eq!(s.forget_resume_url(&stranger, session).await, refused);
        assert_eq!(s.set_commands_done(&stranger, StreamId::START).await, refused);
    }
    assert_eq!(row(&s, &hold.address).await, before);
}

/// Those who hold something else: the owner under other epochs, and another under the same.
fn strangers(hold: &Hold, scope: &Scope) -> [Hold; 3] {
    [
        under(hold, Epoch(hold.epoch.0 - 1)),
        under(hold, Epoch(hold.epoch.0 + 1)),
        Hold { owner: scope.instance(2), ..hold.clone() },
    ]
}

/// What a stranger is told: it was fenced, or the store does not remember what it remembers.
fn refusal(stranger: &Hold, row: &LeaseRow) -> HoldError {
    if stranger.epoch > row.epoch {
        return HoldError::Forgotten;
    }
    Fenced { row: row.clone() }.into()
}
