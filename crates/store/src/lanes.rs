//! Lanes as operators see them: how long they are, who reads them, and what was given up on.

use std::{future::Future, time::Duration};

use baton_model::{AppName, Lane};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{StoreError, StreamId};

/// A lane at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaneView {
    /// How many entries there are.
    pub length: u64,
    /// Bytes that they take up, roughly.
    pub bytes: u64,
    /// The oldest of them.
    pub first: Option<StreamId>,
    /// The newest of them.
    pub last: Option<StreamId>,
    /// How many commands there are, dealt with or not.
    pub commands_length: u64,
    /// Who reads it, ordered by name.
    pub groups: Vec<GroupView>,
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// Its consumers, ordered by name.
    pub consumers: Vec<ConsumerView>,
    /// Deliveries that nobody has acknowledged yet.
    pub pending: u64,
    /// Entries that were not delivered yet; none where the store cannot tell.
    pub lag: Option<u64>,
    /// The last entry that was delivered.
    pub last_delivered: StreamId,
    /// The oldest delivery that nobody has acknowledged yet.
    pub oldest_pending: Option<StreamId>,
    /// How many deliveries it has given up on.
    pub dead_letters: u64,
}

/// A consumer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerView {
    /// Its name.
    pub name: String,
    /// Deliveries that it has not acknowledged yet.
    pub pending: u64,
    /// How long it has not been heard of.
    pub idle: Duration,
}

/// A consumer group of a lane, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupAddress<'a> {
    /// The app.
    pub app: &'a AppName,
    /// Its lane.
    pub lane: Lane,
    /// The group's name.
    pub name: &'a str,
}

/// Under whose name a delivery is pending between a group that gave up on it and the consumer that
/// takes it over.
pub const REDELIVERER: &str = "baton";

/// For how long a delivery that was given back passes for untouched: longer than any consumer waits
/// before it takes over what another has left.
pub const REDELIVERED_UNTOUCHED: Duration = Duration::from_secs(86_400);

/// What came of giving a delivery back to its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redelivery {
    /// It is pending.
    Pending,
    /// There is no such dead letter.
    NoLetter,
    /// The letter has no field `id` that names an entry.
    NamesNoEntry,
    /// The entry that it names was trimmed.
    EntryGone(StreamId),
    /// There is no such group any more.
    NoGroup,
}

/// A delivery that a group gave up on: whatever its consumers have written down of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its place among the others.
    pub id: StreamId,
    /// All of its fields, in their order.
    #[serde(with = "written_fields")]
    pub fields: Vec<(Bytes, Bytes)>,
}

/// Fields as they are written down.
mod written_fields {
    use baton_model::raw_bytes;
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Field(#[serde(with = "raw_bytes")] Bytes, #[serde(with = "raw_bytes")] Bytes);

    pub(super) fn serialize<S: Serializer>(
        fields: &[(Bytes, Bytes)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(fields.iter().map(|(k, v)| Field(k.clone(), v.clone())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(Bytes, Bytes)>, D::Error> {
        let fields = Vec::<Field>::deserialize(deserializer)?;
        Ok(fields.into_iter().map(|Field(name, value)| (name, value)).collect())
    }
}

/// What operators look at and clean up of a lane.
///
/// Consumer groups and dead letters belong to consumers: Baton shows them, and does with them what
/// it is told to.
pub trait Lanes {
    /// One look at a lane. A lane of which nobody has heard is empty. All of it was true at one
    /// moment, but for the counts of dead letters, which are a little later.
    fn lane(
        &self,
        app: &AppName,
        lane: Lane,
    ) -> impl Future<Output = Result<LaneView, StoreError>> + Send;

    /// Removes a consumer group with what it has read and not acknowledged, and says whether it
    /// was there. What it has given up on stays under its name.
    fn remove_group(
        &self,
        group: GroupAddress<'_>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Reads what a group has given up on behind `after`, the oldest first, at most `count`. The
    /// group need not exist any more.
    fn dead_letters(
        &self,
        group: GroupAddress<'_>,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, StoreError>> + Send;

    /// Drops what a group has given up on, and says how many of these were there. Each goes by
    /// itself: after an unknown outcome some may be gone. Repeating it changes nothing.
    fn drop_dead_letters(
        &self,
        group: GroupAddress<'_>,
        ids: &[StreamId],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Gives a delivery that a group has given up on back to it, and drops its dead letter, both or
    /// neither.
    ///
    /// A lane has one stream for all groups, so nothing is written there: the entry is made pending
    /// again in this one group, under the name [`REDELIVERER`], as if it had been untouched for
    /// [`REDELIVERED_UNTOUCHED`]. Whoever takes over what the dead have left finds it. Repeating it
    /// finds no letter.
    fn redeliver(
        &self,
        group: GroupAddress<'_>,
        letter: StreamId,
    ) -> impl Future<Output = Result<Redelivery, StoreError>> + Send;
}
