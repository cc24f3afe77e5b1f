//! The gateway's program, for trials: see [`baton_e2e::trial`].

use std::{env, process::ExitCode};

use baton_e2e::trial;
use baton_gateway::program::{Arguments, run};
use clap::Parser;

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if let Ok(version) = env::var(trial::VERSION) {
        arguments.version = version.parse().expect("a version");
    }
    trial::log();
    run(&arguments).into()
}
