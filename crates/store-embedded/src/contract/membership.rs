//! Membership.

use baton_model::{Beat, DataSetId, InstanceId, InstanceRecord, StoreMillis};
use baton_store::{BeatError, Membership, Poll, Safety, StoreError};

use crate::{EmbeddedStore, PresenceHold, state::Vantage};

impl Membership for EmbeddedStore {
    type Presence = PresenceHold;

    async fn ensure_data_set(&self, candidate: DataSetId) -> Result<DataSetId, StoreError> {
        self.live.run(|at| at.state.ensure_data_set(candidate)).await
    }

    async fn beat(
        &self,
        me: InstanceId,
        beat: Beat,
        record: &InstanceRecord,
    ) -> Result<StoreMillis, BeatError> {
        self.live.run(|at| at.state.beat(at.now, me, beat, record)).await?
    }

    async fn forget(&self, id: InstanceId, beat: Beat) -> Result<(), StoreError> {
        let forgetting = self.live.run(|at| {
            if at.state.forget(id, beat) {
                self.live.reports().remove(id);
            }
        });
        forgetting.await
    }

    async fn poll(&self) -> Result<Poll, StoreError> {
        let poll = self.live.run(|at| {
            let vantage =
                Vantage { primary: at.primary.clone(), present: self.live.presence.present() };
            at.state.poll(at.now, vantage)
        });
        poll.await
    }

    async fn safety(&self) -> Result<Safety, StoreError> {
        match self.live.ensure_up() {
            Ok(()) => Ok(Safety::Safe),
            Err(StoreError::Unavailable { reason }) => Ok(Safety::Unsafe {
                reason: format!("{reason}; see that the disk of the store has room and answers"),
            }),
            Err(error) => Err(error),
        }
    }

    async fn hold_presence(&self, me: InstanceId) -> Result<PresenceHold, StoreError> {
        Ok(self.live.presence.hold(me))
    }
}
