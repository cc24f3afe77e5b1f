//! The archiver as a program. Everything it does stands in the library.

use std::process::ExitCode;

use baton_archiver::program::{Arguments, run};
use clap::Parser;

fn main() -> ExitCode {
    run(&Arguments::parse()).into()
}
