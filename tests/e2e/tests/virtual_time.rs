//! Real instances, real twilight, virtual time: what the promises look like from outside.

use std::time::Duration;

use baton_e2e::virtual_time::World;
use baton_mock_discord::{Fault, Input, Settings};
use baton_model::ShardNumber;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Sixteen shards may identify at once, or every test would begin with minutes of waiting; and
/// there are guilds enough for Discord to replay what comes before a half-open socket is noticed.
fn generous() -> Settings {
    Settings { max_concurrency: 16, guilds: 80, guild_create_bytes: 2_000, ..Settings::default() }
}

/// Three instances and eight shards, all live, under load.
async fn under_load() -> World {
    let mut world = World::new(generous(), 8).await;
    for number in 1..=3 {
        world.start(number).await;
    }
    seconds(30).await;
    assert_eq!(world.sessions().await, 8, "every shard has identified");
    world.load(Duration::from_millis(200)).await;
    seconds(20).await;
    world
}

/// Nothing lost, doubled, reordered or altered, and no rule of Discord's broken.
async fn passes(world: &World) {
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
}

#[tokio::test(start_paused = true)]
async fn one_instance_writes_every_event_of_every_shard_once_and_in_order() {
    let mut world = World::new(generous(), 4).await;
    world.start(1).await;
    seconds(30).await;
    world.load(Duration::from_millis(100)).await;
    seconds(60).await;
    passes(&world).await;
    assert_eq!(world.sessions().await, 4);
    assert!(world.entries().await.len() >= 4 * 600, "events did come");
}

#[tokio::test(start_paused = true)]
async fn several_instances_share_the_shards() {
    let world = under_load().await;
    let mut held: Vec<_> = (1..=3).map(|number| world.held_by(number)).collect();
    held.sort_unstable();
    assert_eq!(held, [2, 3, 3]);
    passes(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_taken_over_by_resume() {
    let mut world = under_load().await;
    world.crash(1);
    seconds(30).await;
    assert_eq!(world.held_by(2) + world.held_by(3), 8);
    passes(&world).await;
    assert_eq!(world.sessions().await, 8, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_later_gets_its_share_by_resume() {
    let mut world = under_load().await;
    world.start(4).await;
    // Balance waits until the fleet has been calm for a while.
    seconds(240).await;
    assert_eq!((1..=4).map(|number| world.held_by(number)).collect::<Vec<_>>(), [2; 4]);
    passes(&world).await;
    assert_eq!(world.sessions().await, 8, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn a_drain_gives_everything_away_by_resume() {
    let mut world = under_load().await;
    world.drain(1).await;
    assert_eq!(world.held_by(2) + world.held_by(3), 8);
    seconds(30).await;
    passes(&world).await;
    assert_eq!(world.sessions().await, 8, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn what_discord_does_to_connections_costs_no_event() {
    let world = under_load().await;
    let shard = None;
    for fault in [
        Fault::Reconnect { shard },
        Fault::DropTcp { shard },
        Fault::HalfOpen { shard: Some(ShardNumber(3)) },
        Fault::DeadResumeHost {},
        Fault::Reconnect { shard },
    ] {
        world.discord.input(Input::Fault(fault)).await;
        // A half-open socket shows only by its silence.
        seconds(150).await;
    }
    world.discord.input(Input::ClearFaults).await;
    passes(&world).await;
    assert_eq!(world.sessions().await, 8, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_discord_gives_up_is_marked_and_replaced() {
    let world = under_load().await;
    let lost = Fault::Invalidate { resumable: false, shard: Some(ShardNumber(5)) };
    world.discord.input(Input::Fault(lost)).await;
    seconds(60).await;
    passes(&world).await;
    assert_eq!(world.sessions().await, 9);
}
