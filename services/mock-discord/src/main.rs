//! The simulated Discord as a program: for demos, benchmarks, and tests of any bot.
//!
//! What it does is decided in `baton-mock-discord`; this turns a command line into settings, says
//! where it listens, and runs until it is told to end.

mod arguments;

mod configuration;

mod open_files;

mod announcement;

use std::{error::Error, process::ExitCode};

use baton_mock_discord::server::{Server, StartError};
use baton_telemetry::{LevelFilter, Telemetry, TelemetrySettings};
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use arguments::{Arguments, Command};
use configuration::Configuration;

/// The command line is wrong: what clap ends with as well.
const EXIT_USAGE: u8 = 2;

/// Why it ends by itself.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let configuration = match Configuration::of(&arguments) {
        Ok(configuration) => configuration,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if let Some(Command::Healthcheck) = arguments.command {
        return baton_probe::check(configuration.addresses.admin, "/connections");
    }
    open_files::raise_limit();
    let telemetry = Telemetry::start(&telemetry_settings());
    let exit = match run(configuration) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", told(&failure));
            ExitCode::FAILURE
        }
    };
    telemetry.end();
    exit
}

/// It says where it listens by itself; the log has what goes wrong later.
fn telemetry_settings() -> TelemetrySettings {
    let settings = TelemetrySettings::of("baton-mock-discord", "mock-discord");
    TelemetrySettings { level: LevelFilter::WARN, ..settings }
}

#[tokio::main]
async fn run(configuration: Configuration) -> Result<(), Failure> {
    let Configuration { settings, seed, addresses, public_host, at_start, form } = configuration;
    // Before it says that it is there, or whoever reads that and ends it at once would kill it.
    let endings = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let host = public_host.as_deref();
    let server = Server::start_behind(host, settings, seed, addresses).await?;
    for input in at_start {
        server.input(input).await;
    }
    announcement::announce(server.addresses(), host, form);
    first_of(endings).await;
    Ok(())
}

/// A failure with all that led to it.
fn told(failure: &dyn Error) -> String {
    let mut told = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}

async fn first_of([mut terminate, mut interrupt]: [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
