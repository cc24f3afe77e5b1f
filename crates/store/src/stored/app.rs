//! An app's shape in the apps' hash, as JSON: consumers read it to learn the number of lanes.

use baton_model::AppShape;

use crate::StoreError;

/// The shape as it is written.
#[must_use]
pub fn encode(shape: &AppShape) -> String {
    serde_json::to_string(shape)
        .unwrap_or_else(|error| unreachable!("a shape is plain data: {error}"))
}

/// Reads a shape; `key` is for the error.
///
/// # Errors
/// [`StoreError::Corrupt`] if it was written by something else.
pub fn decode(key: &str, value: &str) -> Result<AppShape, StoreError> {
    let found = || format!("{value:?}");
    serde_json::from_str(value).map_err(|_| StoreError::corrupt(key, found(), "an app's shape"))
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU16, NonZeroU32};

    use baton_model::{Generation, LaneCount, ShardCount};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_shape_reads_as_it_was_written(
            generation: u32, shards: NonZeroU32, lanes: NonZeroU16
        ) {
            let shape = AppShape {
                generation: Generation(generation),
                shards: ShardCount(shards),
                lanes: LaneCount(lanes),
            };
            prop_assert_eq!(decode("k", &encode(&shape)), Ok(shape));
        }

        #[test]
        fn anything_else_is_corrupt_never_a_panic(value in ".*") {
            let is_corrupt = matches!(decode("k", &value), Err(StoreError::Corrupt { .. }));
            prop_assert!(is_corrupt);
        }
    }

    #[test]
    fn a_shape_without_lanes_is_none() {
        let value = r#"{"generation":0,"shards":1,"lanes":0}"#;
        assert!(decode("k", value).is_err());
    }
}
