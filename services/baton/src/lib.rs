//! The admin CLI. How it is put together:
//!
//! - `arguments` is the command line, one file a noun;
//! - `context` says which store and fleet are meant, `at` connects to it;
//! - `fleet` is what one look at the store shows (`baton-overview`), and what its parts are called;
//! - `command` answers and acts, one file a command;
//! - `output` shows it: a table for people, JSON for programs;
//! - `init` writes what a bot needs to run as a fleet;
//! - `up` runs everything in this process, for one machine and for a demo;
//! - `top` shows it on a screen that stays.
//!
//! Data goes to stdout, everything else to stderr. [`Exit`] is part of the interface.

mod exit;
mod failure;

pub mod arguments;
mod context;

mod at;
mod terminal;

mod fleet;
mod output;
mod top;

mod init;
mod up;

mod backup;
mod command;

mod program;

pub use self::{exit::Exit, failure::Failure, program::run};

/// An error with its causes, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
