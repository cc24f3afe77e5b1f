//! What the streams hold, as the judge wants to see it.

use baton_mock_discord::audit::{Entry, EntrySession};
use baton_model::{AppName, LaneCount};
use baton_store::{EntryBody, Events, StreamId};
use bytes::Bytes;

/// Entries read in one go.
const READ_AT_ONCE: usize = 4_096;

/// All entries of all lanes of an app.
///
/// # Panics
/// If the store cannot be read.
pub async fn entries<S: Events>(store: &S, app: &AppName, lanes: LaneCount) -> Vec<Entry> {
    let lanes = lanes_of(store, app, lanes).await;
    lanes.into_iter().flatten().map(|(_, entry)| entry).collect()
}

/// The entries of each lane of an app, with the store's time when it took them in.
///
/// # Panics
/// If the store cannot be read.
pub async fn lanes_of<S: Events>(
    store: &S,
    app: &AppName,
    lanes: LaneCount,
) -> Vec<Vec<(StreamId, Entry)>> {
    let mut all = Vec::new();
    for lane in lanes.lanes() {
        let mut entries = Vec::new();
        let mut after = StreamId::default();
        loop {
            let read = store.entries(app, lane, after, READ_AT_ONCE).await.expect("readable");
            let Some((last, _)) = read.last() else {
                break;
            };
            after = *last;
            entries.extend(
                read.into_iter().map(|(id, entry)| (id, judged(entry.expect("it is one")))),
            );
        }
        all.push(entries);
    }
    all
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
