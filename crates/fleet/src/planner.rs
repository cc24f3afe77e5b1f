//! Who plans: the lease of the planner.
//!
//! It follows the rules of any other lease: its holder is replaced on evidence only, by a claim
//! that names what it expects. Nothing depends on there being a planner except moves.

use baton_model::{Epoch, Expected, InstanceId, Moment, limits::STORE_ANSWER_TIMEOUT};

use crate::asking::Look;

/// The planner's lease row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlannerRow {
    /// Who plans; none if nobody does.
    pub holder: Option<InstanceId>,
    /// The number of the lease.
    pub epoch: Epoch,
}

/// This instance's part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Office {
    /// Somebody else plans, or nobody, as the last poll showed.
    Elsewhere {
        /// Since when the lease has been free to claim.
        vacant_since: Option<Moment>,
    },
    /// A claim is on its way.
    Claiming { since: Moment },
    /// This instance plans.
    Held { epoch: Epoch, since: Moment },
}

#[derive(Debug)]
pub(crate) struct PlannerLease {
    me: InstanceId,
    row: PlannerRow,
    office: Office,
}

/// A turn in who plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    None,
    TookOffice,
    LostOffice,
}

impl PlannerLease {
    pub(crate) fn new(me: InstanceId) -> Self {
        Self { me, row: PlannerRow::default(), office: Office::Elsewhere { vacant_since: None } }
    }

    /// Whether a poll shows an epoch older than one known before it was asked for.
    pub(crate) fn runs_backwards(&self, row: PlannerRow, look: Look) -> bool {
        let is_older_look = match self.office {
            Office::Held { since, .. } => look.issued <= since,
            Office::Elsewhere { .. } | Office::Claiming { .. } => false,
        };
        row.epoch < self.row.epoch && !is_older_look
    }

    /// Takes the row that a poll showed. `is_dead` judges its holder.
    pub(crate) fn observe(
        &mut self,
        row: PlannerRow,
        look: Look,
        is_dead: impl Fn(InstanceId) -> bool,
    ) -> Turn {
        self.row = row;
        let is_vacant = row.holder.is_none_or(is_dead);
        match self.office {
            // Asked before the claim was answered: says nothing about it.
            Office::Held { since, .. } if look.issued <= since => Turn::None,
            Office::Held { epoch, .. } if (row.holder, row.epoch) == (Some(self.me), epoch) => {
                Turn::None
            }
            Office::Held { .. } => {
                self.office = Office::Elsewhere { vacant_since: None };
                Turn::LostOffice
            }
            // The answer to the claim was lost, but not the claim.
            Office::Elsewhere { .. } if row.holder == Some(self.me) => {
                self.take(row.epoch, look.answered)
            }
            Office::Elsewhere { vacant_since } => {
                let since = is_vacant.then(|| vacant_since.unwrap_or(look.answered));
                self.office = Office::Elsewhere { vacant_since: since };
                Turn::None
            }
            Office::Claiming { .. } => Turn::None,
        }
    }

    /// Notes a claim and says what it expects to replace.
    pub(crate) fn claim(&mut self, now: Moment) -> Expected {
        self.office = Office::Claiming { since: now };
        Expected { holder: self.row.holder, epoch: self.row.epoch }
    }

    pub(crate) fn claimed(&mut self, epoch: Epoch, now: Moment) -> Turn {
        self.row = PlannerRow { holder: Some(self.me), epoch };
        self.take(epoch, now)
    }

    fn take(&mut self, epoch: Epoch, now: Moment) -> Turn {
        self.office = Office::Held { epoch, since: now };
        Turn::TookOffice
    }

    /// The claim was lost, or nobody knows, or the holder turned out to live: the next poll
    /// tells.
    pub(crate) fn wait(&mut self) {
        match self.office {
            Office::Claiming { .. } | Office::Elsewhere { .. } => {
                self.office = Office::Elsewhere { vacant_since: None };
            }
            Office::Held { .. } => {}
        }
    }

    /// Gives up a claim that was never answered.
    pub(crate) fn expire(&mut self, now: Moment) {
        if self.claim_expires().is_some_and(|at| now >= at) {
            self.wait();
        }
    }

    pub(crate) fn claim_expires(&self) -> Option<Moment> {
        match self.office {
            Office::Claiming { since } => Some(since + STORE_ANSWER_TIMEOUT),
            Office::Elsewhere { .. } | Office::Held { .. } => None,
        }
    }

    /// Gives the lease back, or forgets it because the store is another one.
    pub(crate) fn resign(&mut self) -> Option<Epoch> {
        let epoch = self.held();
        self.row = PlannerRow::default();
        self.office = Office::Elsewhere { vacant_since: None };
        epoch
    }

    pub(crate) const fn held(&self) -> Option<Epoch> {
        match self.office {
            Office::Held { epoch, .. } => Some(epoch),
            Office::Elsewhere { .. } | Office::Claiming { .. } => None,
        }
    }

    pub(crate) const fn vacant_since(&self) -> Option<Moment> {
        match self.office {
            Office::Elsewhere { vacant_since } => vacant_since,
            Office::Held { .. } | Office::Claiming { .. } => None,
        }
    }

    pub(crate) const fn holder(&self) -> Option<InstanceId> {
        self.row.holder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: InstanceId = InstanceId::new(1);
    const OTHER: InstanceId = InstanceId::new(2);

    fn look(issued: u64) -> Look {
        Look { issued: Moment::from_millis(issued), answered: Moment::from_millis(issued + 10) }
    }

    fn row(holder: InstanceId, epoch: u64) -> PlannerRow {
        PlannerRow { holder: Some(holder), epoch: Epoch(epoch) }
    }

    fn in_office() -> PlannerLease {
        let mut lease = PlannerLease::new(ME);
        lease.observe(row(OTHER, 7), look(0), |_| true);
        lease.claim(Moment::from_millis(100));
        lease.claimed(Epoch(8), Moment::from_millis(105));
        lease
    }

    #[test]
    fn a_poll_put_before_the_claim_was_answered_does_not_depose() {
        let mut lease = in_office();
        assert!(!lease.runs_backwards(row(OTHER, 7), look(104)));
        let turn = lease.observe(row(OTHER, 7), look(104), |_| true);
        assert_eq!((turn, lease.held()), (Turn::None, Some(Epoch(8))));
    }

    #[test]
    fn another_lease_deposes_even_in_the_own_name() {
        let mut lease = in_office();
        let turn = lease.observe(row(ME, 9), look(200), |_| false);
        assert_eq!((turn, lease.held()), (Turn::LostOffice, None));
    }

    #[test]
    fn an_epoch_older_than_the_own_lease_shows_a_store_that_forgot() {
        assert!(in_office().runs_backwards(row(OTHER, 7), look(106)));
    }

    #[test]
    fn a_holder_that_lives_leaves_no_vacancy() {
        let mut lease = PlannerLease::new(ME);
        lease.observe(row(OTHER, 7), look(0), |_| true);
        assert_eq!(lease.vacant_since(), Some(Moment::from_millis(10)));
        lease.observe(row(OTHER, 7), look(1_000), |_| false);
        assert_eq!(lease.vacant_since(), None);
    }

    #[test]
    fn a_claim_without_an_answer_is_given_up() {
        let mut lease = PlannerLease::new(ME);
        lease.claim(Moment::ZERO);
        lease.expire(Moment::from_millis(1_999));
        assert!(lease.claim_expires().is_some());
        lease.expire(Moment::from_millis(2_000));
        assert_eq!(lease.claim_expires(), None);
    }
}
