//! Lines of defence: a standby takes over when those before it are dead, and steps back after that.

use std::time::Duration;

use baton_e2e::virtual_time::World;
use baton_mock_discord::Settings;
use baton_model::{Tier, limits::TIER_SETTLED};

const SHARDS: usize = 8;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn held(world: &World) -> Vec<usize> {
    (1..=4).map(|number| world.held_by(number)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_standby_holds_nothing_until_those_before_it_are_dead_and_gives_all_of_it_back() {
    let settings = Settings { max_concurrency: 16, guilds: 80, ..Settings::default() };
    let mut world = World::new(settings, u32::try_from(SHARDS).expect("it fits")).await;
    for number in 1..=2 {
        world.start(number).await;
    }
    world.tier = Tier(1);
    world.start(3).await;
    seconds(30).await;
    world.load(Duration::from_millis(200)).await;
    seconds(120).await;
    assert_eq!(held(&world), [4, 4, 0, 0], "balance does not reach into another tier");

    world.crash(1);
    seconds(60).await;
    assert_eq!(held(&world), [0, SHARDS, 0, 0], "one of the first line is enough");

    world.crash(2);
    seconds(10).await;
    assert_eq!(held(&world), [0, 0, SHARDS, 0]);

    world.tier = Tier(0);
    world.start(4).await;
    // Nobody suffers meanwhile, and who has just come may go again.
    tokio::time::sleep(TIER_SETTLED - Duration::from_secs(10)).await;
    assert_eq!(held(&world), [0, 0, SHARDS, 0]);
    seconds(120).await;
    assert_eq!(held(&world), [0, 0, 0, SHARDS]);
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
    assert_eq!(world.sessions().await, SHARDS, "nobody identified again");
}
