//! What an instance does whose rings are full while the store is away: it closes what fills them,
//! the fullest first, and resumes it when the store is back.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::{asking::get, virtual_time::World};
use baton_mock_discord::Settings;
use baton_model::{Moment, ShardKey};
use baton_shard::State;
use baton_store::Faults;

/// No request arrives, and every caller finds that out late.
const AWAY: Faults = Faults {
    lost_request_percent: 100,
    lost_reply_percent: 0,
    unavailable_percent: 0,
    delay_max: Duration::from_secs(2),
};

/// A message has about a thousand bytes, and each of four shards gets five in a second.
const RING_BYTES: usize = 200_000;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Of each shard that an instance holds: its state, and since when its session is live.
fn shards(world: &World, number: u128) -> BTreeMap<ShardKey, (State, Option<Moment>)> {
    let faces = world.instances[&number].outlook.board.faces();
    let glances = faces.into_iter().filter_map(|(shard, face)| Some((shard, face.glance()?)));
    let held = glances.filter(|(_, glance)| glance.epoch.is_some());
    held.map(|(shard, glance)| (shard, (glance.status.state, glance.live_since))).collect()
}

fn in_state(world: &World, number: u128, state: State) -> usize {
    shards(world, number).values().filter(|(it, _)| *it == state).count()
}

fn ring_bytes(world: &World, number: u128) -> usize {
    let faces = world.instances[&number].outlook.board.faces();
    faces.iter().map(|(_, face)| face.ring_bytes()).sum()
}

/// Two instances with four shards each, of which the first has little room.
async fn one_with_little_room() -> World {
    let settings = Settings { max_concurrency: 16, guilds: 320, ..Settings::default() };
    let mut world = World::new(settings, 8).await;
    world.ring_bytes_max = RING_BYTES;
    world.start(1).await;
    world.ring_bytes_max = baton_model::limits::RING_BYTES_MAX;
    world.start(2).await;
    seconds(30).await;
    assert_eq!((world.held_by(1), world.held_by(2)), (4, 4));
    world.load(Duration::from_millis(200)).await;
    seconds(20).await;
    world
}

#[tokio::test(start_paused = true)]
async fn full_rings_close_their_sockets_and_resume_when_the_store_is_back() {
    let world = one_with_little_room().await;
    assert_eq!(in_state(&world, 1, State::Live), 4, "there is room while the store takes events");
    let others = shards(&world, 2);
    world.set_faults(AWAY);
    seconds(4).await;
    assert_eq!(in_state(&world, 1, State::Live), 4, "there is room for some seconds");
    let mut fullest = 0;
    for _ in 0..26 {
        seconds(1).await;
        fullest = fullest.max(ring_bytes(&world, 1));
    }
    assert_eq!(in_state(&world, 1, State::Shed), 4, "{:?}", shards(&world, 1));
    assert!(fullest <= RING_BYTES, "{fullest} bytes");
    assert_eq!(shards(&world, 2), others, "who has room keeps its sockets");
    let status = get(world.instances[&1].http, "/status").await.body;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["ring"]["bytes_max"], RING_BYTES);

    world.set_faults(Faults::NONE);
    seconds(30).await;
    assert_eq!(in_state(&world, 1, State::Live), 4, "{:?}", shards(&world, 1));
    assert_eq!(shards(&world, 2), others);
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
    assert_eq!(world.sessions().await, 8, "nobody identified again");
}
