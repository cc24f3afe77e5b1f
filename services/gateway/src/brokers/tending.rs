//! Tending streams of others: what need not be kept goes, and what their readers leave behind.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use baton_model::{
    AppName,
    limits::{ENTRIES_TRIMMED_MAX, TRIM_AGAIN, TRIM_PERIOD},
};
use baton_store::{Store, StoreError, Tend, Tended, Trim};
use tokio::time::sleep;

use crate::lane_face::LaneFace;

/// The pause before an operator is told again that entries go unread.
const TELL_PAUSE: Duration = Duration::from_secs(10);

/// Tends one app's streams.
pub(super) struct Tender<'a, S> {
    pub(super) app: &'a AppName,
    pub(super) store: &'a S,
    pub(super) face: &'a LaneFace,
    /// The stream of commands.
    pub(super) outgoing: &'a str,
    pub(super) keep: Trim,
    pub(super) group_idle_max: Duration,
}

impl<S: Store> Tender<'_, S> {
    pub(super) async fn run(&self) -> Infallible {
        let mut told_at: Option<Instant> = None;
        let mut untold = 0;
        let mut pause = TRIM_PERIOD;
        loop {
            sleep(pause).await;
            pause = TRIM_PERIOD;
            match self.tend_all().await {
                Ok((is_all, unread)) => {
                    untold += unread;
                    if !is_all {
                        pause = TRIM_AGAIN;
                    }
                }
                Err(error) => {
                    let (app, error) = (self.app, error.to_string());
                    tracing::debug!(%app, error, "streams for brokers were not tended");
                }
            }
            if untold > 0 && told_at.is_none_or(|at| at.elapsed() >= TELL_PAUSE) {
                let (app, entries) = (self.app, std::mem::take(&mut untold));
                tracing::warn!(%app, entries, "copies of events were trimmed unread");
                told_at = Some(Instant::now());
            }
        }
    }

    /// Says whether nothing is left that could go, and how many went unread.
    async fn tend_all(&self) -> Result<(bool, u64), StoreError> {
        let mut streams = self.store.copied_streams(self.app).await?;
        streams.push(self.outgoing.to_owned());
        let (mut is_all, mut unread) = (true, 0);
        for stream in &streams {
            let Tended { trimmed, groups_removed } = self.tend(stream).await?;
            self.face.count_tended(trimmed.unread, groups_removed.len());
            is_all &= trimmed.removed < ENTRIES_TRIMMED_MAX;
            unread += trimmed.unread;
            if !groups_removed.is_empty() {
                let (app, groups) = (self.app, groups_removed.join(" "));
                tracing::info!(%app, stream, groups, "nobody reads with these groups; removed");
            }
        }
        Ok((is_all, unread))
    }

    async fn tend(&self, stream: &str) -> Result<Tended, StoreError> {
        let Self { app, keep, group_idle_max, .. } = *self;
        self.store.tend(Tend { app, stream, keep, group_idle_max }).await
    }
}
