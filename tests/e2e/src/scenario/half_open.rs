//! A socket that stays open, and nothing passes through it: only heartbeats show that.

use std::time::Duration;

use baton_mock_discord::Fault;
use baton_model::ShardNumber;
use tokio::time::{Instant, sleep};

use super::Scenario;
use crate::processes::Fleet;

const SHARD: ShardNumber = ShardNumber(3);

/// How long until it is noticed, at the most, in heartbeats: one has just been acknowledged, and
/// the next one goes unanswered until the one after it. What is left is for coming back.
const HEARTBEATS_MAX: u32 = 3;

/// The socket of one shard goes dead.
///
/// # Panics
/// If the shard does not come back by itself, or by anything but RESUME.
pub async fn play(name: &'static str, mut fleet: Fleet) {
    let interval = fleet.heartbeat_interval();
    fleet.under_load(Duration::from_millis(50)).await;
    let scenario = Scenario::begin(name, &fleet).await.about([SHARD].into());
    fleet.fault(Fault::HalfOpen { shard: Some(SHARD) }).await;
    let end = Instant::now() + interval * HEARTBEATS_MAX;
    let shards = fleet.shape().shards.0.get() as usize;
    while fleet.discord.look(|discord| discord.live_sessions()).await < shards {
        assert!(Instant::now() < end, "nobody notices\n{}", fleet.logs());
        sleep(Duration::from_millis(100)).await;
    }
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies, outcome.dropped), (0, 0, 1));
    assert!(outcome.streams.back.keys().eq([&SHARD]), "{:?}", outcome.streams.back);
}
