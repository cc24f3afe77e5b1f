//! Getting the lease: by a claim, from an offer, or because the row says that it is ours.

use baton_model::{Epoch, Expected, Holding, LeaseRow, Moment, OfferId, SessionRow};

use super::ShardMachine;
use crate::{
    Asked, Notice, Refusal, Request,
    lease::{Duty, Held, Lease},
    session::Sessions,
};

impl ShardMachine {
    pub(super) fn on_claim(&mut self, expected: Expected) {
        match self.lease {
            Lease::Claiming { .. } | Lease::Accepting { .. } | Lease::Held(_) => {
                self.tell(Notice::Refused(Refusal::AlreadyOurs));
            }
            Lease::None | Lease::Over { .. } if !self.is_confirmed => {
                self.tell(Notice::Refused(Refusal::Unconfirmed));
            }
            Lease::None | Lease::Over { .. } => {
                let call = self.call(Request::Claim { expected });
                self.lease = Lease::Claiming { call };
            }
        }
    }

    /// What somebody read of the row. It may be old; the epoch tells.
    pub(super) fn on_row(&mut self, row: LeaseRow, now: Moment) {
        match &self.lease {
            // The request on its way will find out.
            Lease::Claiming { .. } | Lease::Accepting { .. } => {}
            Lease::Held(held) => {
                if row.epoch > held.epoch {
                    self.on_superseded(now);
                }
            }
            Lease::None | Lease::Over { .. } => {
                if row.epoch > self.over_up_to {
                    self.on_unheld_row(row, now);
                } else if row.holding.owner() == Some(self.config.me) {
                    // An old sighting, or a store that fell back to before our lease ended. Then
                    // nobody else may take the row while we live: say once more that it is over.
                    let epoch = row.epoch;
                    self.ask(Request::Release { epoch });
                }
            }
        }
    }

    /// A row, where we know of no lease of ours. It may still name us: the answer that gave us the
    /// lease was lost, or this shard's task was started afresh.
    fn on_unheld_row(&mut self, row: LeaseRow, now: Moment) {
        let me = self.config.me;
        match row.holding {
            Holding::Owned { owner } if owner == me => {
                self.hold(Held::taking(row.epoch, Duty::Serving), row.session, now);
            }
            Holding::Offered { owner, offer, .. } if owner == me => {
                let epoch = row.epoch;
                let call = self.call(Request::Retract { epoch, offer });
                let duty = Duty::Retracting { offer, call };
                self.hold(Held::taking(epoch, duty), row.session, now);
            }
            Holding::Offered { to, offer, .. } if to == me => self.accept(row.epoch, offer),
            Holding::Free | Holding::Owned { .. } | Holding::Offered { .. } => {}
        }
    }

    pub(super) fn on_claimed(
        &mut self,
        expected: Epoch,
        epoch: Epoch,
        session: Option<SessionRow>,
        now: Moment,
    ) {
        if self.is_asked(Asked::Claim(expected)) {
            self.hold(Held::taking(epoch, Duty::Serving), session, now);
        } else {
            self.give_back_unwanted(epoch, now);
        }
    }

    pub(super) fn on_claim_lost(&mut self, expected: Epoch, row: Option<LeaseRow>, now: Moment) {
        if self.is_asked(Asked::Claim(expected)) {
            self.on_not_ours(row, now);
        }
    }

    fn accept(&mut self, under: Epoch, offer: OfferId) {
        if !self.is_confirmed {
            return; // The source will take it back.
        }
        let call = self.call(Request::Accept { under, offer });
        self.lease = Lease::Accepting { call };
    }

    pub(super) fn on_accepted(
        &mut self,
        (under, offer): (Epoch, OfferId),
        epoch: Epoch,
        session: Option<SessionRow>,
        now: Moment,
    ) {
        if self.is_asked(Asked::Accept(under, offer)) {
            self.hold(Held::handed_over(epoch, now), session, now);
        } else {
            self.give_back_unwanted(epoch, now);
        }
    }

    pub(super) fn on_offer_gone(
        &mut self,
        (under, offer): (Epoch, OfferId),
        row: Option<LeaseRow>,
        now: Moment,
    ) {
        if self.is_asked(Asked::Accept(under, offer)) {
            self.on_not_ours(row, now);
        }
    }

    /// A refusal shows the row as it is. If that names us, an earlier attempt had got through.
    fn on_not_ours(&mut self, row: Option<LeaseRow>, now: Moment) {
        self.lease = Lease::None;
        if let Some(row) = row {
            self.on_unheld_row(row, now);
        }
        if matches!(self.lease, Lease::None) {
            self.let_go(now);
            self.tell(Notice::NotOurs);
        }
    }

    /// A lease came that nobody waits for any more. Kept, it would be a shard dead in silence.
    fn give_back_unwanted(&mut self, epoch: Epoch, now: Moment) {
        let is_idle = matches!(self.lease, Lease::None | Lease::Over { .. });
        if is_idle && epoch > self.over_up_to {
            let call = self.call(Request::Release { epoch });
            self.hold(Held::taking(epoch, Duty::Releasing { call }), None, now);
        }
    }

    /// The lease is ours, and with it the session that the row holds.
    fn hold(&mut self, held: Held, session: Option<SessionRow>, now: Moment) {
        let epoch = held.epoch;
        let is_serving = held.wants_socket();
        self.lease = Lease::Held(held);
        self.sessions = Sessions::from_row(session);
        self.tell(Notice::Ours { epoch });
        self.forget_dead_url();
        if is_serving {
            self.connect_with_lease(now);
        } else {
            self.let_go(now);
        }
    }

    /// Not sure of our leases: what we hold we keep, but nothing is taken or given.
    pub(super) fn on_unconfirmed(&mut self, now: Moment) {
        self.is_confirmed = false;
        match self.lease {
            Lease::Claiming { .. } => {
                self.lease = Lease::None;
                self.let_go(now);
                self.tell(Notice::Refused(Refusal::Unconfirmed));
            }
            Lease::Held(_) => self.abandon_offer(now),
            // An acceptance that may have got through has to be settled, sure or not.
            Lease::None | Lease::Accepting { .. } | Lease::Over { .. } => {}
        }
    }

    /// Sends the lease's request again when its pause is over.
    pub(super) fn ask_again(&mut self, now: Moment) {
        let call = self.lease.call_mut();
        if let Some(request) = call.and_then(|call| call.take_due(now)) {
            self.ask(request);
        }
    }
}
