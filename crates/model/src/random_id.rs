//! Ids that whoever writes something down draws at random: 64 bits, shown as 16 hexadecimal digits.
//!
//! They tell a repetition from something new, whoever repeats it and however late it arrives.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that is no such id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not an id; expected 16 hexadecimal digits")]
pub struct RandomIdError(String);

fn bits(text: &str) -> Result<u64, RandomIdError> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    bits.ok_or_else(|| RandomIdError(text.to_owned()))
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub u64);

        impl FromStr for $name {
            type Err = RandomIdError;

            fn from_str(text: &str) -> Result<Self, RandomIdError> {
                bits(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = RandomIdError;

            fn try_from(text: String) -> Result<Self, RandomIdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }
    };
}

random_id! {
    /// Tells one conflict from another, whoever writes it down and however often.
    ConflictId
}

random_id! {
    /// Tells one intent from the one that an operator puts in its place.
    IntentId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_16_digits_both_ways() {
        assert_eq!(IntentId(0xb0).to_string(), "00000000000000b0");
        assert_eq!("00000000000000b0".parse(), Ok(IntentId(0xb0)));
        for bad in ["", "b0", "+000000000000001", "000000000000000g", "00000000000000b00"] {
            assert!(bad.parse::<ConflictId>().is_err(), "{bad:?}");
        }
    }
}
