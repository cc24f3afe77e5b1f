//! An instance in the members' hash: its beat, a space, and its record as JSON.
//!
//! The beat stands outside the JSON because the functions in Valkey compare it.

use baton_model::{Beat, InstanceRecord};

use crate::StoreError;

/// The record as it is written.
#[must_use]
pub fn encode_record(record: &InstanceRecord) -> String {
    serde_json::to_string(record)
        .unwrap_or_else(|error| unreachable!("a record is plain data: {error}"))
}

/// Reads what [`encode_record`] and a beat make together; `key` is for the error.
///
/// # Errors
/// [`StoreError::Corrupt`] if it was written by something else.
pub fn decode(key: &str, value: &str) -> Result<(Beat, InstanceRecord), StoreError> {
    let parsed = value.split_once(' ').and_then(|(beat, record)| {
        Some((Beat(beat.parse().ok()?), serde_json::from_str(record).ok()?))
    });
    parsed.ok_or_else(|| StoreError::corrupt(key, format!("{value:?}"), "a beat and a record"))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use baton_model::{Capacity, Phase, ShardKey, StoreMillis, Tier, Version, Weight};
    use baton_model::{Generation, ShardNumber};
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = InstanceRecord> {
        let shard =
            ("[a-z]{1,8}", any::<u32>(), any::<u32>()).prop_map(|(app, generation, n)| ShardKey {
                app: app.parse().unwrap(),
                generation: Generation(generation),
                number: ShardNumber(n),
            });
        (
            proptest::sample::select(&Phase::ALL[..]),
            any::<u8>(),
            "[a-z0-9._-]{1,64}",
            any::<NonZeroU16>(),
            any::<(u32, u32, u32, u32)>(),
            any::<u64>(),
            proptest::collection::btree_set(shard, 0..4),
        )
            .prop_map(|(phase, tier, zone, weight, numbers, joined_at, stalled)| {
                InstanceRecord {
                    phase,
                    tier: Tier(tier),
                    zone: zone.parse().unwrap(),
                    weight: Weight(weight),
                    capacity: Capacity(numbers.0),
                    version: Version { major: numbers.1, minor: numbers.2, patch: numbers.3 },
                    joined_at: StoreMillis(joined_at),
                    stalled,
                }
            })
    }

    proptest! {
        #[test]
        fn a_record_reads_as_it_was_written(beat in any::<u64>(), record in record()) {
            let value = format!("{beat} {}", encode_record(&record));
            prop_assert_eq!(decode("k", &value), Ok((Beat(beat), record)));
        }

        #[test]
        fn anything_else_is_corrupt_never_a_panic(value in ".*") {
            let is_corrupt = matches!(decode("k", &value), Err(StoreError::Corrupt { .. }));
            prop_assert!(is_corrupt);
        }
    }
}
