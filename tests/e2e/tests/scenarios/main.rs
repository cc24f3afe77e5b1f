//! Real processes, a real Valkey, real time: what goes wrong, and what it costs.
//!
//! Each scenario is judged by the ledger: lost 0, doubled 0, reordered 0, altered 0, no rule of
//! Discord's broken. Times are printed, never asserted. What takes minutes is in `by-hand`.

mod cold_start;
mod discord;
mod owners;
mod store;
mod stuck;
mod token;
mod versions;

use std::{path::Path, time::Duration};

use baton_e2e::processes::{Fleet, discord};
use baton_test_servers::Server;
use tokio::time::sleep;

const SHARDS: u32 = 12;

/// Every session gets so many events a second.
const EVERY: Duration = Duration::from_millis(50);

async fn fleet(valkey: &Server) -> Fleet {
    Fleet::over(valkey, discord(), SHARDS).await
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

/// The program of [`baton_e2e::trial`].
fn trial_gateway() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_trial-gateway"))
}
