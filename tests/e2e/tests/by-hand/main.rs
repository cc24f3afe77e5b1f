//! What takes minutes, or a whole machine. `scripts/scenarios` plays it, and `cargo test` does not.

mod cold_start;
mod handlers;
mod many;
mod moves;

use baton_e2e::{
    processes::{Fleet, discord, valkey},
    scenario::half_open,
};

/// Discord asks for a heartbeat every 41 s.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_through_a_socket() {
    let valkey = valkey();
    let fleet = Fleet::over(&valkey, discord(), 12).await;
    half_open::play("half-open socket, heartbeats every 41 s", fleet).await;
}
