//! Who takes part, and what others can see.

use std::time::Duration;

use baton_model::{Beat, DataSetId, InstanceId, InstanceRecord, Member, Phase, Presence};

use super::scope::{Scope, record};
use crate::{BeatError, Membership, PresenceGuard, Safety, Store};

/// How long a presence may take to show. Only a presence that never shows is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

async fn member<S: Membership>(s: &S, id: InstanceId) -> Option<Member> {
    s.poll().await.expect("polled").members.into_iter().find(|member| member.id == id)
}

pub(super) async fn a_data_set_has_one_identity<S: Store>(s: S, scope: Scope) {
    let bits = |number| scope.instance(number).bits();
    let first = s.ensure_data_set(DataSetId(bits(1))).await.expect("one");
    let second = s.ensure_data_set(DataSetId(bits(2))).await.expect("the same");
    assert_eq!(first, second);
    let polled = s.poll().await.expect("polled").identity;
    assert_eq!(polled.data_set, Some(first));
    assert!(!polled.primary.0.is_empty());
    assert_eq!(s.poll().await.expect("polled").identity, polled, "it does not change by itself");
}

pub(super) async fn a_beat_shows_in_the_next_poll<S: Store>(s: S, scope: Scope) {
    let (me, other) = (scope.instance(1), scope.instance(2));
    assert_eq!(member(&s, me).await, None);
    let before = s.poll().await.expect("polled").now;
    let at = s.beat(me, Beat(1), &record()).await.expect("beaten");
    assert!(at >= before, "the store's clock");
    let draining = InstanceRecord { phase: Phase::Draining, ..record() };
    s.beat(me, Beat(2), &draining).await.expect("beaten");
    s.beat(other, Beat(9), &record()).await.expect("beaten");

    let found = member(&s, me).await.expect("a member");
    assert_eq!((found.beat, found.record, found.presence), (Beat(2), draining, Presence::Absent));
    let members = s.poll().await.expect("polled").members;
    assert!(members.is_sorted_by_key(|member| member.id));
}

pub(super) async fn a_beat_behind_the_stored_one_is_a_duplicate<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    s.beat(me, Beat(7), &record()).await.expect("beaten");
    let joining = InstanceRecord { phase: Phase::Joining, ..record() };
    for beat in [1, 6, 7] {
        let refused = s.beat(me, Beat(beat), &joining).await;
        assert_eq!(refused, Err(BeatError::Duplicate(Beat(7))), "beat {beat}");
    }
    assert_eq!(member(&s, me).await.expect("a member").record, record());
}

pub(super) async fn the_same_beat_again_is_no_duplicate<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    s.beat(me, Beat(7), &record()).await.expect("beaten");
    s.beat(me, Beat(7), &record()).await.expect("the answer was lost");
    s.beat(me, Beat(9), &record()).await.expect("one was lost on its way");
}

pub(super) async fn a_forgotten_instance_is_gone<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    s.beat(me, Beat(7), &record()).await.expect("beaten");
    for other in [6, 8] {
        s.forget(me, Beat(other)).await.expect("nothing to forget");
        assert!(member(&s, me).await.is_some(), "it has beaten since");
    }
    s.forget(me, Beat(7)).await.expect("forgotten");
    assert_eq!(member(&s, me).await, None);
    s.forget(me, Beat(7)).await.expect("forgotten again");
}

pub(super) async fn a_store_in_good_health_is_safe<S: Store>(s: S, _scope: Scope) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while s.safety().await != Ok(Safety::Safe) {
        let now = s.safety().await;
        assert!(tokio::time::Instant::now() < deadline, "{now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn presence_shows_while_it_is_held<S: Store>(s: S, scope: Scope) {
    let (me, other) = (scope.instance(1), scope.instance(2));
    s.beat(me, Beat(1), &record()).await.expect("beaten");
    s.beat(other, Beat(1), &record()).await.expect("beaten");
    let presence = s.hold_presence(me).await.expect("held");
    assert!(presence.is_held());
    until(&s, me, Presence::Subscribed).await;
    let nobodys = member(&s, other).await.expect("a member").presence;
    assert_eq!(nobodys, Presence::Absent);
    drop(presence);
    until(&s, me, Presence::Absent).await;
}

async fn until<S: Store>(s: &S, id: InstanceId, wanted: Presence) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while member(s, id).await.expect("a member").presence != wanted {
        assert!(tokio::time::Instant::now() < deadline, "never became {wanted:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
