//! Writes conflicts down in the store, where they can be read when somebody asks.

use std::hash::{BuildHasher, Hasher, RandomState};

use baton_model::limits::STORE_ANSWER_TIMEOUT;
use baton_store::{Conflict, ConflictId, Store};
use tokio::{sync::mpsc, time::timeout};

use crate::{clock::unix_micros, supervisor::Dispute};

/// Writes down what comes, one after the other, until nothing can come any more. What the store
/// does not take stands in the log alone: nothing is decided by it.
pub(crate) async fn record<S: Store>(store: S, mut disputes: mpsc::UnboundedReceiver<Dispute>) {
    while let Some(dispute) = disputes.recv().await {
        let conflict = conflict(dispute);
        tracing::warn!(?conflict, "conflict");
        match timeout(STORE_ANSWER_TIMEOUT, store.record_conflict(&conflict)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = error.to_string(), "it is not written down"),
            Err(_) => tracing::warn!("it may not be written down: the store did not answer"),
        }
    }
}

fn conflict(dispute: Dispute) -> Conflict {
    let Dispute { kind, instances, shard, epochs, resolution } = dispute;
    // The standard library seeds its hashers at random.
    let id = ConflictId(RandomState::new().build_hasher().finish());
    let (resolution, at) = (resolution.to_owned(), unix_micros());
    Conflict { id, kind, instances, shard, epochs, resolution, at }
}
