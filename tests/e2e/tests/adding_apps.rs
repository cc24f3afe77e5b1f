//! An app that an operator adds to a fleet of real processes, with the program that operators have.

use std::{fs, time::Duration};

use baton_e2e::{
    operator::Operator,
    processes::{Fleet, discord, valkey},
};
use baton_mock_discord::{
    Settings,
    server::{Addresses, Server},
};
use baton_store::StoredApps;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(40);

/// Lets the gateways run apps in the store, which connect to this Discord.
fn offer_tokens(fleet: &Fleet, discord: &Server) {
    let folder = fleet.token_file().with_file_name("tokens");
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("added"), "token").expect("written");
    let file = fleet.token_file().with_file_name("baton.toml");
    let (gateway, rest) = (discord.gateway_url(), discord.addresses().rest);
    let offer = format!(
        "[stored_apps]\ntoken_folder = \"{}\"\ngateway_url = \"{gateway}\"\n\
         api_url = \"http://{rest}/api/v10\"\n",
        folder.display()
    );
    fs::write(&file, fs::read_to_string(&file).expect("it is there") + &offer).expect("written");
}

async fn live_sessions(discord: &Server, expected: usize, fleet: &Fleet) {
    let end = Instant::now() + PATIENCE;
    while discord.look(|discord| discord.live_sessions()).await != expected {
        assert!(Instant::now() < end, "not {expected} live sessions:\n{}", fleet.logs());
        sleep(Duration::from_millis(50)).await;
    }
}

/// The line that `app ls` has of an app.
async fn listed(operator: &Operator, app: &str) -> Option<Value> {
    let said = operator.types("-o json app ls").await;
    let shown: Value = serde_json::from_str(&said.data).expect("JSON");
    let lines = shown["items"].as_array().expect("a list").iter();
    lines.into_iter().find(|line| line["app"] == app).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_added_forgotten_by_the_store_and_removed() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), 4).await;
    let settings = Settings { max_concurrency: 16, ..Settings::default() };
    let other = Server::start(settings, 9, Addresses::LOOPBACK).await.expect("it listens");
    offer_tokens(&fleet, &other);
    for name in ["a", "b"] {
        fleet.start(name);
    }
    fleet.until_all_live().await;
    let operator = Operator::of(&fleet);
    let added = operator.types("app add other token=file:added intents=guilds shards=3 lanes=1");
    assert_eq!(added.await.code, 0);
    live_sessions(&other, 3, &fleet).await;
    let row = listed(&operator, "other").await.expect("it is listed");
    assert_eq!((&row["from"], &row["shards"]), (&serde_json::json!(["store"]), &3.into()));
    let ours = listed(&operator, "app").await.expect("it is listed");
    assert_eq!(ours["from"], serde_json::json!(["file"]));

    let forgotten = valkey.command::<u64>(&["DEL", "baton:{e2e}:stored-apps"]);
    assert_eq!(forgotten.expect("an answer"), 1);
    let end = Instant::now() + PATIENCE;
    while fleet.store.stored_apps().await.expect("a store").is_empty() {
        assert!(Instant::now() < end, "nobody has written it back:\n{}", fleet.logs());
        sleep(Duration::from_millis(50)).await;
    }
    let sessions = other.look(|discord| discord.ledger().sessions.len()).await;
    assert_eq!(sessions, 3, "no session has ended over it");

    assert_eq!(operator.types("app set other presence.status=idle").await.code, 0);
    let end = Instant::now() + PATIENCE;
    while other.look(|it| it.commands().latest.len()).await < 3 {
        assert!(Instant::now() < end, "discord was not told:\n{}", fleet.logs());
        sleep(Duration::from_millis(50)).await;
    }

    assert_eq!(operator.types("app remove other --confirm=other").await.code, 0);
    live_sessions(&other, 0, &fleet).await;
    let end = Instant::now() + PATIENCE;
    while listed(&operator, "other").await.is_some() {
        assert!(Instant::now() < end, "it is still listed:\n{}", fleet.logs());
        sleep(Duration::from_millis(100)).await;
    }
    let status = operator.types("status").await;
    assert_eq!(status.code, 0, "{status:?}\n{}", fleet.logs());
    assert!(fleet.judge().await.is_clean());
    assert_eq!(fleet.identifies().await, 4, "the other app went on all the time");
}
