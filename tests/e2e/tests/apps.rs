//! Several apps in one process: what becomes of one leaves the other alone.

use std::{num::NonZeroU16, time::Duration};

use baton_e2e::{asking::get, judgement::entries, virtual_time::World};
use baton_gateway::{
    app::{AppSettings, ShardsWanted},
    token::TokenSource,
};
use baton_mock_discord::{
    Fault, Input, Settings,
    audit::audit,
    load::{Mix, Pace},
    server::{Addresses, Server},
    verdict::Rule,
};
use baton_model::{AppName, LaneCount, ShardNumber};
use serde_json::Value;
use twilight_gateway::Intents;

const LANES: LaneCount = LaneCount(NonZeroU16::MIN);

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// A Discord that grants nothing but these.
fn granting(intents: Intents) -> Settings {
    Settings {
        intents_granted: intents.bits(),
        max_concurrency: 16,
        guilds: 80,
        ..Settings::default()
    }
}

/// Another app than the world's, with a Discord of its own.
struct Other {
    discord: Server,
    token: tempfile::TempPath,
}

impl Other {
    async fn new() -> Self {
        let settings = granting(Intents::GUILD_MESSAGES);
        let discord = Server::start(settings, 8, Addresses::LOOPBACK).await.expect("it listens");
        let token = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        std::fs::write(&token, "token").expect("written");
        Self { discord, token }
    }

    fn name() -> AppName {
        "other".parse().expect("a name")
    }

    /// Shards, lanes and intents of its own.
    fn settings(&self, world: &World) -> AppSettings {
        AppSettings {
            name: Self::name(),
            tokens: vec![TokenSource::File(self.token.to_path_buf())],
            intents: Intents::GUILD_MESSAGES,
            shards: ShardsWanted::Fixed(6.try_into().expect("not 0")),
            lanes: LANES,
            gateway_url: Some(self.discord.gateway_url()),
            api_url: Some(format!("http://{}/api/v10", self.discord.addresses().rest)),
            ..world.app_settings()
        }
    }

    async fn load(&self, pace: Option<Pace>) {
        self.discord.input(Input::Load(pace)).await;
    }

    async fn sessions(&self) -> usize {
        self.discord.look(|discord| discord.ledger().sessions.len()).await
    }

    async fn live_sessions(&self) -> usize {
        self.discord.look(|discord| discord.live_sessions()).await
    }

    /// How often somebody has identified or resumed with a token that is none.
    async fn rejected(&self) -> u64 {
        let counts = self.discord.look(|discord| discord.verdicts().counts.clone()).await;
        counts.get(&Rule::WrongToken).copied().unwrap_or_default()
    }
}

/// Whether an instance holds a shard of this app.
fn holds_of(world: &World, number: u128, app: &AppName) -> bool {
    let faces = world.instances[&number].outlook.board.faces();
    faces.iter().any(|(shard, _)| shard.app == *app)
}

async fn condition(world: &World, number: u128, app: &str) -> Value {
    let status = get(world.instances[&number].http, "/status").await;
    let status: Value = serde_json::from_str(&status.body).expect("JSON");
    status["apps"][app].clone()
}

#[tokio::test(start_paused = true)]
async fn an_app_that_discord_rejects_leaves_the_other_alone() {
    let mut world = World::new(granting(Intents::GUILDS), 4).await;
    let other = Other::new().await;
    world.others = vec![other.settings(&world)];
    for number in 1..=2 {
        world.start(number).await;
    }
    seconds(30).await;
    assert_eq!((world.sessions().await, other.sessions().await), (4, 6));
    world.load(Duration::from_millis(200)).await;
    other.load(Some(Pace { mix: Mix::Messages, every_ms: 200, events: 1, burst: None })).await;
    seconds(30).await;

    other.discord.input(Input::Fault(Fault::ResetToken {})).await;
    seconds(10).await;
    assert_eq!(condition(&world, 1, "other").await["condition"], "rejected");
    let rejected = other.rejected().await;
    seconds(300).await;
    // Whoever has stopped would not begin another session.
    let lost = Fault::Invalidate { resumable: false, shard: Some(ShardNumber(0)) };
    world.discord.input(Input::Fault(lost)).await;
    seconds(300).await;
    assert_eq!(world.discord.look(|discord| discord.live_sessions()).await, 4);
    assert_eq!(other.rejected().await, rejected, "nobody tries what is known to fail");
    assert_eq!(other.live_sessions().await, 0);
    for number in 1..=2 {
        assert!(holds_of(&world, number, &Other::name()), "or it could not be told");
        let rejected = condition(&world, number, "other").await;
        assert_eq!((&rejected["condition"], &rejected["code"]), (&"rejected".into(), &4004.into()));
        assert_eq!(condition(&world, number, "app").await["condition"], "running");
        let ready = get(world.instances[&number].http, "/readyz").await;
        assert_eq!(ready.status, 200, "{}", ready.body);
    }

    let token = other.discord.look(|discord| discord.tokens().next().map(str::to_owned)).await;
    std::fs::write(&other.token, token.expect("a token")).expect("written");
    seconds(60).await;
    assert_eq!((other.live_sessions().await, other.sessions().await), (6, 12));
    assert_eq!(condition(&world, 1, "other").await["condition"], "running");

    other.load(None).await;
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
    assert_eq!(world.sessions().await, 5, "the app went on all the time");
    let ledger = other.discord.look(|discord| discord.ledger().clone()).await;
    let report = audit(&ledger, &entries(&world.store, &Other::name(), LANES).await);
    assert!(report.is_clean(), "{report:?}");
}
