//! Conflicts on Valkey.

use baton_model::limits::CONFLICTS_KEPT_MAX;
use baton_store::{Conflict, Conflicts, StoreError, StreamId, key::Key};

use crate::{Valkey, events::stream_element, reply::Reply};

impl Conflicts for Valkey {
    async fn record_conflict(&self, conflict: &Conflict) -> Result<(), StoreError> {
        let key = Key::Conflicts(&self.config().fleet).to_string();
        let mut command = redis::cmd("XADD");
        command.arg(key).arg("MAXLEN").arg(CONFLICTS_KEPT_MAX).arg("*");
        for (name, value) in conflict.encode() {
            command.arg(name).arg(value.as_ref());
        }
        self.data().send_one(command).await.map(drop)
    }

    async fn conflicts(
        &self,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, Conflict)>, StoreError> {
        let key = Key::Conflicts(&self.config().fleet).to_string();
        let reply = self.read_stream(&key, after, count).await?;
        reply.list()?.iter().map(|element| read_conflict(&key, element)).collect()
    }
}

fn read_conflict(key: &str, element: &Reply) -> Result<(StreamId, Conflict), StoreError> {
    let (id, fields) = stream_element(key, element)?;
    let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
    let corrupt =
        |error| StoreError::corrupt(format!("{key} {id}"), format!("{error}"), "a conflict");
    Ok((id, Conflict::decode(fields).map_err(corrupt)?))
}
