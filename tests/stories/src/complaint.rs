//! What is wrong with a story, and where.

use std::{
    any::Any,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Why a story does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Complaint {
    /// Nobody could say what it is for.
    #[error("{}:1: no rule; expected such as `# A late answer is ignored.`", file.display())]
    NoRule {
        /// The story.
        file: PathBuf,
    },
    /// It is all remarks.
    #[error("{}: nothing happens; expected lines that the stage plays", file.display())]
    NothingHappens {
        /// The story.
        file: PathBuf,
    },
    /// The stage, or the machine on it, gave up.
    #[error("{}: panicked: {message}", file.display())]
    Panicked {
        /// The story.
        file: PathBuf,
        /// What it said.
        message: String,
    },
    /// What came of it is not what is written; the first line where they part.
    #[error("{}:{line}:\n  written: {written}\n  told:    {told}", file.display())]
    EndsOtherwise {
        /// The story.
        file: PathBuf,
        /// The line's number.
        line: usize,
        /// The line as it is written.
        written: String,
        /// The line as it was told.
        told: String,
    },
}

impl Complaint {
    pub(crate) fn of_panic(file: &Path, payload: &(dyn Any + Send)) -> Self {
        let message = match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
            (Some(message), _) => message.as_str(),
            (None, Some(message)) => message,
            (None, None) => "(no message)",
        };
        Self::Panicked { file: file.to_owned(), message: message.to_owned() }
    }

    pub(crate) fn of_difference(file: &Path, written: &str, told: &str) -> Result<(), Self> {
        if written == told {
            return Ok(());
        }
        let (mut of_written, mut of_told) = (written.lines(), told.lines());
        let mut line = 0;
        // It ends because both texts do.
        loop {
            line += 1;
            let (written, told) = (of_written.next(), of_told.next());
            if written != told || written.is_none() {
                // Texts whose lines are all the same differ in how the last one ends.
                let shown = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
                let (file, written, told) = (file.to_owned(), shown(written), shown(told));
                return Err(Self::EndsOtherwise { file, line, written, told });
            }
        }
    }
}
