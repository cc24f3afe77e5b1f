//! Apps that are to run no more.
//!
//! Every instance hears of it by a look of its own, some seconds apart from the others. Were the
//! shards let go at once, whoever has not looked yet would take them. So an app is first only not
//! taken; when all must know, its sessions are ended and its leases given back. The rows stay.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{AppName, Moment, ShardKey};

use super::{Hosted, Output, Remark, Supervisor};

/// How long an app is only not taken. Whoever lives has looked by then, even if one look was in
/// vain.
pub(super) const ALL_KNOW_AFTER: Duration = Duration::from_secs(6);

/// Apps on their way out, and how far they are.
pub(super) type Retiring = BTreeMap<AppName, Stage>;

/// How far an app is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its shards run on; none is taken.
    NotTaken { until: Moment },
    /// Its shards end.
    Ending,
}

impl Supervisor {
    /// Said again it changes nothing.
    pub(super) fn on_retire(&mut self, app: AppName, now: Moment) {
        if !self.apps.contains_key(&app) {
            self.push(Output::Remark(Remark::Retired { app }));
            return;
        }
        let until = now + ALL_KNOW_AFTER;
        self.retiring.entry(app).or_insert(Stage::NotTaken { until });
        // The sweep to come does not show its free rows any more.
        self.tell_fleet(baton_fleet::Input::ShardsChanged, now);
    }

    /// Whether a shard may be claimed, or come here by a move.
    pub(super) fn takes(&self, shard: &ShardKey) -> bool {
        self.apps.contains_key(&shard.app) && !self.retiring.contains_key(&shard.app)
    }

    /// Whether the fleet is to know of a row: of an app that is not taken only what is held here.
    pub(super) fn concerns_fleet(&self, shard: &ShardKey) -> bool {
        self.takes(shard) || self.hosted.get(shard).is_some_and(Hosted::is_held)
    }

    /// When the next app goes from one stage to the other.
    pub(super) fn retiring_due(&self) -> Option<Moment> {
        let until = |stage: &Stage| match stage {
            Stage::NotTaken { until } => Some(*until),
            Stage::Ending => None,
        };
        self.retiring.values().filter_map(until).min()
    }

    pub(super) fn carry_on_retiring(&mut self, now: Moment) {
        for app in self.retiring.keys().cloned().collect::<Vec<_>>() {
            if let Some(Stage::NotTaken { until }) = self.retiring.get(&app)
                && now < *until
            {
                continue;
            }
            self.retiring.insert(app.clone(), Stage::Ending);
            self.end_shards(&app);
            if !self.hosted.keys().any(|shard| shard.app == app) {
                self.forget_app(app);
            }
        }
    }

    /// A session that ends is closed by the machine when it is asked for a new one; giving the
    /// lease back keeps it from beginning that.
    fn end_shards(&mut self, app: &AppName) {
        let stays = |(shard, hosted): &(&ShardKey, &Hosted)| shard.app == *app && !hosted.is_ending;
        let staying = self.hosted.iter().filter(stays);
        let staying: Vec<_> =
            staying.map(|(shard, hosted)| (shard.clone(), hosted.is_held())).collect();
        for (shard, is_held) in staying {
            if is_held {
                self.errand(&shard, baton_shard::Input::NewSession);
            }
            self.errand(&shard, baton_shard::Input::Release);
            self.hosted.entry(shard).or_default().is_ending = true;
        }
    }

    fn forget_app(&mut self, app: AppName) {
        self.retiring.remove(&app);
        self.apps.remove(&app);
        self.halted.remove(&app);
        self.past.retain(|shard, _| shard.app != app);
        self.arrivals.retain(|shard, _| shard.app != app);
        self.push(Output::Remark(Remark::Retired { app }));
    }
}
