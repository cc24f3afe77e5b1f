//! Conflicts are remembered. Cases share the fleet, so each looks for its own.

use std::collections::BTreeSet;

use baton_model::{Epoch, InstanceId, UnixMicros};

use super::scope::Scope;
use crate::{Conflict, ConflictId, ConflictKind, Conflicts, Store, StreamId};

fn conflict(scope: &Scope, number: u8, kind: ConflictKind) -> Conflict {
    Conflict {
        id: ConflictId(u64::from(number)),
        kind,
        instances: [scope.instance(1), scope.instance(2)].into(),
        shard: Some(scope.shard(7).shard),
        epochs: [Epoch(3), Epoch(4)].into(),
        resolution: "the later lease \u{2192} stands".to_owned(),
        at: UnixMicros(u64::from(number)),
    }
}

/// The case's own conflicts.
async fn ours<S: Conflicts>(s: &S, scope: &Scope) -> Vec<(StreamId, Conflict)> {
    let mut all = s.conflicts(StreamId::START, 10_000).await.expect("read");
    let ours: BTreeSet<InstanceId> = [scope.instance(1), scope.instance(2)].into();
    all.retain(|(_, conflict)| conflict.instances == ours);
    all
}

pub(super) async fn a_conflict_is_read_as_it_was_written_down<S: Store>(s: S, scope: Scope) {
    let kinds = [
        ConflictKind::Fenced,
        ConflictKind::RolledBack,
        ConflictKind::TugOfWar,
        ConflictKind::ForeignSession,
        ConflictKind::Impostor,
    ];
    let mut written: Vec<_> = (0..).zip(kinds).map(|(n, kind)| conflict(&scope, n, kind)).collect();
    written[3].shard = None;
    written[4].epochs.clear();
    for conflict in &written {
        s.record_conflict(conflict).await.expect("written down");
    }
    let found = ours(&s, &scope).await;
    assert!(found.is_sorted_by_key(|(id, _)| *id));
    let first = found[0].0;
    assert!(found.into_iter().map(|(_, conflict)| conflict).eq(written));
    let next = s.conflicts(first, 1).await.expect("read");
    assert!(next.len() == 1 && next[0].0 > first, "{next:?}");
}

pub(super) async fn a_conflict_that_is_told_twice_is_the_same_by_its_id<S: Store>(
    s: S,
    scope: Scope,
) {
    let told = conflict(&scope, 9, ConflictKind::Fenced);
    for _ in 0..2 {
        s.record_conflict(&told).await.expect("written down");
    }
    let found = ours(&s, &scope).await;
    assert!(!found.is_empty() && found.iter().all(|(_, conflict)| conflict.id == told.id));
}
