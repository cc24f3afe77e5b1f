//! Giving the lease away: to the target of a hand-over, or to nobody in particular.
//!
//! *Cut, flush, offer.* From the cut on, the socket's dispatches are left to the next owner, who
//! will RESUME from what the flush has put into the stream; so nothing is doubled and nothing is
//! lost, wherever the sequence stops. Each step has a deadline, and behind each deadline stands
//! either the next owner or ourselves again.

use baton_model::{
    Epoch, InstanceId, Moment, OfferId,
    limits::{FLUSH_DEADLINE, OFFER_DEADLINE},
};

use super::ShardMachine;
use crate::{
    Notice, Refusal, Request,
    lease::{Duty, End, Goal, Lease},
    link::{Hearing, Link, Permit, Then},
    session::Sessions,
};

impl ShardMachine {
    pub(super) fn on_hand_over(&mut self, to: InstanceId, now: Moment) {
        match self.may_hand_over(to) {
            Err(refusal) => self.tell(Notice::Refused(refusal)),
            Ok(()) => self.flush_for(Goal::Offer { to }, now),
        }
    }

    fn may_hand_over(&self, to: InstanceId) -> Result<(), Refusal> {
        let Some(held) = self.lease.held() else {
            return Err(Refusal::NotOurs);
        };
        let is_settled = match self.sessions {
            Sessions::Without { .. } | Sessions::In(_) => !self.link.is_identify_out(),
            // Its session is not in the row yet: the target could not resume it.
            Sessions::Changing(_) => false,
        };
        if to == self.config.me {
            Err(Refusal::AlreadyOurs)
        } else if !self.is_confirmed {
            Err(Refusal::Unconfirmed)
        } else if !is_settled || !matches!(held.duty, Duty::Serving) {
            Err(Refusal::Busy)
        } else {
            Ok(())
        }
    }

    pub(super) fn on_release(&mut self, now: Moment) {
        match &mut self.lease {
            Lease::None | Lease::Over { .. } => self.let_go(now),
            // Should it be granted yet, it will be given back.
            Lease::Claiming { .. } | Lease::Accepting { .. } => {
                self.lease = Lease::None;
                self.let_go(now);
            }
            Lease::Held(held) => match &mut held.duty {
                Duty::Serving | Duty::Reasserting { .. } => self.flush_for(Goal::Release, now),
                Duty::Flushing { goal, .. } => *goal = Goal::Release,
                Duty::Offering { .. } | Duty::Offered { .. } | Duty::Retracting { .. } => {
                    self.release(now);
                }
                Duty::Releasing { .. } => {}
            },
        }
    }

    fn flush_for(&mut self, goal: Goal, now: Moment) {
        self.cut(now);
        let deadline = now + FLUSH_DEADLINE;
        self.set_duty(Duty::Flushing { goal, deadline });
    }

    /// Nothing that arrives from here on is taken. A live socket stays open until the lease is on
    /// offer, others have no reason to.
    fn cut(&mut self, now: Moment) {
        if let Link::Live { socket, since, heard_at } = self.link {
            self.link = Link::Deaf { socket, since, heard_at };
        } else {
            self.let_go(now);
        }
    }

    pub(super) fn leave_when_flushed(&mut self, now: Moment) {
        let Some(Duty::Flushing { goal, deadline }) = self.lease.held().map(|held| &held.duty)
        else {
            return;
        };
        let (goal, deadline) = (*goal, *deadline);
        if !self.sessions.is_flushed() {
            return;
        }
        match goal {
            Goal::Offer { to } => self.offer(to, deadline, now),
            Goal::Release => self.release(now),
        }
    }

    fn offer(&mut self, to: InstanceId, deadline: Moment, now: Moment) {
        let Some(held) = self.lease.held_mut() else {
            return;
        };
        // The clock makes the number new even to a task that was started afresh under the same
        // epoch and has forgotten what it had offered.
        let offer = OfferId((held.last_offer.0 + 1).max(now.as_nanos() / 1_000_000));
        held.last_offer = offer;
        let epoch = held.epoch;
        let call = self.call(Request::Offer { epoch, to, offer });
        self.set_duty(Duty::Offering { to, offer, deadline, call });
    }

