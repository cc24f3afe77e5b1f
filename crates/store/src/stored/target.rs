//! A shard as a field of the targets' hash: `<app>/<generation>.<number>`.

use baton_model::ShardKey;

use crate::StoreError;

/// The shard as it is written.
#[must_use]
pub fn encode(shard: &ShardKey) -> String {
    shard.to_string()
}

/// Reads what [`encode`] writes; `key` is for the error.
///
/// # Errors
/// [`StoreError::Corrupt`] if it was written by something else.
pub fn decode(key: &str, field: &str) -> Result<ShardKey, StoreError> {
    let parsed = field.parse();
    parsed.map_err(|_| StoreError::corrupt(key, format!("{field:?}"), "app/generation.shard"))
}

#[cfg(test)]
mod tests {
    use baton_model::{Generation, ShardNumber};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_shard_reads_as_it_was_written(
            app in "[a-z0-9._-]{1,64}", generation: u32, number: u32
        ) {
            let shard = ShardKey {
                app: app.parse().unwrap(),
                generation: Generation(generation),
                number: ShardNumber(number),
            };
            prop_assert_eq!(decode("k", &encode(&shard)), Ok(shard));
        }
    }

    #[test]
    fn anything_else_is_corrupt() {
        for bad in ["", "bot", "bot/1", "bot/1.x", "/1.2", "Bot/1.2"] {
            assert!(matches!(decode("k", bad), Err(StoreError::Corrupt { .. })), "{bad:?}");
        }
    }
}
