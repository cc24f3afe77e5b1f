//! Whoever writes names the epoch under which it may, and no other is accepted.

use baton_model::{Epoch, OfferId, Seq, SessionStart};

use super::scope::{Scope, append, live, new_session, row, stream, under};
use crate::{AppendError, Expected, Hold, HoldError, Store};

pub(super) async fn only_the_owner_under_its_very_epoch_appends<S: Store>(s: S, scope: Scope) {
    let (old, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&old, session, 0, 1))
        .await
        .expect("appended");
    let seen = row(&s, &old.address).await;
    let successor = scope.instance(2);
    let expected = Expected::unchanged(Some(&seen));
    let grant = s
        .claim(&old.address, expected, successor)
        .await
        .expect("granted");
    let new = Hold {
        owner: successor,
        epoch: grant.epoch,
        ..old.clone()
    };

    let before = stream(&s, &scope).await;
    assert_eq!(
        s.append(&append(&old, session, 1, 2)).await,
        Err(AppendError::Fenced)
    );
    let empty = crate::Append {
        entries: Vec::new(),
        ..append(&old, session, 1, 2)
    };
    assert_eq!(
        s.append(&empty).await,
        Err(AppendError::Fenced),
        "not even the mark"
    );
    assert_eq!(stream(&s, &scope).await, before);
    assert_eq!(s.append(&append(&new, session, 1, 2)).await, Ok(Seq(2)));

    let impostor = Hold {
        owner: scope.instance(3),
        ..new.clone()
    };
    assert_eq!(
        s.append(&append(&impostor, session, 2, 3)).await,
        Err(AppendError::Fenced)
    );
}

pub(super) async fn an_earlier_epoch_is_fenced_and_so_is_a_later_one<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    for epoch in [
        0,
        hold.epoch.0 - 1,
        hold.epoch.0 + 1,
        hold.epoch.0 + 1_000_000,
    ] {
        let other = under(&hold, Epoch(epoch));
        let refused = s.append(&append(&other, session, 0, 1)).await;
        // A later one may have been granted by a primary that was since thrown away.
        assert_eq!(refused, Err(AppendError::Fenced), "epoch {epoch}");
    }
}

pub(super) async fn a_free_shard_takes_no_appends<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.release(&hold).await.expect("released");
    assert_eq!(
        s.append(&append(&hold, session, 0, 1)).await,
        Err(AppendError::Fenced)
    );
    let nobodys = Hold {
        address: scope.shard(1),
        ..hold
    };
    assert_eq!(
        s.append(&append(&nobodys, session, 0, 1)).await,
        Err(AppendError::Fenced)
    );
}

pub(super) async fn only_the_holder_begins_sessions<S: Store>(s: S, scope: Scope) {
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let before = (row(&s, &hold.address).await, stream(&s, &scope).await);
    let session = new_session("s2", SessionStart::Invalidated);
    for stranger in strangers(&hold, &scope) {
        let Err(HoldError::Fenced(fenced)) = s.begin_session(&stranger, &session).await else {
            panic!("{stranger:?} began a session")
        };
        assert_eq!(
            fenced.row.as_ref(),
            Some(&before.0),
            "it is told what stands there"
        );
    }
    assert_eq!(
        (row(&s, &hold.address).await, stream(&s, &scope).await),
        before
    );
}

pub(super) async fn only_the_holder_offers_releases_and_forgets<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let before = row(&s, &hold.address).await;
    for stranger in strangers(&hold, &scope) {
        let (to, offer) = (scope.instance(9), OfferId(1));
        assert!(matches!(
            s.offer(&stranger, to, offer).await,
            Err(HoldError::Fenced(_))
        ));
        assert!(matches!(
            s.retract(&stranger, offer).await,
            Err(HoldError::Fenced(_))
        ));
        assert!(matches!(
            s.release(&stranger).await,
            Err(HoldError::Fenced(_))
        ));
        let forgotten = s.forget_resume_url(&stranger, session).await;
        assert!(matches!(forgotten, Err(HoldError::Fenced(_))));
    }
    assert_eq!(row(&s, &hold.address).await, before);
}

/// Those who hold something else: the owner under other epochs, and another under the same.
fn strangers(hold: &Hold, scope: &Scope) -> [Hold; 3] {
    [
        under(hold, Epoch(hold.epoch.0 - 1)),
        under(hold, Epoch(hold.epoch.0 + 1)),
        Hold {
            owner: scope.instance(2),
            ..hold.clone()
        },
    ]
}
