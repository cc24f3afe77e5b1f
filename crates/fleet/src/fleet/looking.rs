//! Polls and sweeps: when to look, and what follows from what was seen.

use std::time::Duration;

use baton_model::{
    Holding, InstanceId, Moment,
    limits::{
        BEAT_JITTER_PERCENT, POLL_PERIOD, POLL_SHARE, PRESENCE_POLL_PERIOD, SWEEP_IDLE_PERIOD,
        SWEEP_PAUSE, SWEEP_PERIOD, SWEEP_SPREAD,
    },
};

use super::Fleet;
use crate::{
    asking::{Look, RequestId},
    input::{Hint, Poll, Sweep},
    membership::Life,
    output::Output,
    store_change::Store,
};

impl Fleet {
    pub(super) fn look(&mut self, now: Moment) {
        if let Some(request) = self.polls.ask(now) {
            self.push(Output::Poll(request));
        }
        if let Some(request) = self.sweeps.ask(now) {
            self.push(Output::Sweep(request));
        }
    }

    pub(super) fn on_polled(&mut self, request: RequestId, poll: Poll, now: Moment) {
        let Some(look) = self.polls.answer(request, now, POLL_PERIOD) else {
            return;
        };
        self.notice_change_in_poll(&poll, look);
        self.notice_impostor(&poll);
        let dead_before = self.dead(now);
        self.members.observe(poll.members, look);
        self.members.set_own_record(&self.record);
        self.targets = poll.targets;
        self.members.mention(poll.planner.holder.into_iter());
        let members = &self.members;
        let is_dead = |id| members.life(id, now) == Life::Dead;
        let turn = self.planner.observe(poll.planner, look, is_dead);
        self.on_office(turn, now);
        self.reconcile_targets(look, now);
        self.follow_targets(look, now);
        self.look_closer(&dead_before, now);
        self.evaluate_orphans(now);
    }

    /// A death, or a shard given up by its owner, is a reason to read the rows; a presence that is
    /// gone is one to poll again soon, for everybody.
    fn look_closer(&mut self, dead_before: &[InstanceId], now: Moment) {
        let suspects = self.members.suspects(now);
        let pause = if self.is_planner() || !suspects.is_empty() {
            PRESENCE_POLL_PERIOD
        } else {
            self.poll_pause()
        };
        self.polls.hurry(now, pause);
        for suspect in suspects {
            if self.suspects.insert(suspect) {
                self.push(Output::Tell(Hint::Suspect { instance: suspect }));
            }
        }
        let members = &self.members;
        self.suspects.retain(|id| members.is_suspect(*id, now));
        if self.dead(now).iter().any(|id| !dead_before.contains(id)) {
            self.sweep_soon(now);
        }
        if self.members.has_free_stalled() {
            self.sweeps.hurry(now, SWEEP_PERIOD);
        }
    }

    /// A small fleet can afford to look more often, and so to see a crash sooner.
    fn poll_pause(&self) -> Duration {
        let shared = POLL_SHARE * u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        shared.clamp(PRESENCE_POLL_PERIOD, POLL_PERIOD)
    }

    fn dead(&self, now: Moment) -> Vec<InstanceId> {
        self.members.dead(now).collect()
    }

    pub(super) fn on_swept(&mut self, request: RequestId, sweep: Sweep, now: Moment) {
        let period = self.sweep_period();
        let Some(look) = self.sweeps.answer(request, now, period) else {
            return;
        };
        let is_another = self.store.observe(&sweep.store, now) == Store::Changed;
        let has_lost_own = self.rows.have_lost_own(&sweep.rows, look);
        if is_another || self.rows.run_backwards(&sweep.rows) {
            self.on_store_change(now);
        } else if has_lost_own && self.store.is_in_grace(now) {
            // Known already; the write-back has not got through yet.
            self.reassert(now);
        } else if has_lost_own {
            self.on_store_change(now);
        }
        self.rows.sweep(sweep.rows, look);
        let owners = self.rows.owners();
        self.members.prune(|id| owners.contains(&id));
        self.members.mention(owners.into_iter());
        for shard in self.rows.superseded() {
            self.push(Output::Superseded(shard));
        }
        self.evaluation.forget();
        self.evaluate_orphans(now);
        self.plan(now);
        if self.is_planner() || self.rows.has_lingering() || !self.orphans.is_empty() {
            self.sweeps.hurry(now, SWEEP_PERIOD);
        }
    }

    /// Sweeps for a reason that others have, too. Where the last sweep found no row, it has cost
    /// nothing, and what there is now is not kept waiting: an instance starts like that.
    pub(super) fn sweep_soon(&mut self, now: Moment) {
        let spread = SWEEP_SPREAD * u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let at = now + self.jitter.up_to(spread);
        let pause = if self.rows.were_none() { Duration::ZERO } else { SWEEP_PAUSE };
        self.sweeps.hurry(at, pause);
    }

    fn sweep_period(&mut self) -> Duration {
        self.jitter.around(SWEEP_IDLE_PERIOD, BEAT_JITTER_PERCENT)
    }

    pub(super) fn on_hint(&mut self, hint: Hint, now: Moment) {
        match hint {
            Hint::Suspect { .. } => self.polls.hurry(now, PRESENCE_POLL_PERIOD),
            Hint::Released => self.sweep_soon(now),
            Hint::Taken { shard, epoch, by } => {
                let holding = Holding::Owned { owner: by };
                self.rows.learn(&shard, holding, epoch, now);
                self.orphans.taken(&shard);
                self.on_arrival(&shard, by, now);
            }
            Hint::Move { shard, to } => self.follow_target(&shard, to, now),
            Hint::Warmed { shard, by } => self.handovers.warmed(&shard, by, now),
            Hint::NotWarmed { shard, by } => self.handovers.not_warmed(&shard, by),
            // The row shows it, to whoever reads that.
            Hint::Offered { .. } => {}
        }
    }

    // -----------------------------------------------------------------------------------------
    // Another store
    // -----------------------------------------------------------------------------------------

    fn notice_change_in_poll(&mut self, poll: &Poll, look: Look) {
        let now = look.answered;
        let is_another = self.store.observe(&poll.store, now) == Store::Changed;
        let runs_backwards = self.members.runs_backwards(&poll.members)
            || self.planner.runs_backwards(poll.planner, look);
        if is_another || runs_backwards {
            self.on_store_change(now);
        }
        if self.store.is_nameless() {
            self.push(Output::NameDataSet);
        }
    }

    /// Everything that the old store showed is worth nothing; what is held here is the truth now.
    fn on_store_change(&mut self, now: Moment) {
        self.store.change(now);
        self.members.start_over();
        self.rows.forget();
        self.evaluation.forget();
        self.reassert(now);
    }

    /// Whether it has worked shows in the next sweep.
    fn reassert(&mut self, now: Moment) {
        self.push(Output::Reassert);
        self.sweep_soon(now + SWEEP_PAUSE);
    }

    fn notice_impostor(&mut self, poll: &Poll) {
        let own = poll.members.iter().find(|member| member.id == self.me);
        if own.is_some_and(|own| own.beat > self.confirmation.issued()) {
            self.push(Output::Impostor);
        }
    }
}
