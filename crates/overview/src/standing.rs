//! Where an instance is in its life, as an operator sees it.

use std::fmt;

use serde::Serialize;

/// What an instance says of itself, what is wanted of it, and whether it is there, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It ends, and holds nothing.
    Down,
    /// It gives its shards away, or is to.
    Draining,
    /// It knows no app yet.
    Joining,
    /// Nobody listens on its presence.
    Missing,
    /// It may be given shards.
    Up,
}

impl Standing {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Draining => "draining",
            Self::Joining => "joining",
            Self::Missing => "missing",
            Self::Up => "up",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_has_one_word_in_tables_and_in_json() {
        use Standing::{Down, Draining, Joining, Missing, Up};
        let all = [Down, Draining, Joining, Missing, Up];
        for standing in all {
            assert_eq!(serde_json::json!(standing), standing.as_str());
        }
        assert!(all.is_sorted() && all.is_sorted_by_key(|standing| standing.as_str()));
    }
}
