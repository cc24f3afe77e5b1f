//! Apps that operators put into the store while instances run.

use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

use baton_e2e::{asking::get, judgement::entries, virtual_time::World};
use baton_gateway::config::StoredAppsConfig;
use baton_mock_discord::{
    Input, Settings,
    audit::audit,
    load::{Mix, Pace},
    server::{Addresses, Server},
};
use baton_model::{AppName, LaneCount, StoredApp};
use baton_store::StoredApps;
use serde_json::Value;
use tempfile::TempDir;

const LANES: LaneCount = LaneCount(NonZeroU16::MIN);

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn name() -> AppName {
    "added".parse().expect("a name")
}

/// Two instances that run an app of their own, and offer tokens to apps in the store.
struct Scene {
    world: World,
    /// The Discord of the app in the store.
    discord: Server,
    _tokens: TempDir,
    revision: u64,
}

impl Scene {
    async fn new() -> Self {
        let settings = || Settings { max_concurrency: 16, guilds: 80, ..Settings::default() };
        let discord = Server::start(settings(), 8, Addresses::LOOPBACK).await.expect("it listens");
        let tokens = tempfile::tempdir().expect("a folder");
        std::fs::write(tokens.path().join("added"), "token").expect("written");
        let mut world = World::new(settings(), 4).await;
        world.stored_apps = Some(StoredAppsConfig {
            token_folder: Some(tokens.path().to_owned()),
            token_prefix: None,
            gateway_url: Some(discord.gateway_url()),
            api_url: Some(format!("http://{}/api/v10", discord.addresses().rest)),
            no_brokers: None,
        });
        for number in 1..=2 {
            world.start(number).await;
        }
        seconds(30).await;
        assert_eq!(world.sessions().await, 4, "the app of the configuration runs");
        Self { world, discord, _tokens: tokens, revision: 0 }
    }

    async fn put(&mut self, app: StoredApp) {
        let put = self.world.store.put_app(&name(), self.revision, &app).await;
        self.revision = put.expect("it is taken");
    }

    async fn put_options(&mut self, more: &[(&str, &str)]) {
        let least = [("token", "file:added"), ("intents", "guild_messages"), ("shards", "6")];
        let options = least.iter().chain(&[("lanes", "1")]).chain(more);
        let options: BTreeMap<_, _> =
            options.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        self.put(StoredApp::Wanted { options }).await;
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

    /// The statuses that Discord was told.
    async fn statuses(&self) -> Vec<String> {
        let status = |command: &baton_mock_discord::commands::Command| {
            command.d["status"].as_str().expect("a status").to_owned()
        };
        self.discord.look(move |it| it.commands().latest.iter().map(status).collect()).await
    }

    async fn status(&self, number: u128) -> Value {
        let status = get(self.world.instances[&number].http, "/status").await;
        serde_json::from_str(&status.body).expect("JSON")
    }

    /// How many shards of the app in the store an instance holds.
    fn held_by(&self, number: u128) -> usize {
        let faces = self.world.instances[&number].outlook.board.faces();
        let of_app = faces.iter().filter(|(shard, _)| shard.app == name());
        of_app.filter(|(_, face)| face.glance().is_some_and(|it| it.epoch.is_some())).count()
    }

    /// Compares both apps' streams with what their Discords have sent.
    async fn judge(&self) {
        self.load(None).await;
        let report = self.world.judge().await;
        assert!(report.is_clean(), "{report:?}");
        let ledger = self.discord.look(|discord| discord.ledger().clone()).await;
        let report = audit(&ledger, &entries(&self.world.store, &name(), LANES).await);
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(self.world.sessions().await, 4, "the other app went on all the time");
    }
}

fn messages() -> Option<Pace> {
    Some(Pace { mix: Mix::Messages, every_ms: 200, events: 1, burst: None })
}

#[tokio::test(start_paused = true)]
async fn an_app_is_added_changed_and_removed_while_instances_run() {
    let mut scene = Scene::new().await;
    scene.put_options(&[]).await;
    seconds(30).await;
    assert_eq!((scene.live_sessions().await, scene.sessions().await), (6, 6));
    let held = [scene.held_by(1), scene.held_by(2)];
    assert_eq!(held, [3, 3], "both take their share");
    scene.world.load(Duration::from_millis(200)).await;
    scene.load(messages()).await;
    seconds(20).await;

    scene.put_options(&[("presence.status", "dnd")]).await;
    seconds(10).await;
    assert_eq!(scene.statuses().await, ["dnd"; 6]);
    assert_eq!(scene.sessions().await, 6, "no session was touched");
    scene.load(None).await;
    seconds(10).await;

    scene.put(StoredApp::Removed {}).await;
    seconds(30).await;
    assert_eq!(scene.live_sessions().await, 0, "its sessions have ended");
    assert_eq!((scene.held_by(1), scene.held_by(2)), (0, 0));
    for number in 1..=2 {
        let status = scene.status(number).await;
        assert_eq!(
            (&status["apps"]["added"], &status["health"]["level"]),
            (&Value::Null, &"healthy".into())
        );
    }
    seconds(120).await;
    assert_eq!(scene.sessions().await, 6, "nobody takes it again");
    scene.judge().await;

    scene.put_options(&[]).await;
    seconds(60).await;
    assert_eq!(scene.live_sessions().await, 6, "it is added again");

    scene.put(StoredApp::Removed {}).await;
    seconds(4).await;
    scene.put_options(&[]).await;
    seconds(60).await;
    assert_eq!(scene.live_sessions().await, 6, "the one before had not ended yet");
    assert_eq!(scene.held_by(1) + scene.held_by(2), 6);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_followed_is_said_and_leaves_the_others_alone() {
    let mut scene = Scene::new().await;
    scene.put_options(&[("token", "file:/etc/hostname")]).await;
    seconds(10).await;
    let status = scene.status(1).await;
    let reason = status["health"]["reasons"][0]["text"].as_str().expect("a reason");
    assert!(reason.contains("app added") && reason.contains("does not offer"), "{reason}");
    assert_eq!(status["apps"]["app"]["condition"], "running");
    assert_eq!(scene.sessions().await, 0, "nothing was sent to anybody");

    scene.put_options(&[]).await;
    seconds(30).await;
    assert_eq!(scene.live_sessions().await, 6);
    assert_eq!(scene.status(1).await["health"]["level"], "healthy");
    scene.put_options(&[("intents", "guilds")]).await;
    seconds(10).await;
    let status = scene.status(2).await;
    let reason = status["health"]["reasons"][0]["text"].as_str().expect("a reason");
    assert!(reason.contains("cannot change while it runs"), "{reason}");
    assert_eq!((scene.live_sessions().await, scene.sessions().await), (6, 6), "it runs as before");
    scene.judge().await;
}

#[tokio::test(start_paused = true)]
async fn an_app_that_the_configuration_has_as_well_is_left_to_it() {
    let scene = Scene::new().await;
    let options = [("token", "env:NOT_OFFERED"), ("intents", "guilds"), ("shards", "9")];
    let options = options.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let own = baton_e2e::virtual_time::app();
    scene.world.store.put_app(&own, 0, &StoredApp::Wanted { options }).await.expect("taken");
    seconds(30).await;
    assert_eq!(scene.status(1).await["health"]["level"], "healthy");
    scene.world.store.put_app(&own, 1, &StoredApp::Removed {}).await.expect("taken");
    seconds(30).await;
    assert_eq!(scene.world.held_by(1) + scene.world.held_by(2), 4);
    scene.judge().await;
}
