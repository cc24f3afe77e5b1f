//! A shard's task that made no progress and was started afresh.

use baton_model::{Expected, ShardKey};

use super::{Hosted, Supervisor};

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
            held: Some(epoch),
            was_live: old.was_live,
            ..Hosted::default()
        };
    }
}
