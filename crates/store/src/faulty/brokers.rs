//! Streams of others over a bad connection.

use std::time::Duration;

use baton_model::AppName;

use super::Faulty;
use crate::{
    AppendError, Appended, Brokers, CopiedAppend, OutgoingEntry, Route, RouteError, StoreError,
    StreamId, Tend, Tended,
};

impl<S: Brokers + Sync> Brokers for Faulty<S> {
    async fn append_copied(&self, appends: &[CopiedAppend]) -> Vec<Result<Appended, AppendError>> {
        let all = async { Ok(self.store.append_copied(appends).await) };
        match self.through::<_, StoreError>(all).await {
            Ok(answers) => answers,
            Err(error) => appends.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }

    async fn copied_streams(&self, app: &AppName) -> Result<Vec<String>, StoreError> {
        self.through(self.store.copied_streams(app)).await
    }

    async fn tend(&self, tend: Tend<'_>) -> Result<Tended, StoreError> {
        self.through(self.store.tend(tend)).await
    }

    async fn routed(&self, stream: &str, age_max: Duration) -> Result<StreamId, StoreError> {
        self.through(self.store.routed(stream, age_max)).await
    }

    async fn outgoing(
        &self,
        stream: &str,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<OutgoingEntry>, StoreError> {
        self.through(self.store.outgoing(stream, after, count)).await
    }

    async fn await_outgoing(&self, stream: &str, after: StreamId) -> Result<(), StoreError> {
        self.through(self.store.await_outgoing(stream, after)).await
    }

    async fn route(&self, route: Route<'_>) -> Result<(), RouteError> {
        self.through(self.store.route(route)).await
    }
}
