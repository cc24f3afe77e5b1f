//! What an operator does, with the program that operators have: three gateways as processes, a real
//! Valkey, events all the time. The ledger judges each story: lost 0, doubled 0, reordered 0,
//! altered 0, no rule of Discord's broken; and nobody identifies again.

mod cut_short;
mod drains;
mod emergencies;
mod from_up;
mod moves;
mod refusals;
mod transfer;

use std::time::Duration;

use baton_e2e::{
    operator::Operator,
    processes::{Fleet, discord},
};
use baton_test_servers::Server;

const SHARDS: u32 = 12;

/// Every session gets so many events a second.
const EVERY: Duration = Duration::from_millis(50);

/// Three gateways under load, and who operates them.
async fn fleet(valkey: &Server) -> (Fleet, Operator) {
    let mut fleet = Fleet::over(valkey, discord(), SHARDS).await;
    fleet.under_load(EVERY).await;
    let operator = Operator::of(&fleet);
    (fleet, operator)
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}
