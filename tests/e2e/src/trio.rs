//! Where most stories of [`virtual_time`](crate::virtual_time) begin: three instances and eight
//! shards, all live, under load.

use std::time::Duration;

use baton_mock_discord::Settings;

use crate::virtual_time::World;

/// How many shards they share, where nothing is said.
const SHARDS: u32 = 8;

/// How often each session gets an event.
const EVERY: Duration = Duration::from_millis(200);

/// Lets time pass.
pub async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Sixteen shards may identify at once, or every test would begin with minutes of waiting; and
/// there are guilds enough for Discord to replay what comes before a half-open socket is noticed.
#[must_use]
pub fn generous() -> Settings {
    Settings { max_concurrency: 16, guilds: 80, guild_create_bytes: 2_000, ..Settings::default() }
}

/// Instances 1, 2 and 3 share the shards, and events come.
pub async fn under_load() -> World {
    sharing(SHARDS).await
}

/// The same with so many shards.
///
/// # Panics
/// If not every shard identifies.
pub async fn sharing(shards: u32) -> World {
    let mut world = World::new(generous(), shards).await;
    for number in 1..=3 {
        world.start(number).await;
    }
    seconds(30).await;
    assert_eq!(world.sessions().await, shards as usize, "every shard has identified");
    world.load(EVERY).await;
    seconds(20).await;
    world
}

/// Nothing lost, doubled, reordered or altered, no rule of Discord's broken, so many sessions:
/// there is one more for each IDENTIFY.
///
/// # Panics
/// If that is not so.
pub async fn passes(world: &World, sessions: usize) {
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
    assert_eq!(world.sessions().await, sessions, "each costs an IDENTIFY");
}