    pub(super) fn on_offered(&mut self, answered: OfferId, now: Moment) {
        let Some(held) = self.lease.held_mut() else {
            return;
        };
        if let Duty::Offering { to, offer, .. } = held.duty
            && offer == answered
        {
            let deadline = now + OFFER_DEADLINE;
            held.duty = Duty::Offered { to, offer, deadline };
            self.let_go(now);
        }
    }

    /// The hand-over cannot go on: the shard stays, if it can still be had.
    pub(super) fn abandon_offer(&mut self, now: Moment) {
        let Some(held) = self.lease.held() else {
            return;
        };
        match held.duty {
            Duty::Flushing { goal: Goal::Offer { .. }, .. } => self.serve_again(now),
            Duty::Offering { offer, .. } => self.retract(offer),
            Duty::Serving
            | Duty::Reasserting { .. }
            | Duty::Flushing { goal: Goal::Release, .. }
            | Duty::Offered { .. }
            | Duty::Retracting { .. }
            | Duty::Releasing { .. } => {}
        }
    }

    /// A step took too long.
    pub(super) fn on_lease_deadline(&mut self, now: Moment) {
        let Some(held) = self.lease.held() else {
            return;
        };
        match held.duty {
            Duty::Flushing { goal: Goal::Release, .. } => self.release(now),
            Duty::Flushing { goal: Goal::Offer { .. }, .. } | Duty::Offering { .. } => {
                self.abandon_offer(now);
            }
            Duty::Offered { offer, .. } => self.retract(offer),
            Duty::Serving
            | Duty::Reasserting { .. }
            | Duty::Retracting { .. }
            | Duty::Releasing { .. } => {}
        }
    }

    fn retract(&mut self, offer: OfferId) {
        let Some(epoch) = self.held_epoch() else {
            return;
        };
        let call = self.call(Request::Retract { epoch, offer });
        self.set_duty(Duty::Retracting { offer, call });
    }

    pub(super) fn on_retracted(&mut self, answered: OfferId, now: Moment) {
        let duty = self.lease.held().map(|held| &held.duty);
        if matches!(duty, Some(Duty::Retracting { offer, .. }) if *offer == answered) {
            self.serve_again(now);
        }
    }

    /// What arrived since the cut was not taken, so the socket is of no use: RESUME.
    pub(super) fn serve_again(&mut self, now: Moment) {
        self.reconnect(now);
        if let Some(epoch) = self.held_epoch() {
            self.tell(Notice::StillHere { epoch });
        }
    }

    pub(super) fn reconnect(&mut self, now: Moment) {
        self.set_duty(Duty::Serving);
        self.part(Then::Reconnect, Hearing::Nothing, now);
    }

    fn release(&mut self, now: Moment) {
        let Some(epoch) = self.held_epoch() else {
            return;
        };
        self.let_go(now);
        let call = self.call(Request::Release { epoch });
        self.set_duty(Duty::Releasing { call });
    }

    pub(super) fn on_released(&mut self) {
        let duty = self.lease.held().map(|held| &held.duty);
        if matches!(duty, Some(Duty::Releasing { .. })) {
            self.end_lease(End::Released);
        }
    }

    pub(super) fn held_epoch(&self) -> Option<Epoch> {
        self.lease.held().map(|held| held.epoch)
    }

    pub(super) fn set_duty(&mut self, duty: Duty) {
        if let Some(held) = self.lease.held_mut() {
            held.duty = duty;
        }
    }
}

impl Link {
    /// Whether a new session may exist that nobody knows of yet.
    const fn is_identify_out(&self) -> bool {
        matches!(self, Self::Identifying { permit: Permit::Used { .. }, .. })
    }
}
