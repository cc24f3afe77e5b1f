//! Names that people choose: of fleets, apps and zones.
//!
//! They become part of store keys, metric labels and command lines, so they are held to an
//! alphabet that needs no quoting in any of them. Braces and colons would change a key's hash tag
//! or its structure.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::NAME_BYTES_MAX;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// There is nothing in it.
    #[error("name is empty; expected 1 to {NAME_BYTES_MAX} of a-z 0-9 . _ -")]
    Empty,
    /// It has more bytes than keys and labels should carry.
    #[error("name has {0} bytes; expected at most {NAME_BYTES_MAX}")]
    TooLong(usize),
    /// It has a character outside the alphabet.
    #[error("name {name:?} contains {character:?}; expected only a-z 0-9 . _ -")]
    Character {
        /// The whole text.
        name: String,
        /// The first character that does not fit.
        character: char,
    },
}

fn checked(text: &str) -> Result<Arc<str>, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(NameError::TooLong(text.len()));
    }
    match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
        Some(character) => Err(NameError::Character { name: text.to_owned(), character }),
        None => Ok(Arc::from(text)),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                checked(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                checked(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
    };
}

name! {
    /// All instances that share one store and one namespace in it.
    FleetName
}

name! {
    /// One Discord application (one bot token), by the name its operator gave it.
    AppName
}

name! {
    /// A failure domain: a rack, a data centre. Shards are spread over zones.
    Zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_to_the_alphabet_of_keys_and_labels() {
        assert_eq!("music-bot.2".parse::<AppName>().unwrap().as_str(), "music-bot.2");
        assert_eq!("".parse::<AppName>(), Err(NameError::Empty));
        assert_eq!("a".repeat(65).parse::<AppName>(), Err(NameError::TooLong(65)));
        for bad in ["a:b", "a{b}", "Big", "ä", "a b", "a\n"] {
            assert!(matches!(bad.parse::<Zone>(), Err(NameError::Character { .. })), "{bad:?}");
        }
    }

    #[test]
    fn the_error_says_what_was_expected() {
        let error = "a:b".parse::<FleetName>().unwrap_err();
        assert_eq!(error.to_string(), r#"name "a:b" contains ':'; expected only a-z 0-9 . _ -"#);
    }
}
