//! Stalled shards of living instances.
//!
//! A lease per instance does not notice one shard that hangs, so every instance lists its stalled
//! shards in its record. One that stays on the list is free for others, although its owner lives.
//! As with beats, only polls close enough together are one observation.

use std::collections::{BTreeMap, BTreeSet};

use baton_model::{
    Moment, ShardKey,
    limits::{EVIDENCE_POLL_GAP_MAX, WATCHDOG_FREE},
};

use crate::asking::Look;

/// Since when each of an instance's shards has been listed.
#[derive(Debug, Default)]
pub(crate) struct StalledWatch {
    listed: BTreeMap<ShardKey, Look>,
    last_issued: Moment,
}

impl StalledWatch {
    /// Adds a successful poll.
    pub(crate) fn observe(&mut self, stalled: &BTreeSet<ShardKey>, look: Look) {
        let is_continuous = look.issued.since(self.last_issued) <= EVIDENCE_POLL_GAP_MAX;
        let before = std::mem::take(&mut self.listed);
        for shard in stalled {
            let since = before.get(shard).filter(|_| is_continuous);
            self.listed.insert(shard.clone(), since.copied().unwrap_or(look));
        }
        self.last_issued = look.issued;
    }

    /// Whether others may claim the shard.
    pub(crate) fn is_free(&self, shard: &ShardKey) -> bool {
        self.listed
            .get(shard)
            .is_some_and(|first| self.last_issued.since(first.answered) >= WATCHDOG_FREE)
    }

    /// The shards that others may claim.
    pub(crate) fn free(&self) -> impl Iterator<Item = &ShardKey> {
        self.listed.keys().filter(|shard| self.is_free(shard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    fn shard() -> ShardKey {
        ShardKey { app: "app".parse().unwrap(), generation: Generation(0), number: ShardNumber(1) }
    }

    fn free_after(polls: impl IntoIterator<Item = (u64, bool)>) -> bool {
        let mut watch = StalledWatch::default();
        for (seconds, is_listed) in polls {
            let at = Moment::from_millis(seconds * 1_000);
            let look = Look { issued: at, answered: at };
            let stalled = is_listed.then(shard).into_iter().collect();
            watch.observe(&stalled, look);
        }
        watch.is_free(&shard())
    }

    #[test]
    fn a_shard_listed_for_ten_seconds_is_free() {
        assert!(!free_after((20..30).map(|second| (second, true))));
        assert!(free_after((20..31).map(|second| (second, true))));
    }

    #[test]
    fn a_shard_that_recovered_in_between_starts_over() {
        assert!(!free_after((20..31).map(|second| (second, second != 25))));
    }

    #[test]
    fn an_observer_that_did_not_look_has_seen_nothing() {
        assert!(!free_after([(20, true), (21, true), (31, true)]));
    }
}
