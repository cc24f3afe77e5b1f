//! Streams of others: there are none here. Who reads them would have to find their names as they
//! are, and a configuration that wants them is refused before it comes to this.

use std::time::Duration;

use baton_model::AppName;
use baton_store::{
    AppendError, Appended, Brokers, CopiedAppend, OutgoingEntry, Route, RouteError, StoreError,
    StreamId, Tend, Tended,
};

use crate::EmbeddedStore;

fn none_here() -> StoreError {
    StoreError::refused("an embedded store has no streams for @discordjs/brokers; use a Valkey")
}

impl Brokers for EmbeddedStore {
    async fn append_copied(&self, appends: &[CopiedAppend]) -> Vec<Result<Appended, AppendError>> {
        appends.iter().map(|_| Err(none_here().into())).collect()
    }

    async fn copied_streams(&self, _app: &AppName) -> Result<Vec<String>, StoreError> {
        Err(none_here())
    }

    async fn tend(&self, _tend: Tend<'_>) -> Result<Tended, StoreError> {
        Err(none_here())
    }

    async fn routed(&self, _stream: &str, _age_max: Duration) -> Result<StreamId, StoreError> {
        Err(none_here())
    }

    async fn outgoing(
        &self,
        _stream: &str,
        _after: StreamId,
        _count: usize,
    ) -> Result<Vec<OutgoingEntry>, StoreError> {
        Err(none_here())
    }

    async fn await_outgoing(&self, _stream: &str, _after: StreamId) -> Result<(), StoreError> {
        Err(none_here())
    }

    async fn route(&self, _route: Route<'_>) -> Result<(), RouteError> {
        Err(none_here().into())
    }
}
