//! What the terminal is like, and what the operator wants to see there.

use std::{
    env,
    io::{IsTerminal, stderr, stdin},
};

/// What the terminal is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Whether a line on stderr may be drawn over.
    pub(crate) may_redraw: bool,
    /// Whether somebody is there to answer a question.
    pub(crate) can_ask: bool,
    /// Whether messages besides the data are wanted.
    pub(crate) is_quiet: bool,
}

impl Terminal {
    pub(crate) fn look(is_quiet: bool) -> Self {
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            may_redraw: stderr().is_terminal() && !is_dumb && !is_quiet,
            can_ask: stdin().is_terminal() && stderr().is_terminal(),
            is_quiet,
        }
    }

    /// Says something to the operator that is no data.
    pub(crate) fn say(self, message: impl std::fmt::Display) {
        if !self.is_quiet {
            eprintln!("{message}");
        }
    }
}
