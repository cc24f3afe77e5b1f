//! The lease, as this instance sees it: who must answer what before the shard may be served, and
//! the steps by which it is given away.

use baton_model::{Epoch, InstanceId, Moment, OfferId, limits::ACCEPT_DEADLINE};

use crate::{WakeReason, call::Call};

pub(crate) enum Lease {
    /// Nobody asked for it here.
    None,
    /// A claim is on its way.
    Claiming { call: Call },
    /// An offer to us is being accepted.
    Accepting { call: Call },
    /// It is ours.
    Held(Held),
    /// It was ours.
    Over { end: End },
}

pub(crate) struct Held {
    pub(crate) epoch: Epoch,
    pub(crate) duty: Duty,
    /// The latest offer made under this epoch.
    pub(crate) last_offer: OfferId,
    /// When a shard that was handed over is to be live. A socket that has not got there by then
    /// gives way to another; nobody waits for that one so briefly.
    pub(crate) live_by: Option<Moment>,
}

/// What a holder is about.
pub(crate) enum Duty {
    /// The shard's events.
    Serving,
    /// The same, while the store is reminded whose the row is. Nothing is appended meanwhile.
    Reasserting { call: Call, meanwhile: Meanwhile },
    /// Getting what was received into the stream, before it lets go.
    Flushing { goal: Goal, deadline: Moment },
    /// Putting the lease on offer.
    Offering { to: InstanceId, offer: OfferId, deadline: Moment, call: Call },
    /// Waiting for the target.
    Offered { to: InstanceId, offer: OfferId, deadline: Moment },
    /// Taking the offer back.
    Retracting { offer: OfferId, call: Call },
    /// Giving the lease back.
    Releasing { call: Call },
}

/// What a holder does while the store is reminded whose the row is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    /// The shard's events go on arriving.
    Serving,
    /// Nothing. The lease was on offer, and may have been accepted: who resumes now may take the
    /// session from whom it was given to.
    Offered,
    /// Nothing. Somebody else may have resumed the session.
    Contested,
}

/// Why a holder lets go.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    Offer { to: InstanceId },
    Release,
}

/// How a lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Fenced,
    Moved,
    Released,
}

impl Lease {
    pub(crate) const fn held(&self) -> Option<&Held> {
        match self {
            Self::Held(held) => Some(held),
            Self::None | Self::Claiming { .. } | Self::Accepting { .. } | Self::Over { .. } => None,
        }
    }

    pub(crate) const fn held_mut(&mut self) -> Option<&mut Held> {
        match self {
            Self::Held(held) => Some(held),
            Self::None | Self::Claiming { .. } | Self::Accepting { .. } | Self::Over { .. } => None,
        }
    }

    /// Whether the lease is ours under just this epoch: what an answer must name to matter.
    pub(crate) fn is_held_under(&self, epoch: Epoch) -> bool {
        self.held().is_some_and(|held| held.epoch == epoch)
    }

    /// The request that has no answer yet.
    pub(crate) const fn call(&self) -> Option<&Call> {
        match self {
            Self::Claiming { call } | Self::Accepting { call } => Some(call),
            Self::Held(held) => match &held.duty {
                Duty::Reasserting { call, .. }
                | Duty::Offering { call, .. }
                | Duty::Retracting { call, .. }
                | Duty::Releasing { call } => Some(call),
                Duty::Serving | Duty::Flushing { .. } | Duty::Offered { .. } => None,
            },
            Self::None | Self::Over { .. } => None,
        }
    }

    pub(crate) const fn call_mut(&mut self) -> Option<&mut Call> {
        match self {
            Self::Claiming { call } | Self::Accepting { call } => Some(call),
            Self::Held(held) => match &mut held.duty {
                Duty::Reasserting { call, .. }
                | Duty::Offering { call, .. }
                | Duty::Retracting { call, .. }
                | Duty::Releasing { call } => Some(call),
                Duty::Serving | Duty::Flushing { .. } | Duty::Offered { .. } => None,
            },
            Self::None | Self::Over { .. } => None,
        }
    }

    /// When that request goes out again.
    pub(crate) fn again_at(&self) -> Option<(Moment, WakeReason)> {
        Some((self.call()?.again_at()?, WakeReason::StoreRetry))
    }

    /// When a step of giving the lease away has taken too long.
    pub(crate) fn deadline(&self) -> Option<(Moment, WakeReason)> {
        match self.held()?.duty {
            Duty::Flushing { deadline, .. } => Some((deadline, WakeReason::Flush)),
            Duty::Offering { deadline, .. } | Duty::Offered { deadline, .. } => {
                Some((deadline, WakeReason::Offer))
            }
            Duty::Serving
            | Duty::Reasserting { .. }
            | Duty::Retracting { .. }
            | Duty::Releasing { .. } => None,
        }
    }
}

impl Held {
    pub(crate) fn taking(epoch: Epoch, duty: Duty) -> Self {
        let last_offer = match duty {
            Duty::Retracting { offer, .. } => offer,
            Duty::Serving
            | Duty::Reasserting { .. }
            | Duty::Flushing { .. }
            | Duty::Offering { .. }
            | Duty::Offered { .. }
            | Duty::Releasing { .. } => OfferId::default(),
        };
        Self { epoch, duty, last_offer, live_by: None }
    }

    /// From an instance that was serving the shard until a moment ago.
    pub(crate) fn handed_over(epoch: Epoch, now: Moment) -> Self {
        let live_by = Some(now + ACCEPT_DEADLINE);
        Self { live_by, ..Self::taking(epoch, Duty::Serving) }
    }

    /// Whether appends would be accepted, for all we know.
    pub(crate) const fn may_append(&self) -> bool {
        match self.duty {
            Duty::Serving | Duty::Flushing { .. } => true,
            Duty::Reasserting { .. }
            | Duty::Offering { .. }
            | Duty::Offered { .. }
            | Duty::Retracting { .. }
            | Duty::Releasing { .. } => false,
        }
    }

    /// Whether the row is ours and not on its way to anybody else.
    pub(crate) const fn should_own_row(&self) -> bool {
        self.may_append() || self.wants_socket()
    }

    /// Whether a socket is wanted: true unless the shard is on its way out.
    pub(crate) const fn wants_socket(&self) -> bool {
        match self.duty {
            Duty::Serving | Duty::Reasserting { meanwhile: Meanwhile::Serving, .. } => true,
            Duty::Reasserting { meanwhile: Meanwhile::Offered | Meanwhile::Contested, .. }
            | Duty::Flushing { .. }
            | Duty::Offering { .. }
            | Duty::Offered { .. }
            | Duty::Retracting { .. }
            | Duty::Releasing { .. } => false,
        }
    }

    /// What to do while the store is reminded.
    pub(crate) const fn meanwhile(&self) -> Meanwhile {
        match self.duty {
            Duty::Reasserting { meanwhile, .. } => meanwhile,
            Duty::Offering { .. } | Duty::Offered { .. } | Duty::Retracting { .. } => {
                Meanwhile::Offered
            }
            Duty::Serving | Duty::Flushing { .. } | Duty::Releasing { .. } => Meanwhile::Serving,
        }
    }
}
