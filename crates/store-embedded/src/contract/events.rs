//! Events.

use baton_model::{AppName, Lane, Seq, SessionNumber};
use baton_store::{
    Append, AppendError, BeginError, Events, FoundEntry, Hold, NewSession, StoreError, StreamId,
    Trim, Trimmable, Trimmed,
};

use crate::EmbeddedStore;

impl Events for EmbeddedStore {
    async fn append(&self, append: &Append) -> Result<Seq, AppendError> {
        self.live.run(|at| at.state.append(at.now, append)).await?
    }

    async fn append_all(&self, appends: &[Append]) -> Vec<Result<Seq, AppendError>> {
        let answers = self.live.run(|at| {
            let each = appends.iter();
            each.map(|append| at.state.append(at.now, append)).collect()
        });
        match answers.await {
            Ok(answers) => answers,
            Err(error) => vec![Err(error.into()); appends.len()],
        }
    }

    async fn begin_session(
        &self,
        hold: &Hold,
        session: &NewSession,
    ) -> Result<SessionNumber, BeginError> {
        self.live.run(|at| at.state.begin_session(at.now, hold, session)).await?
    }

    async fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundEntry)>, StoreError> {
        let found = self.live.run(|at| at.state.entries(app, lane, after, count)).await?;
        // Here only what could be read has been taken in.
        Ok(found.into_iter().map(|(id, entry)| (id, Ok(entry))).collect())
    }

    async fn trim(&self, app: &AppName, lane: Lane, trim: &Trim) -> Result<Trimmed, StoreError> {
        self.live.run(|at| at.state.trim(at.now, app, lane, trim)).await
    }

    async fn trimmable(
        &self,
        app: &AppName,
        lane: Lane,
        trim: &Trim,
    ) -> Result<Trimmable, StoreError> {
        self.live.run(|at| at.state.trimmable(at.now, app, lane, trim)).await
    }
}
