//! The journal on Valkey.

use baton_model::limits::JOURNAL_KEPT_MAX;
use baton_store::{FoundHappening, Happening, Journal, StoreError, StreamId, key::Key};

use crate::{Valkey, events::stream_element, reply::Reply};

impl Journal for Valkey {
    async fn note(&self, happening: &Happening) -> Result<(), StoreError> {
        let mut command = redis::cmd("XADD");
        // A rough trim costs nothing: it takes only what can go as a whole.
        command.arg(self.journal()).arg("MAXLEN").arg("~").arg(JOURNAL_KEPT_MAX).arg("*");
        for (name, value) in happening.encode() {
            command.arg(name).arg(value.as_ref());
        }
        self.data().send_one(command).await.map(drop)
    }

    async fn happenings(
        &self,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
        let key = self.journal();
        found(&key, &self.read_stream(&key, after, count).await?)
    }

    async fn recent(
        &self,
        before: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
        if before == StreamId::START {
            return Ok(Vec::new()); // nothing stands ahead of it, and the server refuses to look
        }
        let key = self.journal();
        let mut command = redis::cmd("XREVRANGE");
        command.arg(&key).arg(format!("({before}")).arg("-").arg("COUNT").arg(count);
        found(&key, &self.data().send_one(command).await?)
    }
}

impl Valkey {
    fn journal(&self) -> String {
        Key::Journal(&self.config().fleet).to_string()
    }
}

fn found(key: &str, reply: &Reply) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
    let elements = reply.list()?.iter().map(|element| {
        let (id, fields) = stream_element(key, element)?;
        let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
        Ok((id, Happening::decode(fields)))
    });
    elements.collect()
}
