//! Planning on Valkey.

use baton_model::{Epoch, InstanceId, ShardKey};
use baton_store::{
    ClaimError, Expected, Grant, Planning, StoreError, TargetsError, key::Key, stored,
};
use fred::interfaces::HashesInterface;

use crate::{
    Valkey, arg,
    library::function,
    reply::{Reply, fred_error},
};

impl Planning for Valkey {
    async fn claim_planner(&self, expected: Expected, me: InstanceId) -> Result<Grant, ClaimError> {
        self.claim_row(Key::Planner(&self.config().fleet).to_string(), expected, me).await
    }

    async fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: &[(ShardKey, InstanceId)],
    ) -> Result<(), TargetsError> {
        let fleet = &self.config().fleet;
        let keys = [Key::Planner(fleet), Key::Targets(fleet)].map(|key| key.to_string());
        let pairs = targets
            .iter()
            .flat_map(|(shard, instance)| [arg(stored::target::encode(shard)), arg(instance)]);
        let args = [arg(me), arg(epoch)].into_iter().chain(pairs);
        let reply = self.control().call(function::WRITE_TARGETS, keys, args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("fenced", _) => Err(TargetsError::Fenced),
            _ => Err(reply.unexpected("ok or fenced").into()),
        }
    }

    async fn targets(&self) -> Result<Vec<(ShardKey, InstanceId)>, StoreError> {
        let key = Key::Targets(&self.config().fleet).to_string();
        let found: Result<fred::types::Value, _> =
            self.control().client().hgetall(key.as_str()).await;
        let reply = Reply::from(found.map_err(|error| fred_error(&error))?);
        let targets = reply.pairs()?.into_iter().map(|(shard, instance)| {
            let corrupt = |_| StoreError::corrupt(&key, format!("{instance:?}"), "an instance id");
            Ok((stored::target::decode(&key, shard)?, instance.parse().map_err(corrupt)?))
        });
        let mut targets = targets.collect::<Result<Vec<_>, StoreError>>()?;
        targets.sort();
        Ok(targets)
    }
}
