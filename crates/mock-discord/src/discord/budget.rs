//! What an app may IDENTIFY: a bucket at a time, and so often a day.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{
    Moment,
    limits::{IDENTIFY_DAY, IDENTIFY_DISCORD_SPACING},
};

use crate::Slice;

/// Which of the apps, in the order of their tokens in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AppIndex(pub(super) usize);

/// One app: its token and what it has spent.
#[derive(Debug)]
pub(super) struct App {
    pub(super) token: String,
    resets: u32,
    budget: Budget,
}

#[derive(Debug, Default)]
struct Budget {
    /// When each bucket was last granted an IDENTIFY.
    granted: BTreeMap<u64, Moment>,
    day_began: Option<Moment>,
    used: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permit {
    Granted,
    /// The bucket's last one is less than five seconds old.
    TooEarly,
    /// The day's limit is passed: the app loses its token.
    PastDailyLimit,
}

/// What there is to spend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    pub(super) a_day: u32,
    pub(super) max_concurrency: u32,
}

impl App {
    pub(super) fn new(token: &str) -> Self {
        Self { token: token.to_owned(), resets: 0, budget: Budget::default() }
    }

    /// Counts an IDENTIFY. One that comes too early is spent all the same.
    pub(super) fn spend(&mut self, slice: Slice, allowance: Allowance, now: Moment) -> Permit {
        self.begin_day_if_over(now);
        let budget = &mut self.budget;
        budget.day_began.get_or_insert(now);
        budget.used += 1;
        if budget.used > allowance.a_day {
            return Permit::PastDailyLimit;
        }
        let bucket = slice.id() % u64::from(allowance.max_concurrency.max(1));
        let last = budget.granted.get(&bucket);
        if last.is_some_and(|last| now.since(*last) < IDENTIFY_DISCORD_SPACING) {
            return Permit::TooEarly;
        }
        budget.granted.insert(bucket, now);
        Permit::Granted
    }

    /// The token is replaced, and whoever holds the old one is nobody. A new one starts a new day.
    pub(super) fn reset_token(&mut self) {
        let first = self.token.split(".reset").next().unwrap_or_default();
        self.resets += 1;
        self.token = format!("{first}.reset{}", self.resets);
        self.budget = Budget::default();
    }

    /// How many IDENTIFYs are left, and for how long that holds.
    pub(super) fn left(&mut self, allowance: Allowance, now: Moment) -> (u32, Duration) {
        self.begin_day_if_over(now);
        let left = allowance.a_day.saturating_sub(self.budget.used);
        let began = self.budget.day_began.unwrap_or(now);
        (left, IDENTIFY_DAY.saturating_sub(now.since(began)))
    }

    fn begin_day_if_over(&mut self, now: Moment) {
        if self.budget.day_began.is_some_and(|began| now.since(began) >= IDENTIFY_DAY) {
            self.budget.day_began = None;
            self.budget.used = 0;
        }
    }
}
