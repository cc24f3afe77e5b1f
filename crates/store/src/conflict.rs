//! A conflict: two who believed that they were the one, and how it ended.

use std::collections::BTreeSet;

use baton_model::{ConflictId, Epoch, InstanceId, ShardKey, UnixMicros};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::fields::{FieldsError, json_fields, read_json};

/// The fields of a conflict, in their order.
pub const CONFLICT_FIELDS: [&str; 2] = ["v", "d"];

/// What kind of conflict it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// An append was refused, because somebody else had been granted the shard.
    Fenced,
    /// The store held an older row than the one it had acknowledged.
    RolledBack,
    /// Instances took a shard from each other again and again.
    TugOfWar,
    /// Discord closed sessions as if another program used the same token.
    ForeignSession,
    /// Another process beat under the same instance id.
    Impostor,
}

impl ConflictKind {
    /// The kind as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fenced => "fenced",
            Self::RolledBack => "rolled_back",
            Self::TugOfWar => "tug_of_war",
            Self::ForeignSession => "foreign_session",
            Self::Impostor => "impostor",
        }
    }
}

/// Two who believed that they were the one, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Which one.
    pub id: ConflictId,
    /// Of what kind.
    pub kind: ConflictKind,
    /// Between whom, as far as that is known.
    pub instances: BTreeSet<InstanceId>,
    /// Over which shard, if it was over one.
    pub shard: Option<ShardKey>,
    /// Under which leases.
    pub epochs: BTreeSet<Epoch>,
    /// What was done about it.
    pub resolution: String,
    /// When, by the clock of the instance that wrote it down.
    pub at: UnixMicros,
}

impl Conflict {
    /// All fields, in their order: the version, and the conflict as JSON.
    #[must_use]
    pub fn encode(&self) -> [(&'static str, Bytes); 2] {
        json_fields(CONFLICT_FIELDS, self)
    }

    /// Reads a conflict from its fields. Their order does not matter; unknown ones are ignored.
    ///
    /// # Errors
    /// If a field is missing or malformed, or the format is a newer one.
    pub fn decode<'a, F>(fields: F) -> Result<Self, FieldsError>
    where
        F: IntoIterator<Item = (&'a [u8], Bytes)>,
    {
        read_json(&CONFLICT_FIELDS, fields, "a conflict")
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Generation, ShardNumber};
    use proptest::prelude::*;

    use super::*;

    fn kind() -> impl Strategy<Value = ConflictKind> {
        proptest::sample::select(vec![
            ConflictKind::Fenced,
            ConflictKind::RolledBack,
            ConflictKind::TugOfWar,
            ConflictKind::ForeignSession,
            ConflictKind::Impostor,
        ])
    }

    fn read(fields: &[(&'static str, Bytes)]) -> Result<Conflict, FieldsError> {
        Conflict::decode(fields.iter().map(|(name, value)| (name.as_bytes(), value.clone())))
    }

    proptest! {
        #[test]
        fn a_conflict_reads_as_it_was_written(
            id: u64,
            kind in kind(),
            instances in proptest::collection::btree_set(any::<u128>(), 0..3),
            shard: Option<(u32, u32)>,
            epochs in proptest::collection::btree_set(any::<u64>(), 0..3),
            resolution in ".{0,40}",
            at: u64,
        ) {
            let shard = shard.map(|(generation, number)| ShardKey {
                app: "bot".parse().unwrap(),
                generation: Generation(generation),
                number: ShardNumber(number),
            });
            let conflict = Conflict {
                id: ConflictId(id),
                kind,
                instances: instances.into_iter().map(InstanceId::new).collect(),
                shard,
                epochs: epochs.into_iter().map(Epoch).collect(),
                resolution,
                at: UnixMicros(at),
            };
            prop_assert_eq!(read(&conflict.encode()), Ok(conflict));
        }
    }

    #[test]
    fn anything_else_is_an_error_that_names_the_field() {
        let version = ("v", Bytes::from_static(b"1"));
        for body in ["", "{}", r#"{"id":"1"}"#] {
            let error = read(&[version.clone(), ("d", Bytes::from(body))]).unwrap_err();
            assert!(error.to_string().starts_with(r#"field "d" holds"#), "{error}");
        }
    }
}
