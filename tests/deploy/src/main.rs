//! Judges a fleet that was deployed: ends the load, waits until the streams stand still, and
//! compares them with the ledger. Ends with 0 if nothing was lost, doubled, reordered or altered,
//! every shard is in its first session, and no rule of Discord's was broken. What was not clean is
//! told.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use baton_deploy::{books::Books, streams::settled};
use baton_mock_discord::audit::audit;
use baton_model::AppName;
use baton_store_valkey::{Valkey, ValkeyConfig};
use clap::Parser;

#[derive(Debug, Parser)]
struct Arguments {
    /// The simulated Discord's admin port
    #[arg(long)]
    books: SocketAddr,
    /// The store's url
    #[arg(long)]
    store: String,
    /// A user who may read the streams
    #[arg(long)]
    user: String,
    /// Where that user's password is
    #[arg(long)]
    password_file: PathBuf,
    /// Whose streams
    #[arg(long, default_value = "bot")]
    app: AppName,
    /// How many shards it has
    #[arg(long)]
    shards: usize,
    /// Discord was told to end sessions: shards may have begun more than one
    #[arg(long)]
    sessions_may_end: bool,
    /// How many seconds late what was sent may be: a connection that went silent is noticed only
    /// when a heartbeat of it stays unanswered
    #[arg(long, default_value_t = 0)]
    late: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match judge(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("baton-deploy-audit: {error}");
            ExitCode::from(2)
        }
    }
}

async fn judge(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let books = Books(arguments.books);
    books.end_load()?;
    let password = std::fs::read_to_string(&arguments.password_file)?;
    let mut url: baton_store_valkey::StoreUrl = arguments.store.parse()?;
    url.login.user = Some(arguments.user.clone());
    url.login.password = Some(password.trim().to_owned());
    let store = Valkey::open(ValkeyConfig::new(url, "main".parse()?)).await?;
    let begun = Instant::now();
    let (held, ledger, report) = loop {
        let held = settled(&store, &arguments.app).await?;
        let ledger = books.ledger()?;
        let report = audit(&ledger, &held);
        if report.lost.is_empty() || begun.elapsed() >= Duration::from_secs(arguments.late) {
            break (held, ledger, report);
        }
    };
    let identifies = ledger.sessions.len();
    let verdicts = books.verdicts()?;
    println!(
        "audit: lost {}, doubled {}, reordered {}, altered {}; {} entries, {identifies} IDENTIFYs \
            for {} shards, worst pause {} ms, verdicts {verdicts}",
        report.lost.len(),
        report.doubled.len(),
        report.reordered.len(),
        report.altered.len(),
        held.len(),
        arguments.shards,
        report.worst_gaps.values().max().map_or(0, Duration::as_millis),
    );
    if !report.is_clean() || !report.unjudged.is_empty() {
        eprintln!("{report:.2000?}");
    }
    let is_judged = report.unjudged.is_empty() && !held.is_empty();
    let is_lawful = verdicts.as_object().is_some_and(serde_json::Map::is_empty);
    let is_frugal = identifies == arguments.shards || arguments.sessions_may_end;
    Ok(report.is_clean() && is_judged && is_lawful && is_frugal)
}
