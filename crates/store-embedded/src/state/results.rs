//! Results of commands: what their senders are told, for a few minutes.
//!
//! They are no part of the state, and never on the disk: whoever waits for one waits in vain if
//! the process ends, as it does if the instance ends that should have written it.

use std::collections::{BTreeMap, VecDeque};

use baton_model::{
    AppName, Lane, StoreMillis,
    limits::{RESULTS_KEPT, RESULTS_KEPT_MAX},
};
use baton_store::{AnswerError, CommandResult, StreamId, is_awaited};

use super::{LaneAddress, Record, stream::next_id};

/// The results that are kept, by lane and by the name under which somebody waits.
#[derive(Debug, Default)]
pub struct KeptResults {
    streams: BTreeMap<(LaneAddress, String), Results>,
}

#[derive(Debug)]
struct Results {
    until: StoreMillis,
    items: VecDeque<(StreamId, CommandResult)>,
}

impl KeptResults {
    /// See [`Commands::answer_command`](baton_store::Commands::answer_command).
    ///
    /// # Errors
    /// [`AnswerError::ReplyToTooLong`] if nothing is kept under such a name.
    pub fn add(
        &mut self,
        now: StoreMillis,
        app: &AppName,
        lane: Lane,
        result: &CommandResult,
    ) -> Result<(), AnswerError> {
        if !is_awaited(result)? {
            return Ok(());
        }
        self.streams.retain(|_, results| results.until > now);
        let until = now.after(RESULTS_KEPT);
        let results = self.streams.entry(place(app, lane, &result.reply_to));
        let results = results.or_insert(Results { until, items: VecDeque::new() });
        let id = next_id(results.items.back().map(|(id, _)| *id), now);
        results.until = until;
        results.items.push_back((id, result.clone()));
        if results.items.len() > RESULTS_KEPT_MAX {
            results.items.pop_front();
        }
        Ok(())
    }

    /// See [`Commands::results`](baton_store::Commands::results).
    #[must_use]
    pub fn behind(
        &self,
        now: StoreMillis,
        (app, lane, reply_to): (&AppName, Lane, &str),
        after: StreamId,
    ) -> Vec<(StreamId, CommandResult)> {
        let results = self.streams.get(&place(app, lane, reply_to));
        let Some(results) = results.filter(|results| results.until > now) else {
            return Vec::new();
        };
        let first = results.items.partition_point(|(id, _)| *id <= after);
        results.items.range(first..).cloned().collect()
    }

    /// The results for a name as records, oldest first; none if nothing is kept for it.
    #[must_use]
    pub fn records(
        &self,
        now: StoreMillis,
        lane: &LaneAddress,
        reply_to: &str,
    ) -> Option<Vec<(StreamId, Record)>> {
        let key = (lane.clone(), reply_to.to_owned());
        let results = self.streams.get(&key).filter(|results| results.until > now)?;
        let items = results.items.iter();
        Some(items.map(|(id, result)| (*id, Record::from(result.encode()))).collect())
    }

    /// For how many names results are kept.
    #[must_use]
    pub fn names(&self) -> usize {
        self.streams.len()
    }
}

fn place(app: &AppName, lane: Lane, reply_to: &str) -> (LaneAddress, String) {
    (LaneAddress { app: app.clone(), lane }, reply_to.to_owned())
}
