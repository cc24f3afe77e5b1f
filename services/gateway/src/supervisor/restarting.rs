//! A shard's task that made no progress and was started afresh.

use baton_fleet::Departure;
use baton_model::{Expected, Moment, ShardKey};

use super::{Ask, Hosted, Supervisor};

impl Supervisor {
    /// The new task knows nothing. It claims what the old one holds, although it is ours: under a
    /// new epoch, so that the old one, should it wake, writes nothing.
    pub(super) fn on_restarted(&mut self, shard: &ShardKey) {
        let Some(old) = self.hosted.remove(shard) else {
            return;
        };
        self.arrivals.remove(shard);
        self.introduce(shard);
        let Some(epoch) = old.held else {
            return;
        };
        let expected = Expected { holder: Some(self.me), epoch };
        self.errand(shard, baton_shard::Input::Claim { expected });
        let hosted = self.hosted.entry(shard.clone()).or_default();
        *hosted = Hosted {
            errands: hosted.errands,
            is_restarted: true,
            held: Some(epoch),
            was_live: old.was_live,
            ..Hosted::default()
        };
    }

    /// The new task did not get what the old one held: the instance was not sure of its leases, or
    /// the store has changed. Says whether that is so. As far as is known nobody here holds the
    /// shard then, and whoever may claim it does, this instance among them.
    pub(super) fn has_lost_by_restart(&mut self, shard: &ShardKey, now: Moment) -> bool {
        let Some(hosted) = self.hosted.get_mut(shard) else {
            return false;
        };
        let (true, Some(epoch)) = (std::mem::take(&mut hosted.is_restarted), hosted.held) else {
            return false;
        };
        self.on_let_go(shard.clone(), epoch, Departure::Fenced, now);
        self.ask(Ask::Row(shard.clone()));
        true
    }
}
