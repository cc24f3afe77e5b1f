//! A line of text, from people or for them.
//!
//! It is shown on terminals, in logs and in tables, and every poll of the fleet may carry some: so
//! it is short, and has nothing in it that would move a cursor.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::LINE_BYTES_MAX;

/// One line of text: who asked for something, why, what a machine is called.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(Arc<str>);

/// Why a text cannot be a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// It has more bytes than everybody should have to carry around.
    #[error("text has {0} bytes; expected at most {LINE_BYTES_MAX}")]
    TooLong(usize),
    /// It would not stay in its line.
    #[error("text contains the control character {0:?}; expected one line of plain text")]
    Control(char),
}

impl Line {
    /// As much of a text as makes a line: for what programs say, which nobody can be asked to
    /// shorten. Control characters become spaces.
    #[must_use]
    pub fn shortened(text: &str) -> Self {
        let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
        let end = ends.take_while(|end| *end <= LINE_BYTES_MAX).last().unwrap_or(0);
        // A control character has one byte or two, a space one: it cannot become too long again.
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        Self(text[..end].chars().map(plain).collect::<String>().into())
    }

    /// The line as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        if text.len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong(text.len()));
        }
        match text.chars().find(|c| c.is_control()) {
            Some(control) => Err(LineError::Control(control)),
            None => Ok(Self(Arc::from(text))),
        }
    }
}

impl TryFrom<String> for Line {
    type Error = LineError;

    fn try_from(text: String) -> Result<Self, LineError> {
        text.parse()
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.as_str().to_owned()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_and_plain_and_the_error_says_what_is_wrong() {
        let line = "new kernel \u{2192} reboot";
        assert_eq!(line.parse::<Line>().unwrap().as_str(), line);
        let long = "a".repeat(LINE_BYTES_MAX + 1).parse::<Line>().unwrap_err();
        assert_eq!(long.to_string(), "text has 257 bytes; expected at most 256");
        for bad in ["a\nb", "\u{1b}[2J", "a\u{85}"] {
            let error = bad.parse::<Line>().unwrap_err();
            assert!(error.to_string().contains("control character"), "{error}");
        }
    }

    #[test]
    fn what_a_program_says_is_made_to_fit() {
        let long = format!("a\n{}", "\u{fc}".repeat(LINE_BYTES_MAX));
        let line = Line::shortened(&long);
        assert_eq!(line.as_str().len(), LINE_BYTES_MAX);
        assert!(line.as_str().starts_with("a \u{fc}"));
        assert_eq!(line.as_str().parse(), Ok(line));
        let odd = Line::shortened(&format!("abc{}", "\u{fc}".repeat(LINE_BYTES_MAX)));
        assert_eq!(odd.as_str().len(), LINE_BYTES_MAX - 1, "no character is cut in half");
    }
}
