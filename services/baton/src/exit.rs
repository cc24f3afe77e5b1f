//! With which code `baton` ends.
//!
//! Scripts see nothing else, so every end that calls for another reaction has its own.
//! `docs/cli.md` has the table, `tests/listings/exit-codes.txt` what the program says of itself.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As wished.
    Done,
    /// Something failed; the message says what.
    Failed,
    /// The command line or a context is wrong.
    Usage,
    /// It works, but the fleet is not as it should be, or a check did not pass.
    Degraded,
    /// There is no such instance, shard, app, group.
    NotFound,
    /// Somebody else was faster, or it is so already.
    Conflict,
    /// Refused, because it would hurt; `--force` does it all the same.
    Unsafe,
    /// Waiting took too long. What was waited for goes on.
    TimedOut,
    /// The operator has stopped watching.
    Interrupted,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Degraded,
        Self::NotFound,
        Self::Conflict,
        Self::Unsafe,
        Self::TimedOut,
        Self::Interrupted,
    ];

    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Degraded => 3,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Unsafe => 7,
            // As BSD's sysexits has it: a failure that passes.
            Self::TimedOut => 75,
            // As shells have it: 128 and the number of SIGINT.
            Self::Interrupted => 130,
        }
    }

    /// What it means, in one line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed; the message says what and why",
            Self::Usage => "the command line or a context is wrong",
            Self::Degraded => "the fleet is not as it should be, or a check did not pass",
            Self::NotFound => "there is no such instance, shard, app or group",
            Self::Conflict => "it is so already, or somebody else was faster",
            Self::Unsafe => "refused, because it would hurt; --force does it all the same",
            Self::TimedOut => "waiting took too long; what was waited for goes on",
            Self::Interrupted => "interrupted; what was begun goes on",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ends_have_one_code() {
        let mut codes: Vec<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted(), "they are listed by it");
        codes.dedup();
        assert_eq!(codes.len(), Exit::ALL.len());
    }
}
