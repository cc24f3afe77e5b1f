//! Commands, from their stream to Discord: judged by Discord's book of what it was asked.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::virtual_time::{World, app};
use baton_gateway::tuning::AppTuning;
use baton_mock_discord::{Discord, Fault, Input, Settings, ledger::FrameHash};
use baton_model::{ShardNumber, StreamId};
use baton_store::{Command, CommandOutcome, Commands, Membership, Op};
use bytes::Bytes;
use twilight_model::gateway::{
    payload::outgoing::update_presence::UpdatePresencePayload, presence::Status,
};

const SHARDS: u32 = 8;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Instances, and shards that are all live. There are events on the wire: the kernel holds small
/// frames back until it is told that the one before has arrived, and without an event to tell it
/// with, that takes 40 ms of a time which knows nothing of the virtual one.
async fn live(instances: u128) -> World {
    let settings = Settings { max_concurrency: 16, guilds: 80, ..Settings::default() };
    let mut world = World::new(settings, SHARDS).await;
    for number in 1..=instances {
        world.start(number).await;
    }
    seconds(40).await;
    assert_eq!(world.sessions().await, SHARDS as usize, "every shard has identified");
    world.load(Duration::from_millis(100)).await;
    world
}

fn voice(number: u64) -> String {
    format!(r#"{{"op":4,"d":{{"guild_id":"1","channel_id":"{number}"}}}}"#)
}

/// Asks a shard for something; the result is wanted under its number.
async fn ask(world: &World, shard: u32, frame: String) -> StreamId {
    ask_within(world, shard, frame, None).await
}

async fn ask_within(world: &World, shard: u32, frame: String, ttl: Option<Duration>) -> StreamId {
    let shard = ShardNumber(shard);
    let now = world.store.poll().await.expect("the store answers").now;
    let expires = ttl.map(|ttl| now.after(ttl));
    let frame = Bytes::from(frame);
    let command = Command { shard, expires, reply_to: shard.to_string(), trace: None, frame };
    let lane = world.lanes().lane_of(shard);
    world.store.send_command(&app(), lane, &command).await.expect("taken")
}

/// What the shard's askers were told.
async fn told(world: &World, shard: u32) -> Vec<(StreamId, CommandOutcome)> {
    let lane = world.lanes().lane_of(ShardNumber(shard));
    let name = shard.to_string();
    let results = world.store.results(&app(), lane, &name, StreamId::START).await.expect("read");
    results.into_iter().map(|(_, result)| (result.command, result.outcome)).collect()
}

/// What Discord was asked by each shard, in order, by its bytes.
async fn book(world: &World) -> BTreeMap<u32, Vec<FrameHash>> {
    world
        .discord
        .look(|discord| {
            let mut book: BTreeMap<u32, Vec<_>> = BTreeMap::new();
            for command in &discord.commands().latest {
                book.entry(command.slice.0.0).or_default().push(command.hash);
            }
            book
        })
        .await
}

/// Asks every shard, again and again, while something happens to the fleet.
async fn ask_all(world: &World, numbers: std::ops::Range<u64>) {
    for number in numbers {
        for shard in 0..SHARDS {
            ask(world, shard, voice(number)).await;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
}

fn hashes(numbers: std::ops::Range<u64>) -> Vec<FrameHash> {
    numbers.map(|number| FrameHash::of(voice(number).as_bytes())).collect()
}

/// Every shard was asked these, once each and in order, and no rule of Discord's was broken.
async fn were_asked(world: &World, numbers: std::ops::Range<u64>) {
    let expected = hashes(numbers);
    let book = book(world).await;
    for shard in 0..SHARDS {
        let asked = book.get(&shard).map_or(&[][..], Vec::as_slice);
        assert_eq!(asked.len(), expected.len(), "shard {shard}");
        assert_eq!(asked, expected, "shard {shard}");
    }
    lawful(world).await;
}

async fn lawful(world: &World) {
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_command_reaches_discord_on_its_shard_byte_for_byte_and_its_sender_is_told() {
    let world = live(3).await;
    ask_all(&world, 0..20).await;
    seconds(2).await;
    were_asked(&world, 0..20).await;
    for shard in 0..SHARDS {
        let told = told(&world, shard).await;
        assert_eq!(told.len(), 20);
        assert!(told.iter().all(|(_, outcome)| *outcome == CommandOutcome::Sent));
        assert!(told.is_sorted_by_key(|(command, _)| *command));
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_goes_out_within_a_moment() {
    let world = live(1).await;
    seconds(60).await;
    for (number, patience) in [(0, 100), (1, 100)] {
        ask(&world, 3, voice(number)).await;
        tokio::time::sleep(Duration::from_millis(patience)).await;
        assert_eq!(told(&world, 3).await.len() as u64, number + 1, "after {patience} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_neither_repeats_nor_skips_a_command() {
    let mut world = live(3).await;
    world.load(Duration::from_millis(10)).await;
    let store = world.store.clone();
    // One right after the other, so that some fall into the moment of each hand-over.
    let asking = tokio::spawn(async move {
        for number in 0..200 {
            for shard in 0..SHARDS {
                let frame = Bytes::from(voice(number));
                let (shard, reply_to) = (ShardNumber(shard), String::new());
                let command = Command { shard, expires: None, reply_to, trace: None, frame };
                let lane = baton_model::Lane(u16::try_from(shard.0 % 2).expect("0 or 1"));
                store.send_command(&app(), lane, &command).await.expect("taken");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    world.drain(1).await;
    assert!(!asking.is_finished(), "the drain was over before the commands were");
    asking.await.expect("asked");
    world.load(Duration::from_millis(100)).await;
    seconds(130).await;
    were_asked(&world, 0..200).await;
    assert_eq!(world.sessions().await, SHARDS as usize, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn a_crash_repeats_at_most_the_command_that_was_in_flight() {
    let mut world = live(3).await;
    let held = world.held_by(1);
    ask_all(&world, 0..10).await;
    // Some of these are on their way when it ends.
    for number in 10..14 {
        for shard in 0..SHARDS {
            ask(&world, shard, voice(number)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    world.crash(1);
    ask_all(&world, 14..40).await;
    seconds(60).await;
    let expected = hashes(0..40);
    let mut repeated = 0;
    for (shard, mut asked) in book(&world).await {
        let all = asked.len();
        asked.dedup();
        assert_eq!(asked, expected, "shard {shard}");
        assert!(all - asked.len() <= 1, "shard {shard} was asked {} again", all - asked.len());
        repeated += all - asked.len();
    }
    assert!(repeated <= held, "{repeated} of {held}");
    lawful(&world).await;
}

#[tokio::test(start_paused = true)]
async fn reconnects_neither_repeat_nor_skip_a_command() {
    let world = live(3).await;
    for round in 0..5 {
        let storm = Fault::Reconnect { shard: None };
        ask_all(&world, round * 20..round * 20 + 10).await;
        world.discord.input(Input::Fault(storm)).await;
        ask_all(&world, round * 20 + 10..(round + 1) * 20).await;
        seconds(30).await;
    }
    seconds(60).await;
    were_asked(&world, 0..100).await;
    assert_eq!(world.sessions().await, SHARDS as usize, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn what_expires_during_an_outage_is_not_sent_and_its_sender_is_told() {
    let world = live(2).await;
    world.discord.input(Input::Fault(Fault::Outage { ms: 20_000 })).await;
    seconds(1).await;
    let soon = Some(Duration::from_secs(5));
    let expired = ask_within(&world, 2, voice(1), soon).await;
    let patient = ask_within(&world, 2, voice(2), Some(Duration::from_secs(600))).await;
    let endless = ask(&world, 2, voice(3)).await;
    seconds(10).await;
    assert_eq!(told(&world, 2).await, [(expired, CommandOutcome::Expired)], "not only at the end");
    seconds(120).await;
    let sent = [patient, endless].map(|id| (id, CommandOutcome::Sent));
    assert_eq!(told(&world, 2).await[1..], sent);
    assert_eq!(book(&world).await, BTreeMap::from([(2, hashes(2..4))]));
}

#[tokio::test(start_paused = true)]
async fn a_flood_earns_no_verdict_and_starves_no_heartbeat() {
    let world = live(1).await;
    world.load(Duration::from_millis(500)).await;
    for number in 0..1_000 {
        ask(&world, 5, voice(number)).await;
    }
    ask(&world, 6, voice(0)).await;
    seconds(1).await;
    assert_eq!(book(&world).await.get(&6).map(Vec::len), Some(1), "the others do not wait for it");
    seconds(660).await;
    let asked = book(&world).await.remove(&5).expect("asked");
    assert_eq!(asked.len(), 1_000);
    assert_eq!(asked, hashes(0..1_000));
    lawful(&world).await;
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(world.sessions().await, SHARDS as usize, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn what_discord_would_close_for_never_gets_there() {
    let world = live(1).await;
    let identify = r#"{"op":2,"d":{"token":"t","properties":{},"intents":0}}"#;
    for frame in [identify, "nonsense", r#"{"op":8,"d":{"guild_id":"1"}}"#] {
        ask(&world, 1, frame.to_owned()).await;
    }
    ask(&world, 1, voice(7)).await;
    seconds(2).await;
    let told: Vec<_> = told(&world, 1).await.into_iter().map(|(_, told)| told.name()).collect();
    assert_eq!(told, ["invalid", "invalid", "invalid", "sent"]);
    assert_eq!(book(&world).await, BTreeMap::from([(1, hashes(7..8))]));
    lawful(&world).await;
}

/// Changes the app at every instance.
fn tune(world: &World, tuning: &AppTuning) {
    for running in world.instances.values() {
        running.tuning.set_app(&app(), tuning.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_app_does_not_allow_is_dropped_and_its_sender_is_told_why() {
    let mut world = live(1).await;
    let only = |op: Op| AppTuning { commands: [op].into(), ..world.tuning.clone() };
    let (members_only, voice_only) = (only(Op::RequestGuildMembers), only(Op::UpdateVoiceState));
    tune(&world, &members_only);
    seconds(2).await;
    ask(&world, 1, voice(1)).await;
    seconds(2).await;
    tune(&world, &voice_only);
    seconds(2).await;
    ask(&world, 1, voice(2)).await;
    seconds(2).await;
    let why = "update_voice_state is not allowed; add it to the app's commands".to_owned();
    let told_one: Vec<_> = told(&world, 1).await.into_iter().map(|(_, told)| told).collect();
    assert_eq!(told_one, [CommandOutcome::Dropped { why: why.clone() }, CommandOutcome::Sent]);
    assert_eq!(book(&world).await, BTreeMap::from([(1, hashes(2..3))]));

    // Whoever starts with it holds to it from the first command on.
    world.tuning = members_only;
    world.crash(1);
    world.start(2).await;
    seconds(40).await;
    ask(&world, 2, voice(3)).await;
    seconds(2).await;
    let told: Vec<_> = told(&world, 2).await.into_iter().map(|(_, told)| told).collect();
    assert_eq!(told, [CommandOutcome::Dropped { why }]);
    lawful(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_presence_that_is_configured_anew_is_told_to_every_live_session_once() {
    let world = live(3).await;
    let activities = Vec::new();
    let idle = UpdatePresencePayload { activities, afk: false, since: None, status: Status::Idle };
    let shown = AppTuning { presence: Some(idle), ..world.tuning.clone() };
    tune(&world, &shown);
    seconds(3).await;
    let told = async || -> BTreeMap<u32, Vec<String>> {
        let look = |discord: &Discord| {
            let mut told: BTreeMap<u32, Vec<String>> = BTreeMap::new();
            for command in &discord.commands().latest {
                assert_eq!(command.op, 3);
                let status = command.d["status"].as_str().expect("a status").to_owned();
                told.entry(command.slice.0.0).or_default().push(status);
            }
            told
        };
        world.discord.look(look).await
    };
    let all = |statuses: &[&str]| -> BTreeMap<u32, Vec<String>> {
        let statuses: Vec<_> = statuses.iter().map(ToString::to_string).collect();
        (0..SHARDS).map(|shard| (shard, statuses.clone())).collect()
    };
    assert_eq!(told().await, all(&["idle"]));
    // Another change is no reason to say it again, and neither is another connection.
    tune(&world, &AppTuning { commands: [].into(), ..shown });
    world.discord.input(Input::Fault(Fault::Reconnect { shard: None })).await;
    seconds(20).await;
    assert_eq!(told().await, all(&["idle"]));
    tune(&world, &world.tuning);
    seconds(3).await;
    assert_eq!(told().await, all(&["idle", "online"]), "what is not set any more is undone");
    lawful(&world).await;
    assert_eq!(world.sessions().await, SHARDS as usize, "nobody identified again");
}

/// The id of the first guild of the shard.
async fn guild_of(world: &World, shard: u32) -> String {
    let entries = world.entries().await;
    let created = entries
        .iter()
        .find(|entry| entry.shard == ShardNumber(shard) && entry.name.as_str() == "GUILD_CREATE");
    let frame: serde_json::Value =
        serde_json::from_slice(&created.expect("it has guilds").bytes).expect("JSON");
    frame["d"]["id"].as_str().expect("an id").to_owned()
}

async fn named(world: &World, name: &str) -> usize {
    world.entries().await.iter().filter(|entry| entry.name.as_str() == name).count()
}

#[tokio::test(start_paused = true)]
async fn members_come_as_events_and_a_refusal_is_honoured() {
    let world = live(1).await;
    let guild = guild_of(&world, 4).await;
    let members = |nonce: &str| {
        format!(r#"{{"op":8,"d":{{"guild_id":"{guild}","query":"","limit":0,"nonce":"{nonce}"}}}}"#)
    };
    let first = ask(&world, 4, members("a")).await;
    seconds(2).await;
    assert_eq!(named(&world, "GUILD_MEMBERS_CHUNK").await, 2, "1,500 members by the thousand");

    let refused = ask(&world, 4, members("b")).await;
    seconds(2).await;
    assert_eq!(named(&world, "RATE_LIMITED").await, 1);
    let kept_back = ask(&world, 4, members("c")).await;
    seconds(1).await;
    let told = told(&world, 4).await;
    let ids: Vec<_> = told.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [first, refused, refused, kept_back]);
    let outcomes: Vec<_> = told.iter().map(|(_, outcome)| outcome.name()).collect();
    assert_eq!(outcomes, ["sent", "sent", "rate_limited", "rate_limited"]);
    let CommandOutcome::RateLimited { retry_after } = told[3].1 else { unreachable!("just seen") };
    assert!((20..30).contains(&retry_after.as_secs()), "{retry_after:?}");
    assert_eq!(book(&world).await[&4].len(), 2, "the third was not sent");

    seconds(30).await;
    ask(&world, 4, members("d")).await;
    seconds(2).await;
    assert_eq!(named(&world, "GUILD_MEMBERS_CHUNK").await, 4, "Discord may be asked again");
    lawful(&world).await;
    assert!(world.judge().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn what_all_shards_of_a_lane_have_dealt_with_is_trimmed() {
    let world = live(3).await;
    for number in 0..50 {
        ask(&world, 2, voice(number)).await;
    }
    let left = async || {
        let lane = world.lanes().lane_of(ShardNumber(2));
        world.store.commands(&app(), lane, StreamId::START, 1_000).await.expect("read").len()
    };
    assert!(left().await > 40, "they have just been sent");
    seconds(30).await;
    assert!(left().await <= 1, "{} are left", left().await);
}
