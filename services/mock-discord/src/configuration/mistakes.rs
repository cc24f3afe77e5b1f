//! What is wrong with a command line, all of it.

use std::fmt;

/// What a value should have been.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected(pub(super) String);

/// One value that cannot be used.
#[derive(Debug, PartialEq, Eq)]
struct Mistake {
    /// The option and its value, or two that do not go together.
    what: String,
    expected: Expected,
}

/// All mistakes, in the order of the options.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an option; none if it is a mistake, which is noted.
    pub(super) fn take<T>(
        &mut self,
        option: &str,
        value: &str,
        read: impl FnOnce(&str) -> Result<T, Expected>,
    ) -> Option<T> {
        read(value).map_err(|expected| self.note(format!("{option} {value:?}"), expected)).ok()
    }

    pub(super) fn note(&mut self, what: String, expected: Expected) {
        self.0.push(Mistake { what, expected });
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Mistake { what, expected: Expected(expected) } in &self.0 {
            writeln!(f, "{what}: expected {expected}")?;
        }
        f.write_str("--help lists all options; each may come from MOCK_DISCORD_… as well")
    }
}
