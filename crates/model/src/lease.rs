//! A lease: one instance's right to write one shard's events.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{InstanceId, SessionRow};

/// The number of a lease.
///
/// A new one is `max(previous + 1, the store's time in ms)`. A plain counter could grant one
/// number twice, after a failover that lost the first grant; the clock makes that impossible
/// unless clocks are further apart than a failover takes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Which of the offers made under one epoch: retracted ones are not accepted by mistake.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct OfferId(pub u64);

/// In whose hand the baton is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Holding {
    /// In nobody's: given back, or never taken.
    Free,
    /// In its owner's, who may append.
    Owned {
        /// The only instance whose appends are accepted.
        owner: InstanceId,
    },
    /// On its way. From the offer on nobody may append.
    Offered {
        /// Who offered, and may still retract.
        owner: InstanceId,
        /// Who may accept.
        to: InstanceId,
        /// Which offer.
        offer: OfferId,
    },
}

impl Holding {
    /// The instance that holds the lease or has it on offer.
    #[must_use]
    pub const fn owner(&self) -> Option<InstanceId> {
        match *self {
            Self::Free => None,
            Self::Owned { owner } | Self::Offered { owner, .. } => Some(owner),
        }
    }
}

/// What the store keeps of a shard.
///
/// The row outlives its owner: its session and seq are what the next owner resumes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRow {
    /// The number of the current lease, or of the last one if the row is free.
    pub epoch: Epoch,
    /// Who holds it.
    pub holding: Holding,
    /// Discord's session and how far the stream has got in it; none before the first READY.
    pub session: Option<SessionRow>,
}

/// The lease that a claimant believes to replace: a claim is a compare-and-set against it.
///
/// Neither the session is part of it, which moves with every append, nor whether the holder has the
/// lease on offer: a holder of whose death there is evidence offers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Expected {
    /// Who holds it; none if it is free.
    pub holder: Option<InstanceId>,
    /// Its number.
    pub epoch: Epoch,
}

impl Expected {
    /// A shard that nobody has ever held, or that the store has forgotten.
    pub const NEVER_LEASED: Self = Self { holder: None, epoch: Epoch(0) };

    /// The lease of a row that somebody has just read.
    #[must_use]
    pub fn unchanged(row: Option<&LeaseRow>) -> Self {
        row.map_or(Self::NEVER_LEASED, |row| Self { holder: row.holding.owner(), epoch: row.epoch })
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for OfferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
