//! The identify budget: one permit a bucket in [`IDENTIFY_SPACING`], and never the day's last.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{AppName, StoreMillis, limits::IDENTIFY_SPACING};
use baton_store::{SessionStartLimit, Take, reserve_of};

use super::{Change, StoreState};

/// After this time Discord gives all of a day's IDENTIFYs again.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Two statements of when a day's window ends that are no further apart mean the same window:
/// Discord says how long it takes from now, and the answer has been under way.
const SAME_RESET: Duration = Duration::from_secs(60);

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
        if day.remaining <= reserve_of(day.total) {
            let reset_after = now.until(day.reset_at);
            return Take::Exhausted { reset_after };
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

    /// See [`IdentifyBudget::learn_limit`](baton_store::IdentifyBudget::learn_limit).
    pub fn learn_limit(&mut self, now: StoreMillis, app: &AppName, limit: SessionStartLimit) {
        let told = IdentifyDay {
            total: limit.total,
            remaining: limit.remaining,
            reset_at: now.after(limit.reset_after),
        };
        let remaining = match self.day(app) {
            Some(stored) if stored.is_window_of(told, now) => told.remaining.min(stored.remaining),
            Some(_) | None => told.remaining,
        };
        self.set_day(app, IdentifyDay { remaining, ..told });
    }

    /// See [`IdentifyBudget::identify_limit`](baton_store::IdentifyBudget::identify_limit).
    #[must_use]
    pub fn identify_limit(&self, now: StoreMillis, app: &AppName) -> Option<SessionStartLimit> {
        let day = self.day(app)?.at(now);
        Some(SessionStartLimit {
            total: day.total,
            remaining: day.remaining,
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
        if now < self.reset_at {
            return self;
        }
        let day = u64::try_from(DAY.as_millis()).unwrap_or(u64::MAX);
        let days_over = (now.0 - self.reset_at.0) / day + 1;
        Self {
            total: self.total,
            remaining: self.total,
            reset_at: StoreMillis(
                self.reset_at
                    .0
                    .saturating_add(days_over.saturating_mul(day)),
            ),
        }
    }

    fn is_window_of(self, told: Self, now: StoreMillis) -> bool {
        let apart = self
            .reset_at
            .until(told.reset_at)
            .max(told.reset_at.until(self.reset_at));
        now < self.reset_at || apart <= SAME_RESET
    }
}
