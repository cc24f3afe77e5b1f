//! What the streams hold, as the judge wants to see it.

use std::time::Duration;

use baton_mock_discord::audit::{Entry, EntrySession};
use baton_model::{AppName, AppShape};
use baton_store::{Apps, EntryBody, Events, StoreError, StreamId};
use baton_store_valkey::Valkey;
use bytes::Bytes;
use tokio::time::sleep;

/// How long the streams must stand still until all is taken to have arrived.
const QUIET: Duration = Duration::from_secs(3);

/// Entries read in one go.
const READ_AT_ONCE: usize = 4_096;

/// What the streams hold when nothing more comes.
///
/// # Errors
/// If the store cannot be read.
///
/// # Panics
/// If something else than an entry stands there.
pub async fn settled(store: &Valkey, app: &AppName) -> Result<Vec<Entry>, StoreError> {
    let mut held = entries(store, app).await?;
    loop {
        sleep(QUIET).await;
        let again = entries(store, app).await?;
        if again.len() == held.len() {
            return Ok(again);
        }
        held = again;
    }
}

/// All entries of all lanes of an app; none if the store does not know the app.
///
/// # Errors
/// If the store cannot be read.
///
/// # Panics
/// If something else than an entry stands there.
pub async fn entries(store: &Valkey, app: &AppName) -> Result<Vec<Entry>, StoreError> {
    let mut all = Vec::new();
    let Some(AppShape { lanes, .. }) = store.app_shape(app).await? else {
        return Ok(all);
    };
    for lane in lanes.lanes() {
        let mut after = StreamId::default();
        loop {
            let read = store.entries(app, lane, after, READ_AT_ONCE).await?;
            let Some((last, _)) = read.last() else {
                break;
            };
            after = *last;
            all.extend(read.into_iter().map(|(_, entry)| judged(entry.expect("an entry"))));
        }
    }
    Ok(all)
}

fn judged(entry: baton_store::Entry) -> Entry {
    let (seq, name, bytes, at) = match entry.body {
        EntryBody::Dispatch(dispatch) => (dispatch.seq, dispatch.name, dispatch.frame, dispatch.at),
        EntryBody::Marker { seq, at, marker } => {
            let body = serde_json::to_vec(&marker).expect("a marker is JSON");
            (seq, marker.name(), Bytes::from(body), at)
        }
    };
    let session = EntrySession::Number(entry.session);
    Entry { shard: entry.shard, session, seq, name, bytes, at }
}
