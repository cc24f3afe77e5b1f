//! `baton up`: the whole of it in one process, on a store of its own.
//!
//! Instances, their store with its Redis face, and without a token a simulated Discord and a
//! consumer as well. Nothing here decides anything about shards: the instances are those that
//! `baton-gateway` runs, only that several of them share a process and a store that nobody else can
//! open. So there is nobody to hand over to when it ends: sessions are kept, and resumed when it is
//! started again.

mod demo;
mod settings;
mod telling;

mod house;
mod watch;

mod words;

use std::{
    net::SocketAddr, num::NonZeroUsize, path::Path, sync::Arc, thread::available_parallelism,
};

use baton_gateway::{
    page::Page,
    rest::{DISCORD_API, Rest, RestError},
};
use baton_model::FleetName;
use baton_store_embedded::{
    EmbeddedStore, OpenError, OperatorOptions, OperatorSocket, Options, Resp, RespOptions,
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    sync::Notify,
    time::Instant,
};

pub(crate) use self::demo::is_in as is_demo;
use self::{demo::Demo, house::House, settings::Bot};
use crate::{
    Exit, Failure,
    arguments::{Globals, UpArguments},
    context::USUAL_DATA,
    terminal::Terminal,
    told,
};

/// Runs everything until the process is asked to end.
pub(crate) fn up(
    globals: &Globals,
    arguments: &UpArguments,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let began = Instant::now();
    // Whoever else has installed one has the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let shards = shards_runtime()?;
    let data = globals.data.as_deref().unwrap_or(Path::new(USUAL_DATA));
    let control = Builder::new_current_thread().enable_all().build()?;
    let ended =
        control.block_on(run((data, arguments), (terminal, began), shards.handle().clone()));
    // What still runs there is not waited for: everything that matters lies in the store.
    shards.shutdown_background();
    ended
}

fn shards_runtime() -> Result<Runtime, Failure> {
    let workers = available_parallelism().map_or(1, NonZeroUsize::get);
    let mut builder = Builder::new_multi_thread();
    Ok(builder.worker_threads(workers).thread_name("baton-shards").enable_all().build()?)
}

async fn run(
    (data, arguments): (&Path, &UpArguments),
    (terminal, began): (Terminal, Instant),
    shards: Handle,
) -> Result<Exit, Failure> {
    let ending = Arc::new(Notify::new());
    let signals = house::Signals::listen(ending.clone())?;
    let (bot, demo) = match settings::token(arguments) {
        Some(source) => (Bot::real(data, arguments, source)?, None),
        None => {
            let demo = on(&shards, Demo::start()).await??;
            (Bot::of_demo(data, arguments, &demo)?, Some(demo))
        }
    };
    if demo.is_none() {
        ensure_token_is_accepted(&bot).await?;
    }
    let store = opened(&bot)?;
    let (face, address) = (store.clone(), arguments.listen);
    let listening =
        async move { Resp::listen(&face, RespOptions { address, password: None }).await };
    let resp = on(&shards, listening).await?.map_err(|error| Failure::Other(told(&error)))?;
    let page = on(&shards, show(arguments.page, bot.fleet().clone(), store.clone())).await??;
    let operators = on(&shards, attend(&bot, &store, ending)).await?;
    let operators = operators.inspect_err(|error| terminal.say(error)).ok();
    let house = House::prepare(&bot, &store, &shards).await?;
    drop(store);
    words::announce(&bot, demo.as_ref(), (page, resp.address()));
    let start = |_| demo::Reading::start(&shards, &resp, (terminal, began));
    let reading = demo.as_ref().map(start).transpose()?;
    let ended = house.run(signals, reading, terminal).await;
    drop((resp, operators));
    ended
}

/// Has operators come in by the store's folder. Where its disk has no sockets, the bot runs all the
/// same.
fn attend(
    bot: &Bot,
    store: &EmbeddedStore,
    ending: Arc<Notify>,
) -> impl Future<Output = Result<OperatorSocket, String>> + Send + use<> {
    let (store, folder) = (store.clone(), bot.folder().to_owned());
    let options = OperatorOptions { fleet: bot.fleet().clone(), ending };
    async move {
        OperatorSocket::listen(&store, &folder, options).map_err(|error| {
            let folder = folder.display();
            format!("`baton status` and others cannot come in: no socket in {folder}: {error}")
        })
    }
}

/// Asks Discord once, before anything is written anywhere. If it does not say, it will later.
async fn ensure_token_is_accepted(bot: &Bot) -> Result<(), Failure> {
    let rest = Rest::new(bot.api().unwrap_or(DISCORD_API));
    match rest.gateway_bot(bot.token()?.reveal()).await {
        Err(error @ (RestError::Unauthorized | RestError::Token)) => {
            Err(Failure::Other(format!("{}: {error}", bot.token_source())))
        }
        Ok(_) | Err(RestError::RateLimited(_) | RestError::Unavailable(_)) => Ok(()),
    }
}

fn opened(bot: &Bot) -> Result<EmbeddedStore, Failure> {
    let refused = |error: OpenError| Failure::Other(told(&error));
    EmbeddedStore::open(bot.folder(), Options::default()).map_err(refused)
}

/// Serves the live page, and says where. It runs where the shards run, and ends with them.
async fn show(
    address: SocketAddr,
    fleet: FleetName,
    store: EmbeddedStore,
) -> Result<SocketAddr, Failure> {
    let cannot = |error| {
        Failure::Other(format!(
            "cannot listen on {address}: {error}; is the port taken? see --page"
        ))
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let listening = listener.local_addr().map_err(cannot)?;
    tokio::spawn(Page::open(store, fleet).serve(listener));
    Ok(listening)
}

/// Runs something where the shards run.
async fn on<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Failure> {
    let ended = runtime.spawn(work).await;
    ended.map_err(|error| Failure::Other(format!("a bug: {error}")))
}
