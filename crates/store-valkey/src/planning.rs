//! Planning on Valkey.

use crate::{Valkey, arg, library::function};
use baton_model::{Epoch, Expected, InstanceId};
use baton_store::{
    ClaimError, Grant, Planning, StoreError, Targets, TargetsError, key::Key, stored,
};

impl Planning for Valkey {
    async fn claim_planner(&self, expected: Expected, me: InstanceId) -> Result<Grant, ClaimError> {
        self.claim_row(Key::Planner(&self.config().fleet).to_string(), expected, me).await
    }

    async fn release_planner(&self, me: InstanceId, epoch: Epoch) -> Result<(), StoreError> {
        let key = Key::Planner(&self.config().fleet).to_string();
        let args = [arg(me), arg(epoch)];
        // Whoever holds the lease by now, it is not the caller: that is all it wants.
        self.control().call(function::RELEASE, [key], args).await.map(drop)
    }

    async fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: Targets<'_>,
    ) -> Result<(), TargetsError> {
        let fleet = &self.config().fleet;
        let keys = [Key::Planner(fleet), Key::Targets(fleet)].map(|key| key.to_string());
        let set = targets
            .set
            .iter()
            .flat_map(|(shard, instance)| [arg(stored::target::encode(shard)), arg(instance)]);
        let clear = targets.clear.iter().map(|shard| arg(stored::target::encode(shard)));
        let head = [arg(me), arg(epoch), arg(targets.set.len())];
        let args = head.into_iter().chain(set).chain(clear);
        let reply = self.control().call(function::WRITE_TARGETS, keys, args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("fenced", _) => Err(TargetsError::Fenced),
            _ => Err(reply.unexpected("ok or fenced").into()),
        }
    }
}
