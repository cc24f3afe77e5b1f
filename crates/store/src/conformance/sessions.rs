//! Sessions and the markers that part them.

use baton_model::{Expected, Marker, Seq, SessionNumber, SessionStart, UnixMicros};

use super::scope::{Scope, append, following, live, new_session, row, stream};
use crate::{AppendError, BeginError, Entry, EntryBody, Hold, Store};

fn markers(entries: &[Entry]) -> Vec<(SessionNumber, Seq, Marker)> {
    let markers = entries.iter().filter_map(|entry| match entry.body {
        EntryBody::Marker { seq, marker, .. } => Some((entry.session, seq, marker)),
        EntryBody::Dispatch(_) => None,
    });
    markers.collect()
}

pub(super) async fn a_first_session_is_marked<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let stored = row(&s, &hold.address).await.session.expect("a session");
    let opened = new_session("s1", SessionStart::First);
    assert_eq!((stored.number, stored.last_seq), (session, Seq(0)));
    assert_eq!((stored.id, stored.resume_url), (opened.id, opened.resume_url));

    let found = stream(&s, &scope).await;
    let marker = Marker::SessionStarted { start: SessionStart::First, previous: None };
    let body = EntryBody::Marker { seq: Seq(0), at: UnixMicros(7), marker };
    let (shard, epoch) = (hold.address.shard.number, hold.epoch);
    assert_eq!(found, [Entry { shard, session, epoch, body }]);
}

pub(super) async fn a_new_session_names_the_one_before_and_where_it_ended<S: Store>(
    s: S,
    scope: Scope,
) {
    let (hold, first) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, first, 0, 4)).await.expect("appended");
    let opened = following("s2", SessionStart::Invalidated, first, 4);
    let second = s.begin_session(&hold, &opened).await.expect("begun");
    assert!(second > first);
    let stored = row(&s, &hold.address).await.session.expect("a session");
    assert_eq!((stored.number, stored.last_seq, stored.id), (second, Seq(0), opened.id));

    let previous = Some((first, Seq(4)));
    let marker = Marker::SessionStarted { start: SessionStart::Invalidated, previous };
    let found = markers(&stream(&s, &scope).await);
    assert_eq!(found.last(), Some(&(second, Seq(0), marker)));
    assert_eq!(s.append(&append(&hold, second, 0, 2)).await, Ok(Seq(2)), "its seqs start over");

    let without_url = crate::NewSession {
        resume_url: None,
        ..following("s3", SessionStart::Restarted, second, 2)
    };
    s.begin_session(&hold, &without_url).await.expect("begun");
    let stored = row(&s, &hold.address).await.session.expect("a session");
    assert_eq!(stored.resume_url, None, "the url of another session is none for this one");
}

pub(super) async fn beginning_a_session_again_changes_nothing<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 2)).await.expect("appended");
    let before = (row(&s, &hold.address).await, stream(&s, &scope).await);
    let again = s.begin_session(&hold, &new_session("s1", SessionStart::First)).await;
    assert_eq!(again, Ok(session), "the answer to the first was lost");
    assert_eq!((row(&s, &hold.address).await, stream(&s, &scope).await), before);
}

pub(super) async fn a_session_follows_only_the_one_that_the_row_holds<S: Store>(
    s: S,
    scope: Scope,
) {
    let (hold, first) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, first, 0, 4)).await.expect("appended");
    let before = (row(&s, &hold.address).await, stream(&s, &scope).await);
    let other = SessionNumber(first.0 - 1);
    for wrong in [
        new_session("s2", SessionStart::First),
        following("s2", SessionStart::Invalidated, other, 4),
        following("s2", SessionStart::Invalidated, first, 3),
        following("s2", SessionStart::Invalidated, first, 5),
    ] {
        let refused = s.begin_session(&hold, &wrong).await;
        assert_eq!(refused, Err(BeginError::OtherPrevious(Some((first, Seq(4))))));
    }
    assert_eq!((row(&s, &hold.address).await, stream(&s, &scope).await), before);

    let second = following("s2", SessionStart::Invalidated, first, 4);
    let number = s.begin_session(&hold, &second).await.expect("begun");
    let third = following("s3", SessionStart::Invalidated, number, 0);
    let third = s.begin_session(&hold, &third).await.expect("begun");
    let late = s.begin_session(&hold, &second).await;
    let overtaken = BeginError::OtherPrevious(Some((third, Seq(0))));
    assert_eq!(late, Err(overtaken), "an attempt that was delayed brings nothing back");
}

pub(super) async fn a_session_number_is_never_below_the_stores_clock<S: Store>(s: S, scope: Scope) {
    let before = s.poll().await.expect("polled").now;
    let (hold, first) = live(&s, &scope.shard(0), scope.instance(1)).await;
    assert!(first.0 >= before.0, "{first} at {}", before.0);
    let mut last = first;
    for id in ["s2", "s3", "s4"] {
        let opened = following(id, SessionStart::Restarted, last, 0);
        let next = s.begin_session(&hold, &opened).await.expect("begun");
        assert!(next > last);
        last = next;
    }
}

pub(super) async fn an_append_of_a_dead_session_is_refused<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let shard = scope.shard(0);
    let grant = s.claim(&shard, Expected::NEVER_LEASED, me).await.expect("granted");
    let hold = Hold { address: shard, owner: me, epoch: grant.epoch };
    let none = s.append(&append(&hold, SessionNumber(1), 0, 1)).await;
    assert_eq!(none, Err(AppendError::OtherSession(None)), "there is no session yet");

    let opened = new_session("s1", SessionStart::First);
    let first = s.begin_session(&hold, &opened).await.expect("begun");
    let opened = following("s2", SessionStart::Invalidated, first, 0);
    let second = s.begin_session(&hold, &opened).await.expect("begun");
    let late = s.append(&append(&hold, first, 0, 1)).await;
    assert_eq!(late, Err(AppendError::OtherSession(Some(second))));
    assert_eq!(stream(&s, &scope).await.len(), 2, "two markers and nothing else");
}
