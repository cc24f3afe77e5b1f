//! Connections in a loop: too many of one shard, or of nobody, in ten seconds.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use baton_model::Moment;

use crate::Slice;

const WINDOW: Duration = Duration::from_secs(10);

/// When whom a connection was for. Nobody means that it ended before it had said so.
#[derive(Debug, Default)]
pub(super) struct Storms(BTreeMap<Option<Slice>, VecDeque<Moment>>);

impl Storms {
    /// Counts a connection, and says whether it makes a storm.
    pub(super) fn count(&mut self, of: Option<Slice>, most: usize, now: Moment) -> bool {
        let times = self.0.entry(of).or_default();
        while times.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            times.pop_front();
        }
        times.push_back(now);
        times.len() > most
    }
}
