//! A client that no one here wrote asks for something: twilight-gateway, over real sockets. How it
//! and others survive what Discord does to them is tried in `tests/clients`.

use std::time::Duration;

use baton_mock_discord::{
    Ledger, Settings, audit,
    audit::{Entry, EntrySession, Report},
    server::{Addresses, Server},
};
use baton_model::{EventName, Seq, ShardNumber, UnixMicros};
use futures_util::StreamExt;
use serde_json::{Value, json};
use twilight_gateway::{ConfigBuilder, Intents, Message, Shard, ShardId};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

struct Bot {
    shard: Shard,
    session: String,
    received: Vec<Entry>,
}

impl Bot {
    fn connect(server: &Server) -> Self {
        // One test of many installs it; the others find it there.
        drop(rustls::crypto::ring::default_provider().install_default());
        let config = ConfigBuilder::new("token".to_owned(), Intents::GUILDS)
            .proxy_url(server.gateway_url())
            .build();
        let shard = Shard::with_config(ShardId::ONE, config);
        Self { shard, session: String::new(), received: Vec::new() }
    }

    /// Polls until an event of this name has come.
    async fn until(&mut self, name: &str) {
        let seen = tokio::time::timeout(PATIENCE, async {
            loop {
                let message = self.shard.next().await.expect("the shard lives");
                if let Ok(Message::Text(text)) = message
                    && self.take(text) == Some(name.to_owned())
                {
                    return;
                }
            }
        });
        seen.await.unwrap_or_else(|_| panic!("no {name}"));
    }

    /// Takes a frame; the name of a dispatch.
    fn take(&mut self, text: String) -> Option<String> {
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        let name = frame["t"].as_str()?.to_owned();
        if name == "READY" {
            frame["d"]["session_id"].as_str().expect("an id").clone_into(&mut self.session);
        }
        self.received.push(Entry {
            shard: ShardNumber(0),
            session: EntrySession::Id(self.session.clone()),
            seq: Seq(frame["s"].as_u64().expect("a number")),
            name: EventName::new(&name),
            bytes: text.into(),
            at: UnixMicros(0),
        });
        Some(name)
    }
}

async fn report(server: &Server, received: Vec<Entry>) -> Report {
    let ledger: Ledger = server.look(|discord| discord.ledger().clone()).await;
    audit(&ledger, &received)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_twilight_asks_is_written_down_and_answered() {
    let settings = Settings { guilds: 1, guild_members: 1_500, ..Settings::default() };
    let server = Server::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
    let mut bot = Bot::connect(&server);
    bot.until("GUILD_CREATE").await;
    let guild: Value = serde_json::from_slice(&bot.received[1].bytes).expect("JSON");
    let members = json!({"guild_id": guild["d"]["id"], "query": "", "limit": 0, "nonce": "all"});
    let presence = json!({"since": null, "activities": [], "status": "idle", "afk": true});
    let asked = [(3, presence), (8, members.clone()), (8, members)];
    for (op, d) in &asked {
        bot.shard.send(json!({"op": op, "d": d}).to_string());
    }
    bot.until("RATE_LIMITED").await;

    let commands = server.look(|discord| discord.commands().clone()).await;
    let came: Vec<_> =
        commands.latest.iter().map(|command| (command.op, command.d.clone())).collect();
    assert_eq!(came, asked);
    let names: Vec<_> = bot.received[2..].iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["GUILD_MEMBERS_CHUNK", "GUILD_MEMBERS_CHUNK", "RATE_LIMITED"]);
    let report = report(&server, bot.received).await;
    assert!(report.lost.is_empty() && report.altered.is_empty(), "{report:?}");
}
