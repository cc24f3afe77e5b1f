//! The identify budget: one permit a bucket in [`IDENTIFY_SPACING`], and never the day's last.

use std::collections::BTreeMap;

use baton_model::{
    AppName, StoreMillis,
    limits::{
        IDENTIFY_DAY, IDENTIFY_QUARANTINE, IDENTIFY_SAME_RESET, IDENTIFY_SPACING, identify_reserve,
    },
};
use baton_store::{SessionStartLimit, Take};

use super::{Change, StoreState};

/// What is kept of an app's daily limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentifyDay {
    /// IDENTIFYs a day.
    pub total: u32,
    /// Of them left.
    pub remaining: u32,
    /// When all are there again.
    pub reset_at: StoreMillis,
}

/// What is kept of an app's budget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Budget {
    /// The daily limit; none before Discord was asked for it.
    pub(super) day: Option<IdentifyDay>,
    /// From when the next IDENTIFY of each bucket may go.
    pub(super) buckets: BTreeMap<u32, StoreMillis>,
}

impl StoreState {
    /// See [`IdentifyBudget::take_identify`](baton_store::IdentifyBudget::take_identify).
    pub fn take_identify(&mut self, now: StoreMillis, app: &AppName, bucket: u32) -> Take {
        let Some(stored) = self.day(app) else {
            return Take::Unlearned;
        };
        let day = stored.at(now);
        if day.remaining <= identify_reserve(day.total) {
            // Never more than a day, even if the clock ran back.
            let reset_after = now.until(day.reset_at).min(IDENTIFY_DAY);
            return Take::Exhausted { reset_after };
        }
        if self.quiet_until > now {
            return Take::Wait(now.until(self.quiet_until).min(IDENTIFY_QUARANTINE));
        }
        let next_at = self.next_at(app, bucket);
        let latest = now.after(IDENTIFY_SPACING);
        if next_at > latest {
            // The clock ran back. Written down, or it would be the full spacing again and again.
            self.set_next_at(app, bucket, latest);
            return Take::Wait(IDENTIFY_SPACING);
        }
        if next_at > now {
            return Take::Wait(now.until(next_at));
        }
        let remaining = day.remaining - 1;
        self.set_day(app, IdentifyDay { remaining, ..day });
        self.set_next_at(app, bucket, latest);
        Take::Granted { remaining }
    }

    /// What answers from here on may lack the last that this state has answered: no permit is given
    /// until a lost one is older than Discord's spacing. A state that lives in one process never
    /// falls back; one that stands for a server with replicas does.
    pub fn fall_back(&mut self, now: StoreMillis) {
        self.quiet_until = now.after(IDENTIFY_QUARANTINE);
    }

    /// See [`IdentifyBudget::learn_limit`](baton_store::IdentifyBudget::learn_limit).
    pub fn learn_limit(&mut self, now: StoreMillis, app: &AppName, limit: SessionStartLimit) {
        let told = IdentifyDay {
            total: limit.total,
            remaining: limit.remaining,
            reset_at: now.after(limit.reset_after),
        };
        let remaining = match self.day(app) {
            Some(stored) if stored.is_meant_by(told, now) => told.remaining.min(stored.remaining),
            Some(_) | None => told.remaining,
        };
        self.set_day(app, IdentifyDay { remaining, ..told });
    }

    /// See [`IdentifyBudget::identify_limit`](baton_store::IdentifyBudget::identify_limit).
    #[must_use]
    pub fn identify_limit(&self, now: StoreMillis, app: &AppName) -> Option<SessionStartLimit> {
        let day = self.day(app)?;
        let remaining = if day.is_over(now) { day.total } else { day.remaining };
        Some(SessionStartLimit {
            total: day.total,
            remaining,
            reset_after: now.until(day.reset_at),
        })
    }

    fn day(&self, app: &AppName) -> Option<IdentifyDay> {
        self.identify.get(app)?.day
    }

    fn set_day(&mut self, app: &AppName, day: IdentifyDay) {
        if self.day(app) != Some(day) {
            self.change(Change::IdentifyDay(app.clone(), day));
        }
    }

    fn next_at(&self, app: &AppName, bucket: u32) -> StoreMillis {
        let buckets = self.identify.get(app).map(|budget| &budget.buckets);
        let next_at = buckets.and_then(|buckets| buckets.get(&bucket));
        next_at.copied().unwrap_or_default()
    }

    fn set_next_at(&mut self, app: &AppName, bucket: u32, next_at: StoreMillis) {
        self.change(Change::IdentifyBucket(app.clone(), bucket, next_at));
    }
}

impl IdentifyDay {
    /// The window that `now` lies in: once this one is over, all IDENTIFYs are there again.
    fn at(self, now: StoreMillis) -> Self {
        if !self.is_over(now) {
            return self;
        }
        Self { total: self.total, remaining: self.total, reset_at: now.after(IDENTIFY_DAY) }
    }

    fn is_over(self, now: StoreMillis) -> bool {
        now >= self.reset_at
    }

    /// Does Discord, asked at `now`, speak of this window? What is known of its end is a little
    /// late, since the answer had been under way; an end well behind it is another window's.
    fn is_meant_by(self, told: Self, now: StoreMillis) -> bool {
        !self.is_over(now) && told.reset_at <= self.reset_at.after(IDENTIFY_SAME_RESET)
    }
}
