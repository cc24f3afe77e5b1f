//! Membership on Valkey.

use std::sync::Arc;

use baton_model::{
    Beat, DataSetId, InstanceId, InstanceRecord, Intent, Member, Presence, PrimaryId, ShardKey,
    StoreIdentity, StoreMillis, Subject,
};
use baton_store::{
    BeatError, Membership, Poll, PresenceGuard, Safety, StoreError, key::Key, stored,
};

use crate::{
    Valkey, arg,
    library::function,
    reply::{Reply, nth},
    subscription::Subscription,
};

/// The newest layout of stored data that this Baton knows.
const DATA_FORMAT: u32 = 1;

/// A subscription to an instance's own channel: others count it and see that the process lives.
#[derive(Debug)]
pub struct PresenceHold {
    subscription: Subscription,
}

impl PresenceGuard for PresenceHold {
    fn is_held(&self) -> bool {
        self.subscription.is_connected()
    }
}

impl Membership for Valkey {
    type Presence = PresenceHold;

    async fn ensure_data_set(&self, candidate: DataSetId) -> Result<DataSetId, StoreError> {
        let key = Key::DataSet(&self.config().fleet).to_string();
        let args = [arg(candidate), arg(DATA_FORMAT)];
        let reply = self.control().call(function::DATA_SET, [key.clone()], args).await?;
        match reply.outcome()? {
            ("ok", rest) => data_set_id(&key, nth(rest, 0)?.text()?),
            ("newer", rest) => Err(StoreError::Newer {
                what: format!(
                    "{} holds data format {}; this Baton knows {DATA_FORMAT}",
                    self.url(),
                    nth(rest, 0)?.text()?
                ),
            }),
            _ => Err(reply.unexpected("ok or newer")),
        }
    }

    async fn beat(
        &self,
        me: InstanceId,
        beat: Beat,
        record: &InstanceRecord,
    ) -> Result<StoreMillis, BeatError> {
        let key = Key::Instances(&self.config().fleet).to_string();
        let args = [arg(me), arg(beat), arg(stored::instance::encode_record(record))];
        let reply = self.control().call(function::BEAT, [key], args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(StoreMillis(nth(rest, 0)?.number()?)),
            ("duplicate", rest) => Err(BeatError::Duplicate(Beat(nth(rest, 0)?.number()?))),
            _ => Err(reply.unexpected("ok or duplicate").into()),
        }
    }

    async fn forget(&self, id: InstanceId, beat: Beat) -> Result<(), StoreError> {
        let fleet = &self.config().fleet;
        let keys = [Key::Instances(fleet), Key::Intents(fleet), Key::Reports(fleet)];
        let keys = keys.map(|key| key.to_string());
        let args = [arg(id), arg(beat), arg(Subject::Drain(id))];
        self.control().call(function::FORGET, keys, args).await.map(drop)
    }

    async fn poll(&self) -> Result<Poll, StoreError> {
        let fleet = &self.config().fleet;
        let keys = [
            Key::Instances(fleet),
            Key::DataSet(fleet),
            Key::Planner(fleet),
            Key::Targets(fleet),
            Key::Intents(fleet),
        ];
        let keys = keys.map(|key| key.to_string());
        let presence = presence_prefix(self);
        let reply = self.control().call(function::POLL, keys.clone(), [arg(presence)]).await?;
        match reply.outcome()? {
            ("ok", rest) => read_poll(&keys, rest),
            _ => Err(reply.unexpected("ok")),
        }
    }

    async fn safety(&self) -> Result<Safety, StoreError> {
        self.judge_majority().await
    }

    async fn hold_presence(&self, me: InstanceId) -> Result<PresenceHold, StoreError> {
        let channel = Key::Presence(&self.config().fleet, me).to_string();
        let subscription = Subscription::begin(self.config(), channel).await?;
        Ok(PresenceHold { subscription })
    }
}

/// What every presence channel of the fleet starts with.
fn presence_prefix(store: &Valkey) -> String {
    let any = InstanceId::new(0);
    let channel = Key::Presence(&store.config().fleet, any).to_string();
    channel.trim_end_matches(&any.to_string()).to_owned()
}

fn data_set_id(key: &str, text: &str) -> Result<DataSetId, StoreError> {
    let parsed = u128::from_str_radix(text, 16).map(DataSetId);
    let found = || format!("{text:?}");
    parsed.map_err(|_| StoreError::corrupt(format!("{key} field id"), found(), "128 bits in hex"))
}

fn read_poll(keys: &[String; 5], rest: &[Reply]) -> Result<Poll, StoreError> {
    let [instances, data_set, planner, targets, _intents] = keys;
    let primary = PrimaryId(Arc::from(nth(rest, 0)?.text()?));
    let data_set = match nth(rest, 1)?.text()? {
        "" => None,
        text => Some(data_set_id(data_set, text)?),
    };
    let members = nth(rest, 4)?.list()?.chunks(3).map(|member| read_member(instances, member));
    let mut members = members.collect::<Result<Vec<_>, _>>()?;
    members.sort_by_key(|member| member.id);
    Ok(Poll {
        identity: StoreIdentity { data_set, primary },
        now: StoreMillis(nth(rest, 2)?.number()?),
        planner: stored::row::decode(planner, nth(rest, 3)?.pairs()?)?,
        targets: read_targets(targets, nth(rest, 5)?)?,
        // An older library than ours does not tell of intents, nor does it take any.
        intents: rest.get(6).map_or(Ok(Vec::new()), read_intents)?,
        members,
    })
}

fn read_member(key: &str, member: &[Reply]) -> Result<Member, StoreError> {
    let id = nth(member, 0)?.text()?;
    let corrupt = |_| StoreError::corrupt(key, format!("field {id:?}"), "an instance id");
    let (beat, record) = stored::instance::decode(key, nth(member, 1)?.text()?)?;
    let presence = match nth(member, 2)?.number::<u64>()? {
        0 => Presence::Absent,
        _ => Presence::Subscribed,
    };
    Ok(Member { id: id.parse().map_err(corrupt)?, beat, record, presence })
}

fn read_targets(key: &str, found: &Reply) -> Result<Vec<(ShardKey, InstanceId)>, StoreError> {
    let targets = found.pairs()?.into_iter().map(|(shard, instance)| {
        let corrupt = |_| StoreError::corrupt(key, format!("{instance:?}"), "an instance id");
        Ok((stored::target::decode(key, shard)?, instance.parse().map_err(corrupt)?))
    });
    let mut targets = targets.collect::<Result<Vec<_>, StoreError>>()?;
    targets.sort();
    Ok(targets)
}

fn read_intents(found: &Reply) -> Result<Vec<Intent>, StoreError> {
    let pairs = found.list()?.chunks(2);
    let readable = pairs.filter_map(|pair| {
        let (subject, value) = (pair.first()?.text().ok()?, pair.get(1)?.text().ok()?);
        stored::intent::decode(subject, value)
    });
    let mut intents: Vec<_> = readable.collect();
    intents.sort_by_key(Intent::subject);
    Ok(intents)
}
