//! Trimming, as far as entries can be trimmed that were written a moment ago.

use std::time::Duration;

use baton_model::Lane;

use super::scope::{Scope, append, live, stream};
use crate::{Store, StreamId, Trim, Trimmable, Trimmed};

/// Nothing is to be kept.
const EVERYTHING: Trim =
    Trim { min_age: Duration::ZERO, entries_max: 0, bytes_max: 0, live_within: Duration::ZERO };

pub(super) async fn an_empty_lane_has_nothing_to_trim<S: Store>(s: S, scope: Scope) {
    let ahead = s.trimmable(scope.app(), Lane(0), &EVERYTHING).await;
    assert_eq!(ahead, Ok(Trimmable::default()));
    let trimmed = s.trim(scope.app(), Lane(0), &EVERYTHING).await;
    assert_eq!(trimmed, Ok(Trimmed::default()));
    assert_eq!(stream(&s, &scope).await, []);
}

pub(super) async fn what_a_failover_can_lose_is_never_trimmed<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 10)).await.expect("appended");
    let before = stream(&s, &scope).await;
    let ahead = s.trimmable(scope.app(), Lane(0), &EVERYTHING).await;
    assert_eq!(ahead, Ok(Trimmable::default()));
    let trimmed = s.trim(scope.app(), Lane(0), &EVERYTHING).await.expect("trimmed");
    assert_eq!((trimmed.removed, trimmed.unread, trimmed.length), (0, 0, 11));
    let first = s.entries(scope.app(), Lane(0), StreamId::START, 1).await.expect("read");
    assert_eq!(trimmed.oldest, first.first().map(|(id, _)| *id));
    let frames: usize = (1..=10).map(|seq| format!("{seq}").len()).sum();
    assert!(trimmed.bytes > frames as u64, "{trimmed:?}");
    assert_eq!(stream(&s, &scope).await, before);
}
