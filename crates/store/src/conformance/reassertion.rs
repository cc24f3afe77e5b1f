//! What a holder writes back after the store has lost something.
//!
//! A row that the store has never seen stands for one that it has lost.

use baton_model::{
    Epoch, Expected, Holding, Marker, OfferId, Seq, SessionId, SessionNumber, SessionRow,
    SessionStart,
};

use super::scope::{Scope, append, live, row, stream, under};
use crate::{Entry, EntryBody, Hold, HoldError, Store};

fn remembered(number: u64, last_seq: u64) -> SessionRow {
    SessionRow {
        number: SessionNumber(number),
        id: SessionId::new("s1"),
        resume_url: Some("wss://a.discord.gg".parse().unwrap_or_else(|e| unreachable!("{e}"))),
        last_seq: Seq(last_seq),
    }
}

pub(super) async fn a_forgotten_row_is_written_back_and_the_stream_says_so<S: Store>(
    s: S,
    scope: Scope,
) {
    let owner = scope.instance(1);
    let hold = Hold { address: scope.shard(0), owner, epoch: Epoch(5_000) };
    let session = remembered(4_000, 40);
    let now = s.reassert(&hold, Some(&session)).await.expect("written back");
    assert_eq!((now.epoch, now.holding), (Epoch(5_000), Holding::Owned { owner }));
    assert_eq!(now.session, Some(session.clone()));
    assert_eq!(row(&s, &hold.address).await, now);

    let marker = Marker::StreamLost { upto: Seq(40) };
    match stream(&s, &scope).await.as_slice() {
        [entry] => {
            assert_eq!((entry.session, entry.epoch), (SessionNumber(4_000), Epoch(5_000)));
            assert_eq!(entry.body.seq(), Seq(40));
            assert!(
                matches!(entry.body, EntryBody::Marker { marker: found, .. } if found == marker)
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(s.append(&append(&hold, session.number, 40, 41)).await, Ok(Seq(41)));
    s.reassert(&hold, Some(&session)).await.expect("repeated");
    assert_eq!(stream(&s, &scope).await.len(), 2, "a repetition says nothing new");
}

pub(super) async fn the_later_holder_prevails_whoever_comes_first<S: Store>(s: S, scope: Scope) {
    let session = remembered(4_000, 40);
    let hold = |shard, number, epoch| Hold {
        address: scope.shard(shard),
        owner: scope.instance(number),
        epoch: Epoch(epoch),
    };
    let (early, late) = (hold(0, 1, 5_000), hold(0, 2, 6_000));
    s.reassert(&early, Some(&session)).await.expect("the earlier comes first");
    s.reassert(&late, Some(&session)).await.expect("and makes way");
    let Err(HoldError::Fenced(fenced)) = s.reassert(&early, Some(&session)).await else {
        panic!("the earlier is not told")
    };
    assert_eq!(fenced.row.epoch, Epoch(6_000));

    let (early, late) = (hold(1, 1, 5_000), hold(1, 2, 6_000));
    s.reassert(&late, Some(&session)).await.expect("the later comes first");
    assert!(matches!(s.reassert(&early, Some(&session)).await, Err(HoldError::Fenced(_))));
    let twin = Hold { owner: scope.instance(3), ..late.clone() };
    let refused = s.reassert(&twin, Some(&session)).await;
    assert!(matches!(refused, Err(HoldError::Fenced(_))), "one epoch has one owner");
    let kept = row(&s, &late.address).await;
    assert_eq!((kept.epoch, kept.holding.owner()), (Epoch(6_000), Some(late.owner)));
}

pub(super) async fn a_row_that_was_not_lost_stays_as_it_is<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 3)).await.expect("appended");
    let before = (row(&s, &hold.address).await, stream(&s, &scope).await);

    // The owner remembers appends that the store has lost; the stream decides.
    let ahead = SessionRow { last_seq: Seq(9), ..before.0.session.clone().expect("a session") };
    let now = s.reassert(&hold, Some(&ahead)).await.expect("still held");
    assert_eq!((&now, &stream(&s, &scope).await), (&before.0, &before.1));

    let now = s.reassert(&hold, None).await.expect("a memory without a session takes none away");
    assert_eq!(now, before.0);

    let (to, offer) = (scope.instance(2), OfferId(1));
    s.offer(&hold, to, offer).await.expect("offered");
    let now = s.reassert(&hold, Some(&ahead)).await.expect("the offer is void");
    assert_eq!(now, before.0);
    let late = s.offer(&hold, to, offer).await;
    assert_eq!(late, Err(HoldError::Overtaken), "its number is used");
}

/// The markers that a session's entries are, without exception.
fn told_of(entries: &[Entry], session: SessionNumber) -> Vec<(Seq, Marker)> {
    let its = entries.iter().filter(|entry| entry.session == session);
    let markers = its.map(|entry| match entry.body {
        EntryBody::Marker { seq, marker, .. } => (seq, marker),
        EntryBody::Dispatch(_) => panic!("a dispatch before the markers: {entry:?}"),
    });
    markers.collect()
}

pub(super) async fn a_forgotten_session_is_written_back_and_the_stream_says_what_it_follows<
    S: Store,
>(
    s: S,
    scope: Scope,
) {
    let (old, first) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&old, first, 0, 3)).await.expect("appended");

    // A claim and a session after it were lost; their owner comes back to the older row.
    let owner = scope.instance(2);
    let hold = Hold { owner, ..under(&old, Epoch(old.epoch.0 + 1_000)) };
    let session = remembered(first.0 + 1_000, 7);
    let now = s.reassert(&hold, Some(&session)).await.expect("written back");
    assert_eq!((now.epoch, now.session), (hold.epoch, Some(session.clone())));
    let previous = Some((first, Seq(3)));
    let told = [
        (Seq(0), Marker::SessionStarted { start: SessionStart::Invalidated, previous }),
        (Seq(7), Marker::StreamLost { upto: Seq(7) }),
    ];
    assert_eq!(told_of(&stream(&s, &scope).await, session.number), told, "how the first one ended");
    s.reassert(&hold, Some(&session)).await.expect("repeated");
    s.append(&append(&hold, session.number, 7, 8)).await.expect("appended");
    let found = stream(&s, &scope).await;
    assert_eq!(
        told_of(&found[..found.len() - 1], session.number),
        told,
        "once, and before all else"
    );

    let outdated = SessionRow { number: first, ..session };
    let refused = s.reassert(&hold, Some(&outdated)).await;
    assert!(matches!(refused, Err(HoldError::Fenced(_))), "a session never goes back");
    let seen = row(&s, &hold.address).await;
    let grant = s.claim(&hold.address, Expected::unchanged(Some(&seen)), owner).await;
    assert!(grant.expect("granted").epoch > hold.epoch);
}
