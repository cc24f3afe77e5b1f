//! Rows that were read, as far as they concern the shards here.

use baton_fleet::{RequestId, Sweep};
use baton_model::{Holding, InstanceId, LeaseRow, Moment, ShardKey};

use super::{Hosted, Supervisor, hosted::Origin};

impl Supervisor {
    pub(super) fn on_swept(&mut self, request: RequestId, mut sweep: Sweep, now: Moment) {
        let asked_at = self.swept_at;
        sweep.rows.retain(|shard, _| self.concerns_fleet(shard));
        let rows = sweep.rows.iter();
        let of_interest = rows.filter(|(shard, row)| self.is_news(shard, row, asked_at));
        let of_interest: Vec<_> =
            of_interest.map(|(shard, row)| (shard.clone(), row.clone())).collect();
        self.tell_fleet(baton_fleet::Input::Swept(request, sweep), now);
        for (shard, row) in of_interest {
            self.show_row(&shard, row);
        }
    }

    pub(super) fn on_row(&mut self, shard: &ShardKey, row: Option<LeaseRow>, now: Moment) {
        let Some(row) = row else {
            return;
        };
        if self.must_wait(&row) {
            return;
        }
        let names_us = self.names_us(&row);
        if self.arrivals.contains_key(shard) && !names_us {
            self.warm(shard, row.session, now);
        } else if names_us || self.hosted.contains_key(shard) {
            self.show_row(shard, row);
        }
    }

    /// Shows a shard's task its row. An offer tells where the lease comes from.
    fn show_row(&mut self, shard: &ShardKey, row: LeaseRow) {
        let offerer = self.offerer(&row);
        self.errand(shard, baton_shard::Input::Row(row));
        if let Some(offerer) = offerer {
            self.hosted.entry(shard.clone()).or_default().origin = Origin::Offered(offerer);
        }
    }

    /// Whether a row says of this instance what its shard does not know.
    fn is_news(&self, shard: &ShardKey, row: &LeaseRow, asked_at: Moment) -> bool {
        let is_held = |hosted: &Hosted| hosted.held == Some(row.epoch);
        let is_known = self.hosted.get(shard).is_some_and(is_held);
        // Read before the lease ended: so it was then.
        let is_past =
            self.past.get(shard).is_some_and(|past| row.epoch <= past.epoch && asked_at <= past.at);
        self.names_us(row) && !is_known && !is_past && !self.must_wait(row)
    }

    /// An offer is not taken from a store that might forget who took it. Its source takes it back,
    /// or the next look finds it here still.
    fn must_wait(&self, row: &LeaseRow) -> bool {
        self.offerer(row).is_some() && !self.fleet.trusts_store()
    }

    /// Who offers the lease to this instance, if somebody does.
    fn offerer(&self, row: &LeaseRow) -> Option<InstanceId> {
        match row.holding {
            Holding::Offered { owner, to, .. } if to == self.me && owner != self.me => Some(owner),
            Holding::Offered { .. } | Holding::Free | Holding::Owned { .. } => None,
        }
    }

    fn names_us(&self, row: &LeaseRow) -> bool {
        match row.holding {
            Holding::Free => false,
            Holding::Owned { owner } => owner == self.me,
            Holding::Offered { owner, to, .. } => owner == self.me || to == self.me,
        }
    }
}
