//! What the store is to be asked next. One errand is under way at a time: what comes up meanwhile
//! is asked together with what else has come up by then.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use baton_model::{Moment, StreamId};

use super::input::{Burial, Errand};
use crate::settings::{ACK_DELAY, ACKS_MAX, SWEEP_PERIOD, TROUBLE_PAUSE_FIRST, TROUBLE_PAUSE_MAX};

/// What is to be written, and when to ask for what comes round.
#[derive(Debug)]
pub(crate) struct Errands {
    acks: VecDeque<StreamId>,
    /// Since when the first of them has been waiting.
    acks_since: Moment,
    burials: VecDeque<Arc<Burial>>,
    is_under_way: bool,
    /// After trouble, when to ask again.
    not_before: Moment,
    pause: Duration,
    pub(crate) next_keep: Moment,
    pub(crate) next_claim: Moment,
    next_sweep: Moment,
}

impl Errands {
    pub(crate) const fn new(now: Moment) -> Self {
        Self {
            acks: VecDeque::new(),
            acks_since: now,
            burials: VecDeque::new(),
            is_under_way: false,
            not_before: now,
            pause: TROUBLE_PAUSE_FIRST,
            next_keep: now,
            next_claim: now,
            next_sweep: now,
        }
    }

    pub(crate) fn ack(&mut self, id: StreamId, now: Moment) {
        if self.acks.is_empty() {
            self.acks_since = now;
        }
        self.acks.push_back(id);
    }

    pub(crate) fn bury(&mut self, burial: Arc<Burial>) {
        self.burials.push_back(burial);
    }

    /// Whether another errand may be begun.
    pub(crate) fn is_free(&self, now: Moment) -> bool {
        !self.is_under_way && now >= self.not_before
    }

    pub(crate) const fn begin(&mut self) {
        self.is_under_way = true;
    }

    /// What must be written first; acknowledgements only when there are enough, or at once.
    pub(crate) fn next_write(&mut self, now: Moment, is_urgent: bool) -> Option<Errand> {
        if let Some(burial) = self.burials.pop_front() {
            return Some(Errand::Bury(burial));
        }
        let is_due = is_urgent || self.acks.len() >= ACKS_MAX || now >= self.acks_since + ACK_DELAY;
        if self.acks.is_empty() || !is_due {
            return None;
        }
        let some = self.acks.len().min(ACKS_MAX);
        let ids = self.acks.drain(..some).collect();
        self.acks_since = now;
        Some(Errand::Ack(ids))
    }

    pub(crate) fn next_sweep(&mut self, now: Moment) -> Option<Errand> {
        if now < self.next_sweep {
            return None;
        }
        self.next_sweep = now + SWEEP_PERIOD;
        Some(Errand::Sweep)
    }

    pub(crate) const fn done(&mut self) {
        self.is_under_way = false;
        self.pause = TROUBLE_PAUSE_FIRST;
    }

    /// What must be written must still be written; what comes round comes round again.
    pub(crate) fn failed(&mut self, errand: Errand, now: Moment) {
        self.is_under_way = false;
        self.not_before = now + self.pause;
        self.pause = (self.pause * 2).min(TROUBLE_PAUSE_MAX);
        match errand {
            Errand::Ack(ids) => ids.into_iter().rev().for_each(|id| self.acks.push_front(id)),
            Errand::Bury(burial) => self.burials.push_front(burial),
            Errand::Keep(_) => self.next_keep = now,
            Errand::Claim(_) => self.next_claim = now,
            Errand::Release(_) | Errand::Wake => {}
            Errand::Sweep => self.next_sweep = now,
        }
    }

    /// When there may be something to ask without anything happening before; `rounds` are what
    /// comes round besides.
    pub(crate) fn timeout(&self, rounds: [Option<Moment>; 3]) -> Option<Moment> {
        if self.is_under_way {
            return None;
        }
        let acks = (!self.acks.is_empty()).then_some(self.acks_since + ACK_DELAY);
        let burials = (!self.burials.is_empty()).then_some(self.not_before);
        let rounds = rounds.into_iter().flatten().chain([self.next_sweep]);
        let first = rounds.chain(acks).chain(burials).min();
        first.map(|at| at.max(self.not_before))
    }
}
