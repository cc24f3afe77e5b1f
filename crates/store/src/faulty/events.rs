//! Events over a bad connection.

use baton_model::{AppName, Lane, Seq, SessionNumber};

use super::{Fate, Faulty};
use crate::{
    Append, AppendError, BeginError, Events, FoundEntry, Hold, NewSession, StoreError, StreamId,
    Trim, Trimmable, Trimmed,
};

impl<S: Events + Sync> Events for Faulty<S> {
    async fn append(&self, append: &Append) -> Result<Seq, AppendError> {
        self.through(self.store.append(append)).await
    }

    /// A connection that breaks in the middle: some appends are answered, some only done, the
    /// rest never arrives.
    async fn append_all(&self, appends: &[Append]) -> Vec<Result<Seq, AppendError>> {
        self.delay().await;
        let length = appends.len() as u64;
        let (done, answered) = match self.fate() {
            Fate::Served => (length, length),
            Fate::RequestLost | Fate::Unavailable => (0, 0),
            Fate::ReplyLost => {
                let done = self.roll(length + 1);
                (done, self.roll(done + 1))
            }
        };
        let done = usize::try_from(done).unwrap_or(appends.len());
        let answered = usize::try_from(answered).unwrap_or(appends.len());
        let mut answers = self.store.append_all(&appends[..done]).await;
        answers.truncate(answered);
        let broken = || Err(StoreError::unknown("connection broke").into());
        answers.resize_with(appends.len(), broken);
        answers
    }

    async fn begin_session(
        &self,
        hold: &Hold,
        session: &NewSession,
    ) -> Result<SessionNumber, BeginError> {
        self.through(self.store.begin_session(hold, session)).await
    }

    async fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundEntry)>, StoreError> {
        self.through(self.store.entries(app, lane, after, count)).await
    }

    async fn trim(&self, app: &AppName, lane: Lane, trim: &Trim) -> Result<Trimmed, StoreError> {
        self.through(self.store.trim(app, lane, trim)).await
    }

    async fn trimmable(
        &self,
        app: &AppName,
        lane: Lane,
        trim: &Trim,
    ) -> Result<Trimmable, StoreError> {
        self.through(self.store.trimmable(app, lane, trim)).await
    }
}
