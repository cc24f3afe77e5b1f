//! Conflicts do not fill the store.

mod support;

use std::collections::BTreeSet;

use baton_model::{UnixMicros, limits::CONFLICTS_KEPT_MAX};
use baton_store::{Conflict, ConflictId, ConflictKind, Conflicts, StreamId};
use baton_test_servers::{Program, Server};
use support::open_at;

#[tokio::test]
async fn the_last_conflicts_are_kept() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let count = CONFLICTS_KEPT_MAX as u64 + 7;
    for id in 0..count {
        let conflict = Conflict {
            id: ConflictId(id),
            kind: ConflictKind::TugOfWar,
            instances: BTreeSet::new(),
            shard: None,
            epochs: BTreeSet::new(),
            resolution: String::new(),
            at: UnixMicros(0),
        };
        store.record_conflict(&conflict).await.expect("written down");
    }
    let kept = store.conflicts(StreamId::START, CONFLICTS_KEPT_MAX * 2).await.expect("read");
    assert!(kept.iter().map(|(_, conflict)| conflict.id.0).eq(7..count), "{}", kept.len());
}
