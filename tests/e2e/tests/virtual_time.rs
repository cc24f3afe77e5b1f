//! Real instances, real twilight, virtual time: what the promises look like from outside.

use std::time::Duration;

use baton_e2e::{
    asking::get,
    trio::{generous, passes, seconds, under_load},
    virtual_time::World,
};
use baton_mock_discord::{Fault, Input, Settings, verdict::Rule};
use baton_model::{ShardNumber, Version};

#[tokio::test(start_paused = true)]
async fn one_instance_writes_every_event_of_every_shard_once_and_in_order() {
    let mut world = World::new(generous(), 4).await;
    world.start(1).await;
    seconds(30).await;
    let compressed = world.discord.look(|discord| discord.connections_by_compression()).await;
    assert_eq!(compressed, [("zlib-stream".to_owned(), 4)].into());
    world.load(Duration::from_millis(100)).await;
    seconds(60).await;
    passes(&world, 4).await;
    assert!(world.entries().await.len() >= 4 * 600, "events did come");
}

#[tokio::test(start_paused = true)]
async fn several_instances_share_the_shards() {
    let world = under_load().await;
    let mut held: Vec<_> = (1..=3).map(|number| world.held_by(number)).collect();
    held.sort_unstable();
    assert_eq!(held, [2, 3, 3]);
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_taken_over_by_resume() {
    let mut world = under_load().await;
    world.crash(1);
    seconds(30).await;
    assert_eq!(world.held_by(2) + world.held_by(3), 8);
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_later_gets_its_share_by_resume() {
    let mut world = under_load().await;
    world.start(4).await;
    // Balance waits until the fleet has been calm for a while.
    seconds(240).await;
    assert_eq!((1..=4).map(|number| world.held_by(number)).collect::<Vec<_>>(), [2; 4]);
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_gives_everything_away_by_resume() {
    let mut world = under_load().await;
    world.drain(1).await;
    assert_eq!(world.held_by(2) + world.held_by(3), 8);
    seconds(30).await;
    passes(&world, 8).await;
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
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_discord_gives_up_is_marked_and_replaced() {
    let world = under_load().await;
    let lost = Fault::Invalidate { resumable: false, shard: Some(ShardNumber(5)) };
    world.discord.input(Input::Fault(lost)).await;
    seconds(60).await;
    passes(&world, 9).await;
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_takes_no_longer_than_discord_allows_and_breaks_no_rule() {
    for (concurrency, shards) in [(1, 16), (4, 64), (16, 64)] {
        let settings = Settings { max_concurrency: concurrency, ..generous() };
        let mut world = World::new(settings, shards).await;
        for number in 1..=3 {
            world.start(number).await;
        }
        // Instances that start together wait for each other, and the store for all of them.
        seconds(10).await;
        let began = tokio::time::Instant::now();
        while world.sessions().await < shards as usize {
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(began.elapsed() < Duration::from_secs(300), "{concurrency}: it does not end");
        }
        // All but the first of a bucket wait; what passed before is on our side.
        let waits = shards.div_ceil(concurrency) - 1;
        let allowed = Duration::from_secs(5) * waits * 106 / 100;
        let took = began.elapsed();
        assert!(took <= allowed, "{shards} shards, {concurrency} at once: {took:?} of {allowed:?}");
        passes(&world, shards as usize).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_discord_withholds_is_not_waited_for() {
    let world = under_load().await;
    for fault in [Fault::SilentAfterUpgrade {}, Fault::SilentAfterHello {}] {
        world.discord.input(Input::Fault(fault)).await;
        world.discord.input(Input::Fault(Fault::DropTcp { shard: None })).await;
        seconds(40).await;
        world.discord.input(Input::ClearFaults).await;
        // A connection that was good for a while, so that back-off starts over.
        seconds(120).await;
    }
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn sessions_that_discord_gives_up_in_a_storm_are_marked_and_replaced() {
    let world = under_load().await;
    world.discord.input(Input::Fault(Fault::InvalidSession { percent: 30 })).await;
    world.discord.input(Input::Fault(Fault::Reconnect { shard: None })).await;
    seconds(20).await;
    world.discord.input(Input::ClearFaults).await;
    seconds(60).await;
    let sessions = world.sessions().await;
    assert!(sessions > 8, "some were given up: {sessions}");
    passes(&world, sessions).await;
}

#[tokio::test(start_paused = true)]
async fn a_day_of_reconnects_crashes_and_newcomers_cost_no_event() {
    let mut world = World::new(generous(), 4).await;
    for number in 1..=2 {
        world.start(number).await;
    }
    seconds(30).await;
    world.load(Duration::from_secs(20)).await;
    for hour in 0..24 {
        seconds(3_000).await;
        world.discord.input(Input::Fault(Fault::Reconnect { shard: None })).await;
        seconds(300).await;
        if hour % 6 == 5 {
            // The oldest goes, a new one comes.
            let oldest = *world.instances.keys().next().expect("two run");
            world.crash(oldest);
            world.start(100 + hour).await;
        }
        seconds(300).await;
    }
    passes(&world, 4).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_replaced_costs_no_identify_until_the_new_one_is_there() {
    let world = under_load().await;
    world.discord.input(Input::Fault(Fault::ResetToken {})).await;
    // What was on its way when the circuits opened.
    seconds(10).await;
    let rejected = |verdicts: &std::collections::BTreeMap<Rule, u64>| {
        verdicts.get(&Rule::WrongToken).copied().unwrap_or_default()
    };
    let before = rejected(&world.verdicts().await);
    seconds(3_600).await;
    assert_eq!(rejected(&world.verdicts().await), before, "nobody tries what is known to fail");
    assert_eq!(world.sessions().await, 8);
    let token = world.discord.look(|discord| discord.tokens().next().map(str::to_owned)).await;
    world.replace_token(&token.expect("a token"));
    seconds(60).await;
    assert_eq!(world.sessions().await, 16, "every shard has a new session, without a restart");
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deploy_moves_every_shard_by_resume_to_the_newest() {
    let mut world = under_load().await;
    world.version = Version { major: 1, ..Version::default() };
    for old in 1..=3 {
        world.start(10 + old).await;
        seconds(20).await;
        world.drain(old).await;
        seconds(20).await;
    }
    seconds(30).await;
    let held: usize = (11..=13).map(|number| world.held_by(number)).sum();
    assert_eq!(held, 8, "all of them run at the new version");
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_would_cut_the_app_otherwise_takes_nothing_and_says_why() {
    let mut world = under_load().await;
    world.shards = 16;
    world.start(4).await;
    seconds(120).await;
    assert_eq!(world.held_by(4), 0);
    let ready = get(world.instances[&4].http, "/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("8 shards and 2 lanes, and the configuration says 16 and 2"));
    passes(&world, 8).await;
}
