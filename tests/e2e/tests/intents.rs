//! What operators want, from the store to Discord: real instances in virtual time.

use std::time::Duration;

use baton_e2e::{
    trio::{passes, seconds, sharing, under_load},
    virtual_time::{World, app},
};
use baton_mock_discord::{Fault, Input};
use baton_model::{
    Generation, InstanceId, PinUntil, RestartHow, ShardKey, ShardNumber, Wish,
    limits::MOVES_AT_ONCE_MAX,
};

fn shard(number: u32) -> ShardKey {
    ShardKey { app: app(), generation: Generation(0), number: ShardNumber(number) }
}

fn drain(number: u128, limit: Option<Duration>) -> Wish {
    Wish::Drain { instance: InstanceId::new(number), limit }
}

#[tokio::test(start_paused = true)]
async fn a_drained_instance_is_empty_and_stays_until_the_drain_is_taken_back() {
    let world = under_load().await;
    let id = world.intend(drain(1, None)).await;
    seconds(30).await;
    assert_eq!(world.held_by(1), 0);
    seconds(300).await;
    assert_eq!(world.held_by(1), 0, "balance leaves it alone");
    assert_eq!(world.held_by(2) + world.held_by(3), 8);
    world.withdraw(drain(1, None), id).await;
    seconds(180).await;
    assert!(world.held_by(1) >= 2, "it is as any other again");
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_more_shards_than_move_at_once_does_not_pause_in_between() {
    let world = sharing(60).await;
    let held = world.held_by(1);
    assert!(held > MOVES_AT_ONCE_MAX, "{held} all move at once");
    world.intend(drain(1, None)).await;
    seconds(3).await;
    assert_eq!(world.held_by(1), 0);
    passes(&world, 60).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_gives_nothing_to_whom_discord_does_not_greet() {
    let world = under_load().await;
    let held = world.held_by(1);
    world.discord.input(Input::Fault(Fault::SilentAfterUpgrade {})).await;
    world.intend(drain(1, None)).await;
    seconds(60).await;
    assert_eq!(world.held_by(1), held, "a shard that runs stays where it is");
    passes(&world, 8).await;
    world.discord.input(Input::ClearFaults).await;
    seconds(60).await;
    assert_eq!(world.held_by(1), 0);
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_takes_too_long_is_given_up_and_what_is_left_stays() {
    let world = under_load().await;
    let held = world.held_by(1);
    world.discord.input(Input::Fault(Fault::SilentAfterUpgrade {})).await;
    world.intend(drain(1, Some(Duration::from_secs(20)))).await;
    seconds(30).await;
    assert_eq!(world.intents().await, [], "it stands no more");
    world.discord.input(Input::ClearFaults).await;
    seconds(60).await;
    assert_eq!(world.held_by(1), held);
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_shard_goes_where_it_is_wanted_and_is_free_to_go_again() {
    let world = under_load().await;
    for number in 0..8 {
        let to = InstanceId::new(2);
        world.intend(Wish::Pin { shard: shard(number), to, until: PinUntil::Arrived }).await;
    }
    seconds(30).await;
    assert_eq!(world.intents().await, [], "each is done");
    assert!(world.held_by(2) >= 6, "the first may be on their way back");
    seconds(300).await;
    assert!(world.held_by(2) <= 3, "balance may move them again");
    passes(&world, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_pinned_shard_stays_where_it_is_pinned() {
    let world = under_load().await;
    for number in 0..8 {
        let to = InstanceId::new(2);
        world.intend(Wish::Pin { shard: shard(number), to, until: PinUntil::TakenBack }).await;
    }
    seconds(300).await;
    assert_eq!(world.held_by(2), 8);
    passes(&world, 8).await;
}

/// How often a shard has resumed.
async fn resumed(world: &World, number: u32) -> usize {
    let entries = world.entries().await;
    let of_shard = entries.iter().filter(|entry| entry.shard == ShardNumber(number));
    of_shard.filter(|entry| entry.name.as_str() == "RESUMED").count()
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_restarted_once_by_resume_or_with_a_new_session() {
    let world = under_load().await;
    let before = resumed(&world, 3).await;
    world.intend(Wish::Restart { shard: shard(3), how: RestartHow::Resume }).await;
    seconds(30).await;
    assert_eq!(resumed(&world, 3).await, before + 1);
    assert_eq!(world.intents().await, []);
    passes(&world, 8).await;
    world.intend(Wish::Restart { shard: shard(3), how: RestartHow::Identify }).await;
    seconds(30).await;
    assert_eq!(resumed(&world, 3).await, before + 1, "no resume in between");
    assert_eq!(world.intents().await, []);
    passes(&world, 9).await;
}

#[tokio::test(start_paused = true)]
async fn every_instance_reads_a_token_again_and_then_the_wish_is_gone() {
    let world = under_load().await;
    world.intend(Wish::ReadToken { app: app() }).await;
    seconds(5).await;
    assert_eq!(world.intents().await.len(), 1, "all have to see it");
    seconds(30).await;
    assert_eq!(world.intents().await, []);
    passes(&world, 8).await;
}
