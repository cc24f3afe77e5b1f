//! Operators of an embedded store: they come in by its folder, for no other process can open it.

use std::path::Path;

use baton_store_embedded::{EmbeddedStore, OperatorOptions, OperatorSocket};
use tokio::runtime::Handle;

/// Has them come in for as long as this is kept. Where the folder's disk has no sockets, the
/// instance runs all the same.
pub(super) fn attend(
    store: &EmbeddedStore,
    folder: &Path,
    options: OperatorOptions,
    shards: &Handle,
) -> Option<OperatorSocket> {
    let _inside = shards.enter();
    let listening = OperatorSocket::listen(store, folder, options);
    listening
        .inspect_err(|error| {
            let (folder, error) = (folder.display(), error.to_string());
            tracing::warn!(%folder, error, "operators cannot come in: no socket");
        })
        .ok()
}
