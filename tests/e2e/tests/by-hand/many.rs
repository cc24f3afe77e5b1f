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
use rustix::process::Signal;
use tokio::time::sleep;

const SHARDS: u32 = 3_000;

/// Each session gets an event so often.
const EVERY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_of_a_thousand_shards_is_killed() {
    let valkey = valkey();
    let settings = Settings {
        guilds: SHARDS,
        guild_create_bytes: 500,
        max_concurrency: 500,
        identifies_a_day: 2 * SHARDS,
        ..discord()
    };
    let mut fleet = Fleet::over(&valkey, settings, SHARDS).await;
    fleet.under_load(EVERY).await;
    sleep(Duration::from_secs(20)).await;
    let held = fleet.held_by("a").await;
    let name = "kill -9 of an owner of 1,000 shards";
    let scenario = Scenario::begin(name, &fleet).await.about(held.clone());
    fleet.gateway("a").signal(Signal::KILL);
    sleep(Duration::from_secs(20)).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0, "taken over by RESUME");
    assert_eq!(outcome.moves.len(), held.len());
    let noticed = outcome.noticed().expect("taken over");
    let back = percentile(&outcome.back(&held), 100).expect("resumed");
    Table::goal(&format!("{name}: noticed"), noticed, Duration::from_millis(1_500));
    Table::goal(&format!("{name}: the last resumed"), back, Duration::from_secs(5));
}
