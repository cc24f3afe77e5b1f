//! `baton`: see a fleet, steer it, drain it.
//!
//! It talks to the store and to nobody else, so no instance has a port that must be guarded. What
//! an operator wants is written down there as an intent; instances see it with their next poll.
//! Everything is in the library, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    baton::run()
}
