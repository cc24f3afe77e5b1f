//! The owner of a thousand shards is killed.

use std::time::Duration;

use baton_e2e::{
    processes::{Fleet, discord, valkey},
    scenario::{
        Scenario,
        table::{Table, percentile},
    },
};
use baton_mock_discord::Settings;
use baton_model::ShardCount;
use rustix::process::Signal;
use tokio::time::sleep;

/// Over two instances. The one that is there first claims the larger part of them.
const SHARDS: u32 = 2_000;

/// Each session gets an event so often.
const EVERY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_of_a_thousand_shards_is_killed() {
    let valkey = valkey();
    let settings = Settings {
        guilds: SHARDS,
        guild_create_bytes: 500,
        shards: ShardCount(SHARDS.try_into().expect("not 0")),
        // How they come up is not what this is about.
        max_concurrency: 200,
        identifies_a_day: 2 * SHARDS,
        ..discord()
    };
    let mut fleet = Fleet::over(&valkey, settings, SHARDS).await;
    fleet.start("a");
    fleet.start("b");
    fleet.until_all_live().await;
    fleet.load(EVERY).await;
    sleep(Duration::from_secs(20)).await;
    let held = fleet.held_by("a").await;
    assert!(held.len() >= 1_000, "{} are too few", held.len());
    let name = "kill -9 of an owner of 1,000 shards or more";
    // Where hundreds identify at once on a few cores, some of them are late on their way, and the
    // next of their bucket comes too early for Discord. The cold starts are about that.
    let cold_start = fleet.verdicts().await;
    println!("while they came up: {cold_start:?}");
    let scenario = Scenario::begin(name, &fleet).await.about(held.clone()).forgiving(cold_start);
    fleet.gateway("a").signal(Signal::KILL);
    sleep(Duration::from_secs(20)).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0, "taken over by RESUME");
    assert_eq!(outcome.moves.len(), held.len());
    let noticed = outcome.noticed().expect("taken over");
    let back = percentile(&outcome.back(&held), 100).expect("resumed");
    Table::Goals.goal(&format!("{name}: noticed"), noticed, Duration::from_millis(1_500));
    Table::Goals.goal(&format!("{name}: the last resumed"), back, Duration::from_secs(5));
}
