//! A consumer over the SDK: says what it handles, shows the bot as idle at the word "!away", and
//! fails at the word "!fail", which `baton handler ls` shows.
//!
//! Start as many as you like, and kill any of them. docs/consumers.md says what is promised.

mod place;

use std::{env, error::Error, process::ExitCode, time::Duration};

use baton_consumer::{Command, Commander, Delivery, HandlerError, Handlers, MARKERS, http};
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use twilight_model::gateway::{
    payload::outgoing::update_presence::UpdatePresencePayload, presence::Status,
};

/// As much of a message as is wanted; `twilight_model` has the whole.
#[derive(Deserialize)]
struct Message {
    content: String,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // An image without a shell has nothing else to ask with.
    if env::args().nth(1).as_deref() == Some("healthcheck") {
        return Ok(http::check(place::said("BATON_HTTP", "127.0.0.1:9091").parse()?, "/readyz"));
    }
    consume()?;
    Ok(ExitCode::SUCCESS)
}

#[tokio::main]
async fn consume() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let consumer = place::consumer()?;

    if let Ok(address) = env::var("BATON_HTTP") {
        let listener = TcpListener::bind(address).await?;
        eprintln!("http={}", listener.local_addr()?);
        tokio::spawn(http::serve(listener, consumer.health()));
    }

    let commander = consumer.commander()?;
    let handlers = Handlers::new()
        .on("markers", MARKERS, async |delivery: Delivery| {
            // Something may be missing: whoever keeps a cache builds it anew.
            println!("marker {} {:?}", delivery.name(), delivery.marker());
            Ok::<_, HandlerError>(())
        })
        .on("messages", ["MESSAGE_CREATE"], move |delivery| on_message(delivery, commander.clone()))
        .rest("others", async |delivery: Delivery| {
            note(&delivery);
            Ok::<_, HandlerError>(())
        });

    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    consumer.run_until(handlers, stop).await?;
    Ok(())
}

/// What it fails with is tried again, and in the end stands with the dead letters.
async fn on_message(delivery: Delivery, commander: Commander) -> Result<(), HandlerError> {
    let Message { content } = delivery.parse()?;
    if content == "!fail" {
        return Err("somebody said !fail".into());
    }
    if content == "!away" {
        let idle = UpdatePresencePayload {
            activities: Vec::new(),
            afk: true,
            since: None,
            status: Status::Idle,
        };
        let command = Command::presence(delivery.shard(), &idle);
        commander.ask(command, Duration::from_secs(10)).await?;
    }
    note(&delivery);
    Ok(())
}

fn note(delivery: &Delivery) {
    let key = delivery.key();
    println!("handled {}/{}/{} {}", key.shard, key.session, key.seq, delivery.name());
}
