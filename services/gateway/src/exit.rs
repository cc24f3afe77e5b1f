//! With which code a gateway process ends.
//!
//! What starts processes (Nomad, systemd, compose) sees nothing of an end but its code, so every
//! reason that calls for another reaction has its own. `docs/operations.md` has the table.

use std::process::ExitCode;

use crate::supervisor::Ending;

/// Why the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything has been given away, as was asked.
    Drained,
    /// Something that it cannot go on without failed; the log says what.
    Failure,
    /// The command line or the configuration is wrong; starting it again changes nothing.
    Usage,
    /// Another process runs under this instance's id.
    DuplicateId,
    /// Memory ran short, so everything has been given away; a fresh process is needed.
    Memory,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 5] =
        [Self::Drained, Self::Failure, Self::Usage, Self::DuplicateId, Self::Memory];

    /// The code. 101 is Rust's for a panic, and from 128 on a signal's.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Drained => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::DuplicateId => 3,
            Self::Memory => 4,
        }
    }

    /// What it is called in logs and in the documentation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::DuplicateId => "duplicate id",
            Self::Memory => "memory",
        }
    }
}

impl From<Ending> for Exit {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Drained => Self::Drained,
            Ending::Impostor => Self::DuplicateId,
            Ending::Memory => Self::Memory,
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
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENTATION: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md"));

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let codes: BTreeSet<_> = Exit::ALL.map(Exit::code).into();
        assert_eq!(codes.len(), Exit::ALL.len());
        assert!(codes.iter().all(|code| *code < 101), "{codes:?}");
    }

    #[test]
    fn the_documentation_lists_exactly_these_codes() {
        let (_, after) = DOCUMENTATION.split_once("## Exit codes\n").unwrap();
        let section = after.split("\n## ").next().unwrap();
        let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| code");
        let cells = |line: &str| {
            let mut cells = line.split('|').skip(1).map(|cell| cell.trim().to_owned());
            (cells.next().unwrap(), cells.next().unwrap())
        };
        let documented: Vec<_> = section.lines().filter(is_row).map(cells).collect();
        let ours = Exit::ALL.map(|exit| (exit.code().to_string(), exit.as_str().to_owned()));
        assert_eq!(documented, ours);
    }

    #[test]
    fn an_instance_that_ends_is_not_taken_for_one_that_ended_otherwise() {
        assert_eq!(Exit::from(Ending::Drained), Exit::Drained);
        assert_eq!(Exit::from(Ending::Impostor), Exit::DuplicateId);
        assert_eq!(Exit::from(Ending::Memory), Exit::Memory);
    }
}
