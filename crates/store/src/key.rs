//! Every key that Baton uses in Valkey.
//!
//! The braces are hash tags: they keep in one slot of a Cluster what one function touches. Only
//! results of commands have a time to live. A lease has none: it is a row, and a row outlives its
//! owner.

use std::fmt;

use baton_model::{AppName, FleetName, InstanceId, Lane};

use crate::ShardAddress;

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// Hash, instance id → beat and record. Written by each instance with every beat; a field
    /// goes when its instance is forgotten.
    Instances(&'a FleetName),
    /// Hash, the planner's lease row. Written by whoever claims it; stays.
    Planner(&'a FleetName),
    /// Hash, shard → instance. Replaced by the planner with every plan.
    Targets(&'a FleetName),
    /// Hash, app → its shape. A field is written once by whoever proposes first; stays.
    Apps(&'a FleetName),
    /// Hash, app → what an operator wants it to be, or that it is removed. Written by operators; by
    /// instances that run it, where it is missing; stays.
    StoredApps(&'a FleetName),
    /// Hash, subject → intent. Written by operators; a field goes when the intent is done or taken
    /// back.
    Intents(&'a FleetName),
    /// Hash, instance id → its report. Written by each instance now and then; a field goes when
    /// its instance is forgotten.
    Reports(&'a FleetName),
    /// Hash, the identity of this data set. Written once by whoever comes first; stays. If it is
    /// missing, the store was wiped.
    DataSet(&'a FleetName),
    /// Stream of conflicts. Written by whoever meets one; the oldest go.
    Conflicts(&'a FleetName),
    /// Stream of happenings. Written by instances and operators; the oldest go.
    Journal(&'a FleetName),
    /// Sharded pub/sub channel, not a key: an instance subscribes to its own and never publishes.
    /// The count of subscribers shows whether its process lives.
    Presence(&'a FleetName, InstanceId),
    /// Sharded pub/sub channel, not a key: every instance subscribes and publishes.
    Hints(&'a FleetName),
    /// Hash, bucket → the store's time from which the next IDENTIFY may go. Written with every
    /// permit.
    IdentifyBuckets(&'a AppName),
    /// Hash, the day's limit of IDENTIFYs and what is left. Written with every permit and when
    /// Discord is asked.
    IdentifyDay(&'a AppName),
    /// Hash, the lease row of a shard. Written by its holder and by claimants; stays.
    Row(&'a ShardAddress),
    /// Stream of entries. Written by the holders of the lane's shards; trimmed by what consumer
    /// groups have acknowledged.
    Events(&'a AppName, Lane),
    /// Hash, key of a stream → nothing: the streams that hold copies of an app's events. Written
    /// with the copies; stays.
    Copied(&'a AppName),
    /// Hash, consumer group of such a stream → since when it was seen to have no consumers. Written
    /// by who holds the app's first shard; a field goes with the group or when it has one again.
    IdleGroups(&'a AppName, &'a str),
    /// Stream of commands. Written by consumers; trimmed by age.
    Commands(&'a AppName, Lane),
    /// Stream of results for the senders of commands who wait under a name. Written by the holders
    /// of the lane's shards; goes a few minutes after the last result.
    Results(&'a AppName, Lane, &'a str),
    /// Hash, consumer → its beat and what it reads, of a group whose consumers share lanes out.
    /// Written by each with every beat; a field goes when its consumer leaves or is long dead.
    Readers(&'a AppName, &'a str),
    /// Hash, any name that is one consumer's alone → how its handlers fare. Written by each every
    /// few seconds; a field goes when its consumer stops, or by another when it is long out of
    /// date.
    Handlers(&'a AppName),
    /// Hash, the lease row of a lane that one consumer of a group at a time reads. Written by
    /// consumers; stays.
    Reader(&'a AppName, Lane, &'a str),
    /// Stream of deliveries that a consumer group gave up on. Written by consumers; an element
    /// goes when an operator drops it.
    DeadLetters(&'a AppName, Lane, &'a str),
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instances(fleet) => write!(f, "baton:{{{fleet}}}:instances"),
            Self::Planner(fleet) => write!(f, "baton:{{{fleet}}}:planner"),
            Self::Targets(fleet) => write!(f, "baton:{{{fleet}}}:targets"),
            Self::Apps(fleet) => write!(f, "baton:{{{fleet}}}:apps"),
            Self::StoredApps(fleet) => write!(f, "baton:{{{fleet}}}:stored-apps"),
            Self::Intents(fleet) => write!(f, "baton:{{{fleet}}}:intents"),
            Self::Reports(fleet) => write!(f, "baton:{{{fleet}}}:reports"),
            Self::DataSet(fleet) => write!(f, "baton:{{{fleet}}}:store"),
            Self::Conflicts(fleet) => write!(f, "baton:{{{fleet}}}:conflicts"),
            Self::Journal(fleet) => write!(f, "baton:{{{fleet}}}:journal"),
            Self::Presence(fleet, id) => write!(f, "baton:{{{fleet}}}:presence:{id}"),
            Self::Hints(fleet) => write!(f, "baton:{{{fleet}}}:hints"),
            Self::IdentifyBuckets(app) => write!(f, "baton:{{{app}}}:identify:buckets"),
            Self::IdentifyDay(app) => write!(f, "baton:{{{app}}}:identify:day"),
            Self::Row(ShardAddress { shard, lane }) => write!(
                f,
                "baton:{{{}.{lane}}}:shard:{}:{}",
                shard.app, shard.generation, shard.number
            ),
            Self::Events(app, lane) => write!(f, "baton:{{{app}.{lane}}}:events"),
            Self::Copied(app) => write!(f, "baton:{{{app}}}:copied"),
            Self::IdleGroups(app, stream) => write!(f, "baton:{{{app}}}:idle:{stream}"),
            Self::Commands(app, lane) => write!(f, "baton:{{{app}.{lane}}}:commands"),
            Self::Readers(app, group) => write!(f, "baton:{{{app}}}:readers:{group}"),
            Self::Handlers(app) => write!(f, "baton:{{{app}}}:handlers"),
            Self::Reader(app, lane, group) => write!(f, "baton:{{{app}.{lane}}}:reader:{group}"),
            Self::DeadLetters(app, lane, group) => {
                write!(f, "baton:{{{app}.{lane}}}:dead:{group}")
            }
            Self::Results(app, lane, reply_to) => {
                write!(f, "baton:{{{app}.{lane}}}:results:{reply_to}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Generation, ShardKey, ShardNumber};

    use super::*;

    fn tag(key: Key<'_>) -> String {
        let text = key.to_string();
        let (_, rest) = text.split_once('{').unwrap();
        rest.split_once('}').unwrap().0.to_owned()
    }

    #[test]
    fn what_one_function_touches_lies_in_one_slot() {
        let (fleet, app) = ("main".parse().unwrap(), "bot".parse::<AppName>().unwrap());
        let (generation, number) = (Generation(0), ShardNumber(7));
        let shard = ShardKey { app: app.clone(), generation, number };
        let address = ShardAddress { shard, lane: Lane(3) };
        assert_eq!(Key::Row(&address).to_string(), "baton:{bot.3}:shard:0:7");
        assert_eq!(tag(Key::Row(&address)), tag(Key::Events(&app, Lane(3))));
        assert_eq!(tag(Key::Row(&address)), tag(Key::Commands(&app, Lane(3))));
        assert_eq!(tag(Key::Row(&address)), tag(Key::Results(&app, Lane(3), "{x}")));
        assert_eq!(tag(Key::Row(&address)), tag(Key::DeadLetters(&app, Lane(3), "{x}")));
        assert_eq!(tag(Key::Row(&address)), tag(Key::Reader(&app, Lane(3), "{x}")));
        assert_eq!(tag(Key::IdentifyBuckets(&app)), tag(Key::IdentifyDay(&app)));
        let presence = Key::Presence(&fleet, InstanceId::new(1));
        let looked_at = [
            Key::Instances(&fleet),
            Key::DataSet(&fleet),
            Key::Planner(&fleet),
            Key::Intents(&fleet),
            Key::Reports(&fleet),
            presence,
        ];
        for key in looked_at {
            assert_eq!(tag(key), tag(Key::Targets(&fleet)));
        }
    }
}
