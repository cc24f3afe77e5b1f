//! What a rule has to say about one place.

use std::fmt;

/// One place where the repository breaks a rule, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the root of the tree.
    pub path: String,
    /// The line, from 1; none where the whole file is meant, or its absence.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding at a line.
    pub fn at(path: &str, line: usize, what: impl Into<String>, remedy: &str) -> Self {
        Self { line: Some(line), ..Self::in_file(path, what, remedy) }
    }

    /// A finding about a file as a whole.
    pub fn in_file(path: &str, what: impl Into<String>, remedy: &str) -> Self {
        Self { path: path.to_owned(), line: None, what: what.into(), remedy: remedy.to_owned() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.what, self.remedy)
    }
}
