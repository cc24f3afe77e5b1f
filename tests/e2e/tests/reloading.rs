//! A configuration that is read again by real processes, on SIGHUP.

use std::{fs, path::PathBuf, time::Duration};

use baton_e2e::processes::{Fleet, discord};
use baton_test_servers::{Program, Server};
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file that the gateways read.
fn config(fleet: &Fleet) -> PathBuf {
    fleet.token_file().with_file_name("baton.toml")
}

/// Waits until a gateway has logged all of this.
async fn has_logged(fleet: &Fleet, name: &str, lines: &[&str]) {
    let end = Instant::now() + PATIENCE;
    loop {
        let log = fleet.gateway(name).log();
        let Some(missing) = lines.iter().find(|line| !log.contains(**line)) else {
            return;
        };
        assert!(Instant::now() < end, "no {missing:?} in:\n{log}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// How often each status was told to Discord.
async fn statuses(fleet: &Fleet) -> Vec<String> {
    let status = |command: &baton_mock_discord::commands::Command| {
        command.d["status"].as_str().expect("a status").to_owned()
    };
    fleet.discord.look(move |it| it.commands().latest.iter().map(status).collect()).await
}

#[tokio::test]
async fn a_hang_up_applies_what_can_be_applied_and_says_what_cannot() {
    let server = Server::start(Program::Valkey, &[]);
    let url = format!("valkey://127.0.0.1:{}", server.port());
    let mut fleet = Fleet::new(discord(), 4, url).await;
    fleet.start("a");
    fleet.until_all_live().await;
    let before = fs::read_to_string(config(&fleet)).expect("it is there");
    let after = before.replace("intents = [\"guilds\"]", "intents = [\"guild_messages\"]")
        + "commands = []\npresence.status = \"dnd\"\ntrim.entries_max = 5_000\n\
           [memory]\ndrain_at_percent = 77\n";
    fs::write(config(&fleet), &after).expect("written");
    fleet.gateway("a").signal(Signal::HUP);
    let lines = [
        "memory.drain_at_percent: 85 becomes 77; takes effect at once",
        "apps.app.intents: [\\\"guilds\\\"] becomes [\\\"guild_messages\\\"]; needs a restart",
        "apps.app.trim.entries_max: 1000000 becomes 5000; takes effect at once",
        "apps.app.presence.status: \\\"online\\\" becomes \\\"dnd\\\"; takes effect at once",
        "update_voice_state\\\"] becomes []; takes effect at once",
    ];
    let unescaped = lines.map(|line| line.replace("\\\"", "\""));
    has_logged(&fleet, "a", &unescaped.each_ref().map(String::as_str)).await;

    let end = Instant::now() + PATIENCE;
    while statuses(&fleet).await.len() < 4 {
        assert!(Instant::now() < end, "no presence update:\n{}", fleet.logs());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(statuses(&fleet).await, ["dnd"; 4]);
    let status = |text: String| serde_json::from_str::<Value>(&text).expect("JSON");
    let share = async || {
        let status = status(fleet.gateway("a").asked("/status").await);
        status["memory"]["drain_at_percent"].as_u64()
    };
    while share().await != Some(77) {
        assert!(Instant::now() < end, "the share of memory is another");
        sleep(Duration::from_millis(100)).await;
    }

    // With a mistake in it nothing changes; read again as it was, only the rest still differs.
    fs::write(config(&fleet), format!("{after}nonsense = 1\n")).expect("written");
    fleet.gateway("a").signal(Signal::HUP);
    has_logged(&fleet, "a", &["the configuration has mistakes; nothing has changed"]).await;
    let length = fleet.gateway("a").log().len();
    fs::write(config(&fleet), &after).expect("written");
    fleet.gateway("a").signal(Signal::HUP);
    while fleet.gateway("a").log()[length..].lines().next().is_none() {
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_millis(500)).await;
    let since = fleet.gateway("a").log()[length..].to_owned();
    assert!(since.contains("guild_messages"), "{since}");
    assert!(!since.contains("takes effect at once"), "{since}");
    assert_eq!(fleet.identifies().await, 4, "nobody identified again");
}
