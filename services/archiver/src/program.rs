//! The program: from a command line to an archiver that runs, and from its end to an exit code.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use baton_consumer::{BuildError, Consumer, RunError};
use baton_model::{AppName, Lane};
use baton_telemetry::{LevelFilter, LogFormat, Telemetry, TelemetrySettings};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    chain::Site,
    config::{Config, MissingError, Reader},
    exit::Exit,
    hour::Hour,
    http,
    lane::{Works, archive},
    layout::Layout,
    place::PlaceError,
    progress::Progress,
    replay::{ReplayError, Target, Wanted, replay},
};

/// What can be said on the command line.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "baton-archiver", version, about = "Keeps a bot's events, every entry once.")]
pub struct Arguments {
    /// The configuration; BATON_ARCHIVER_… variables go over it
    #[arg(long, value_name = "FILE", env = "BATON_ARCHIVER_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// What to do; archives if nothing is said
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Says whether the configuration is right and its place can be written to, and ends
    Check,
    /// Asks the archiver of this configuration whether it gets on, and ends with 0 or 1
    Healthcheck,
    /// Writes archived entries into the streams of another app's name, with their ids
    Replay {
        /// The first hour, UTC, as in 2026-11-20T19
        #[arg(long, value_name = "HOUR")]
        from: Hour,
        /// The hour before which to end
        #[arg(long, value_name = "HOUR")]
        to: Hour,
        /// Only this lane; may be said several times
        #[arg(long, value_name = "NUMBER")]
        lane: Vec<u16>,
        /// The name whose lanes are written, such as mybot-replay
        #[arg(long, value_name = "APP")]
        into: AppName,
    },
}

/// Why the archiver cannot go on.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Missing(#[from] MissingError),
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("cannot listen on {address}: {source}; change http.listen")]
    Listen { address: std::net::SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Probe(#[from] baton_probe::ProbeError),
    #[error("the system gives no {0}")]
    System(&'static str),
}

/// Does what the command line says.
#[must_use]
pub fn run(arguments: &Arguments) -> Exit {
    let found = Reader::find(arguments.config.as_deref(), std::env::vars());
    let config = match Config::read(found) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return Exit::Usage;
        }
    };
    let telemetry = Telemetry::start(&telemetry_settings(&config));
    let exit = match carry_out(arguments.command.clone(), &config) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            tracing::error!(%failure, "cannot go on");
            Exit::Failure
        }
    };
    telemetry.end();
    exit
}

#[tokio::main]
async fn carry_out(command: Option<Command>, config: &Config) -> Result<(), Failure> {
    baton_valkey_link::ensure_crypto_provider();
    let place = config.to.place()?;
    let site = Site { place, layout: Layout::new(&config.prefix, &config.app) };
    match command {
        None => archive_all(config, site).await,
        Some(Command::Healthcheck) => {
            println!("{}", baton_probe::ask(config.listen, "/readyz")?);
            Ok(())
        }
        Some(Command::Check) => {
            site.place.ensure_usable(&site.layout).await?;
            println!("the configuration is right, and its place can be written to");
            Ok(())
        }
        Some(Command::Replay { from, to, lane, into }) => {
            let lanes: BTreeSet<_> = lane.into_iter().map(Lane).collect();
            let (url, ca_pem) = (config.store.with_login()?, config.store.authorities()?);
            let mut target = Target::new(url, ca_pem, config.fleet.clone());
            let done = replay(&site, &mut target, &into, &Wanted { from, to, lanes }).await?;
            println!("{} entries written, {} were there already", done.written, done.there);
            Ok(())
        }
    }
}

async fn archive_all(config: &Config, site: Site) -> Result<(), Failure> {
    let stop = asked_to_end()?;
    site.place.ensure_usable(&site.layout).await?;
    let address = config.listen;
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|source| Failure::Listen { address, source })?;
    let consumer = consumer(config)?;
    tracing::info!(app = %config.app, consumer = consumer.name(), http = %address, "starting");
    let drawn = getrandom::u64().map_err(|_| Failure::System("random numbers"))?;
    let works = Arc::new(Works {
        site: Arc::new(site),
        bounds: config.bounds,
        progress: Progress::default(),
        writer: format!("{drawn:016x}"),
    });
    tokio::spawn(http::serve(listener, works.clone()));
    consumer.run_lanes(|lane| archive(lane, works.clone()), stop).await?;
    tracing::info!("ended");
    Ok(())
}

fn consumer(config: &Config) -> Result<Consumer, Failure> {
    let mut builder = Consumer::builder(&config.store.text, config.app.as_str(), &config.group)
        .fleet(config.fleet.as_str())
        .stop_limit(config.stop_limit);
    if let Some(lanes) = config.lanes {
        builder = builder.lanes(lanes);
    }
    if let Some(pem) = config.store.authorities()? {
        builder = builder.ca_pem(&pem);
    }
    let login = config.store.with_login()?.login;
    if let Some(password) = &login.password {
        builder = builder.login(login.user.as_deref(), password);
    }
    Ok(builder.build()?)
}

/// Listens from here on, so that no signal is missed.
fn asked_to_end() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| signal(kind).map_err(|_| Failure::System("signals"));
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to end; putting what is held");
    })
}

/// How it tells what it does.
fn telemetry_settings(config: &Config) -> TelemetrySettings {
    TelemetrySettings {
        format: if config.log_json { LogFormat::Json } else { LogFormat::Text },
        level: LevelFilter::from_level(config.log_level),
        otlp_logs_url: config.otlp_logs_url.clone(),
        ..TelemetrySettings::of("baton-archiver", &config.group)
    }
}
