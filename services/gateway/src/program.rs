//! The program: from a command line to an instance that runs, and from its end to an exit code.
//!
//! Two runtimes are started. The calling thread keeps the leases, and does nothing else; shards
//! have all cores to themselves on the other one, so that no load can delay a beat.

mod open_files;
mod opening;
mod operators;
mod reloading;
mod signals;

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, thread::available_parallelism};

use baton_model::{InstanceId, Version};
use baton_store::Store;
use baton_store_embedded::{EmbeddedStore, OperatorOptions, Options};
use baton_store_valkey::Valkey;
use baton_telemetry::Telemetry;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::Notify,
};

use self::reloading::Reloading;
use crate::{
    clock::Clock,
    config::{Config, ShowPage, StoreSettings, Workers},
    control::Stores,
    exit::Exit,
    http,
    instance::Instance,
    page::Page,
};

/// What can be said on the command line.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "baton-gateway", version, about = "Holds a Discord bot's shards, with others.")]
pub struct Arguments {
    /// The configuration; BATON_… variables go over it
    #[arg(long, value_name = "FILE", env = "BATON_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Says what the configuration comes to, and ends
    #[arg(long)]
    pub check_config: bool,
    /// What to do; runs an instance if nothing is said
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What it tells the others that it runs. Only tests say it otherwise
    #[arg(skip = version())]
    pub version: Version,
}

/// What to do instead of running an instance.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum Command {
    /// Asks the instance of this configuration whether it is ready, and ends with 0 or 1
    Healthcheck,
}

/// Runs an instance until it ends.
#[must_use]
pub fn run(arguments: &Arguments) -> Exit {
    let config = match load(arguments) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return Exit::Usage;
        }
    };
    if arguments.check_config {
        print!("{}", config.describe());
        return Exit::Drained;
    }
    match arguments.command {
        Some(Command::Healthcheck) => return is_ready(&config),
        None => {}
    }
    let telemetry = Arc::new(Telemetry::start(&config.telemetry_settings()));
    let exit = serve(arguments, config, telemetry.clone()).unwrap_or_else(|failure| {
        tracing::error!(failure, "cannot go on");
        Exit::Failure
    });
    telemetry.end();
    exit
}

fn is_ready(config: &Config) -> Exit {
    match baton_probe::ask(config.listen, "/readyz") {
        Ok(said) => {
            println!("{said}");
            Exit::Drained
        }
        Err(error) => {
            eprintln!("{error}");
            Exit::Failure
        }
    }
}

fn load(arguments: &Arguments) -> Result<Config, crate::config::Mistakes> {
    Config::load(arguments.config.as_deref(), std::env::vars())
}

fn serve(arguments: &Arguments, config: Config, telemetry: Arc<Telemetry>) -> Result<Exit, String> {
    open_files::raise_limit();
    // One that is installed already is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtimes = Runtimes::start(config.instance.workers)?;
    let settings = config.store.settings(config.fleet.clone()).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    })?;
    let reloading = Reloading::new(arguments.clone(), config, telemetry);
    match settings {
        StoreSettings::Valkey(valkey) => {
            let open = move || Valkey::open(valkey.clone());
            // Operators of a Valkey have no way to say that a process is to end.
            runtimes.run(reloading, opening::twice(open), Arc::default())
        }
        StoreSettings::Embedded(folder) => {
            let store = EmbeddedStore::open(&folder, Options::default());
            let store = store.map_err(|error| error.to_string())?;
            let ending = Arc::new(Notify::new());
            let fleet = reloading.config().fleet.clone();
            let options = OperatorOptions { fleet, ending: ending.clone() };
            let _operators = operators::attend(&store, &folder, options, runtimes.shards.handle());
            runtimes.run(reloading, opening::shared(store), ending)
        }
    }
}

/// The two runtimes of an instance.
struct Runtimes {
    control: Runtime,
    shards: Runtime,
}

impl Runtimes {
    fn start(workers: Workers) -> Result<Self, String> {
        let workers = match workers {
            Workers::Auto => available_parallelism().map_or(1, NonZeroUsize::get),
            Workers::Fixed(workers) => workers.get(),
        };
        let control = Builder::new_current_thread().enable_all().build();
        let shards = Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("baton-shards")
            .enable_all()
            .build();
        let cannot = |error: std::io::Error| format!("no runtime: {error}");
        Ok(Self { control: control.map_err(cannot)?, shards: shards.map_err(cannot)? })
    }

    /// Runs an instance to its end; it also ends when it is told to there.
    fn run<S: Store>(
        self,
        reloading: Reloading,
        opening: impl opening::Opening<S>,
        ending: Arc<Notify>,
    ) -> Result<Exit, String> {
        let Self { control, shards } = self;
        let handle = shards.handle().clone();
        let ended = control.block_on(async move {
            let mut signals = signals::Signals::listen(ending)?;
            let stores = tokio::select! {
                stores = opening.open(&handle) => stores?,
                () = signals.ending() => return Ok(Exit::Drained),
            };
            run_instance(reloading, stores, handle, signals).await
        });
        // What still runs there is not waited for: everything that matters lies in the store.
        shards.shutdown_background();
        ended
    }
}

async fn run_instance<S: Store>(
    reloading: Reloading,
    stores: Stores<S>,
    shards: tokio::runtime::Handle,
    signals: signals::Signals,
) -> Result<Exit, String> {
    let config = reloading.config();
    let id = InstanceId::new(random()?);
    let address = config.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}; change http.listen"))?;
    let at = (Clock::Boot, shards);
    let mut settings = config.settings(reloading.version());
    settings.instruments.tracer = reloading.telemetry().tracer();
    let shown = stores.control.clone();
    let instance = Instance::prepare(id, settings, stores, at).await;
    let instance = instance.map_err(|error| error.to_string())?;
    let listening = listener.local_addr().map_or(address, |listening| listening);
    tracing::info!(instance = %id, fleet = %config.fleet, http = %listening, "starting");
    let page = match config.page {
        ShowPage::On => Some(Page::open(shown, config.fleet.clone())),
        ShowPage::Off => None,
    };
    tokio::spawn(http::serve(listener, instance.observer.clone(), page));
    tokio::spawn(signals.pass_on(instance.ear.clone(), instance.tuning.clone(), reloading));
    let ending = instance.run().await;
    let exit = Exit::from(ending);
    tracing::info!(exit = exit.as_str(), "ended");
    Ok(exit)
}

/// The version that instances tell each other.
fn version() -> Version {
    let text = env!("CARGO_PKG_VERSION");
    let numbers = text.split(['-', '+']).next().unwrap_or(text);
    numbers.parse().unwrap_or_default()
}

fn random() -> Result<u128, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random number: {error}"))?;
    Ok(u128::from_le_bytes(bytes))
}
