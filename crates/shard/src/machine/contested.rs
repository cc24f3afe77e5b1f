//! When the store does not know us as the owner: somebody else is, or it forgot that we are.
//!
//! The store tells the two apart by the row's epoch. A higher one, or our own in other hands, is
//! another owner's: we stop at once. A lower one, or no row at all, is a store that lost what it
//! had granted us; then it is reminded, and meanwhile the socket stays up and the ring holds.

use baton_model::{Epoch, Moment, RowSession, SessionRow};

use super::ShardMachine;
use crate::{
    Asked, Failure, Notice, Request,
    lease::{Duty, End, Held, Lease, Meanwhile},
    session::Sessions,
};

impl ShardMachine {
    pub(super) fn on_store_changed(&mut self, now: Moment) {
        match &self.lease {
            Lease::Held(held) if matches!(held.duty, Duty::Releasing { .. }) => {}
            Lease::Held(_) => self.reassert(now),
            // During the grace that follows nobody claims.
            Lease::Claiming { .. } => {
                self.lease = Lease::None;
                self.let_go(now);
                self.tell(Notice::NotOurs);
            }
            Lease::None | Lease::Accepting { .. } | Lease::Over { .. } => {}
        }
    }

    pub(super) fn on_failed(&mut self, asked: Asked, failure: Failure, now: Moment) {
        match asked {
            Asked::BeginSession(epoch) | Asked::Append(epoch, _) => {
                let Some(held) = self.lease.held().filter(|held| held.epoch == epoch) else {
                    return;
                };
                // Refused while we give the row away, it was only late.
                let should_own_row = held.should_own_row();
                self.on_stream_failed(asked, now);
                if should_own_row {
                    self.on_refused(epoch, failure, now);
                }
            }
            Asked::Claim(epoch)
            | Asked::Accept(epoch, _)
            | Asked::Offer(epoch, _)
            | Asked::Retract(epoch, _)
            | Asked::Release(epoch)
            | Asked::Reassert(epoch) => {
                if !self.is_asked(asked) {
                    return;
                }
                if let Some(call) = self.lease.call_mut() {
                    call.on_failure(now, &mut self.jitter);
                }
                self.on_refused(epoch, failure, now);
            }
        }
    }

    /// The store may not know us as the owner: somebody else is, or it forgot that we are.
    fn on_refused(&mut self, epoch: Epoch, failure: Failure, now: Moment) {
        match failure {
            Failure::Unavailable | Failure::Unknown => {}
            Failure::Fenced { row } if row > epoch => self.on_superseded(now),
            Failure::Fenced { row: _ } => self.on_fenced(now),
            Failure::Forgotten => self.on_forgotten(now),
        }
    }

    /// The store knows of no lease of ours, nor of one that came after.
    fn on_forgotten(&mut self, now: Moment) {
        let Some(held) = self.lease.held() else {
            return;
        };
        match held.duty {
            Duty::Releasing { .. } => self.on_released(),
            // It will be asked again.
            Duty::Reasserting { .. } => {}
            Duty::Serving
            | Duty::Flushing { .. }
            | Duty::Offering { .. }
            | Duty::Offered { .. }
            | Duty::Retracting { .. } => {
                self.tell_of_rollback();
                self.reassert(now);
            }
        }
    }

    /// The row has a higher epoch than ours. While it was on offer, that is as it should be.
    pub(super) fn on_superseded(&mut self, now: Moment) {
        let Some(held) = self.lease.held() else {
            return;
        };
        match held.duty {
            Duty::Offering { .. } | Duty::Offered { .. } | Duty::Retracting { .. } => {
                self.end_lease(End::Moved);
                self.let_go(now);
            }
            Duty::Serving
            | Duty::Reasserting { .. }
            | Duty::Flushing { .. }
            | Duty::Releasing { .. } => self.on_fenced(now),
        }
    }

    /// Somebody else owns the shard: whatever we still have, they will get from Discord. The
    /// session is theirs, so the socket must not end it.
    pub(super) fn on_fenced(&mut self, now: Moment) {
        self.end_lease(End::Fenced);
        self.let_go(now);
    }

    /// The lease is no longer ours, and neither is anything that was received under it.
    pub(super) fn end_lease(&mut self, end: End) {
        let Some(held) = self.lease.held() else {
            return;
        };
        let epoch = held.epoch;
        self.lease = Lease::Over { end };
        self.over_up_to = epoch;
        self.sessions = Sessions::none();
        self.tell(match end {
            End::Fenced => Notice::Fenced { epoch },
            End::Moved => Notice::Moved { epoch },
            End::Released => Notice::Released { epoch },
        });
    }

    /// The store may have forgotten that the row is ours; whoever was about to get it may not
    /// get it. We carry on, and say so to the store. Only where the row was on offer, it decides
    /// first: whoever has accepted serves the shard by now.
    pub(super) fn reassert(&mut self, now: Moment) {
        let Some(held) = self.lease.held() else {
            return;
        };
        let (epoch, meanwhile) = (held.epoch, held.meanwhile());
        if meanwhile == Meanwhile::Serving && !held.wants_socket() {
            self.serve_again(now);
        }
        self.remind(epoch, meanwhile);
    }

    /// Discord ended a connection soon after it was resumed. That is what it looks like where
    /// somebody else resumes the same session, and to take it back would only be the next round: so
    /// the store says first whose the shard is.
    pub(super) fn ask_whose_it_is(&mut self) {
        match self.lease.held_mut() {
            None => {}
            Some(Held { duty: Duty::Reasserting { meanwhile, .. }, .. }) => {
                *meanwhile = Meanwhile::Contested;
            }
            Some(Held { epoch, .. }) => {
                let epoch = *epoch;
                self.remind(epoch, Meanwhile::Contested);
            }
        }
    }

    fn remind(&mut self, epoch: Epoch, meanwhile: Meanwhile) {
        self.remind_of(self.sessions.to_row(), epoch, meanwhile);
    }

    fn remind_of(&mut self, session: Option<SessionRow>, epoch: Epoch, meanwhile: Meanwhile) {
        let call = self.call(Request::Reassert { epoch, session });
        self.set_duty(Duty::Reasserting { call, meanwhile });
    }

    pub(super) fn on_reasserted(&mut self, row: Option<RowSession>, now: Moment) {
        let duty = self.lease.held().map(|held| &held.duty);
        let Some(Duty::Reasserting { meanwhile, .. }) = duty else {
            return;
        };
        let meanwhile = *meanwhile;
        if let (None, Some(session), Some(epoch)) =
            (row, self.sessions.to_empty_row(), self.held_epoch())
        {
            self.remind_of(Some(session), epoch, meanwhile);
            return;
        }
        match meanwhile {
            Meanwhile::Serving => self.set_duty(Duty::Serving),
            Meanwhile::Offered => self.serve_again(now),
            Meanwhile::Contested => {
                if let Some(epoch) = self.held_epoch() {
                    self.tell(Notice::Contested { epoch });
                }
                self.reconnect(now);
            }
        }
        self.compare_with_row(row, now);
    }
}
