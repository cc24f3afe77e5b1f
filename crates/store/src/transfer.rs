//! Transfer: a fleet that was written down elsewhere is put into a store that knows nothing of it.

use std::future::Future;

use baton_model::{AppName, AppShape, Epoch, Holding, Lane, LeaseRow, SessionRow, ShardKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ShardAddress, StoreError, error::unhappy};

/// A lane as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredLane {
    /// The app.
    pub app: AppName,
    /// Its lane.
    pub lane: Lane,
    /// The rows of its shards.
    pub rows: Vec<RestoredRow>,
    /// Names of the consumer groups that read it.
    pub groups: Vec<String>,
}

/// A shard's row as it is to be: nobody holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredRow {
    /// Which shard.
    pub shard: ShardKey,
    /// The number of its last lease.
    pub epoch: Epoch,
    /// The session to resume, and from where.
    pub session: Option<SessionRow>,
}

impl RestoredLane {
    /// Each row with the shard that it is of.
    pub fn addressed(&self) -> impl Iterator<Item = (ShardAddress, LeaseRow)> {
        self.rows.iter().map(|row| {
            let address = ShardAddress { shard: row.shard.clone(), lane: self.lane };
            let (epoch, session) = (row.epoch, row.session.clone());
            (address, LeaseRow { epoch, holding: Holding::Free, session })
        })
    }
}

/// Why nothing was put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum RestoreError {
    /// There is a row, and it is another one.
    #[error("shard {0} has a row of its own there")]
    RowThere(ShardKey),
    /// The lane is not empty.
    #[error("lane {lane} of {app} has entries there")]
    EntriesThere {
        /// The app.
        app: AppName,
        /// Its lane.
        lane: Lane,
    },
    /// There are apps, and they are others.
    #[error("the fleet has apps there")]
    AppsThere,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(RestoreError);

/// Putting a fleet into a store that knows nothing of it.
///
/// Lanes come first, in any order, and the apps last: a store that shows apps has everything. What
/// stands in the store already is never overwritten. Each step is atomic, durable on return like a
/// lease row, and changes nothing where it is done once more; so a restore that was cut off is
/// finished by the same one from its beginning, and refused to every other.
pub trait Transfer {
    /// Puts a lane there, all of it or nothing: its rows, which are free and have dealt with no
    /// command of the lane, and its consumer groups, which read the lane's stream from its
    /// beginning. A store that has no consumer groups leaves those out.
    ///
    /// The stream must be empty, and there must be no rows but such as this very call writes.
    fn restore_lane(
        &self,
        lane: &RestoredLane,
    ) -> impl Future<Output = Result<(), RestoreError>> + Send;

    /// Puts the fleet's apps there, all of them at once. There must be none, or exactly these.
    fn restore_apps(
        &self,
        apps: &[(AppName, AppShape)],
    ) -> impl Future<Output = Result<(), RestoreError>> + Send;
}
