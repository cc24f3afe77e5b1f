//! Commands by the consumers' SDK, over a real store and a real gateway to Discord and back.

use std::{collections::BTreeSet, time::Duration};

use baton_consumer::{
    AskError, Command, Commander, GuildId, MemberLimits, MembersError, SendError, ShardNumber,
    Target,
};
use baton_e2e::processes::{Fleet, PATIENCE, app, discord, valkey};
use baton_mock_discord::Settings;
use baton_store::StreamId;
use tokio::time::{Instant, sleep, timeout};
use twilight_model::{
    gateway::{
        payload::outgoing::{
            RequestGuildMembers, UpdateVoiceState, update_presence::UpdatePresencePayload,
        },
        presence::Status,
    },
    id::Id,
};

const SHARDS: u32 = 4;

/// A gateway whose shards are all live, and who sends commands to them.
async fn commanded(url: &str) -> (Fleet, Commander) {
    let settings = Settings { guilds: 40, ..discord() };
    let mut fleet = Fleet::new(settings, SHARDS, url.to_owned()).await;
    fleet.start("a");
    fleet.until_all_live().await;
    fleet.load(Duration::from_millis(20)).await;
    let commander = Commander::builder(fleet.url(), app().as_str()).fleet(fleet.name());
    (fleet, commander.build().expect("a commander"))
}

/// A guild and its shard, by what Discord has sent.
async fn guild_of(fleet: &Fleet, shard: u32) -> u64 {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        for entry in fleet.written().await {
            if entry.shard.0 == shard && entry.name.as_str() == "GUILD_CREATE" {
                let frame: serde_json::Value = serde_json::from_slice(&entry.bytes).expect("JSON");
                return frame["d"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("shard {shard} has no guild\n{}", fleet.logs());
}

/// Shards that have asked Discord for this.
async fn asked(fleet: &Fleet, op: u64) -> BTreeSet<u32> {
    let of_op = move |discord: &baton_mock_discord::Discord| {
        let all = discord.commands().latest.iter();
        all.filter(|it| it.op == op).map(|it| it.slice.0.0).collect()
    };
    fleet.discord.look(of_op).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_each_kind_arrives_at_discord_and_members_come_back() {
    let valkey = valkey();
    let (fleet, commander) = commanded(&format!("valkey://127.0.0.1:{}", valkey.port())).await;
    let guild = guild_of(&fleet, 3).await;

    let activities = Vec::new();
    let idle = UpdatePresencePayload { activities, afk: true, since: None, status: Status::Idle };
    for shard in 0..SHARDS {
        let command = Command::presence(ShardNumber(shard), &idle);
        commander.ask(command, PATIENCE).await.expect("sent");
    }
    assert_eq!(asked(&fleet, 3).await, (0..SHARDS).collect());

    let join = UpdateVoiceState::new(Id::new(guild), Id::new(guild + 1), false, true);
    commander.ask(Command::voice_state(&join), PATIENCE).await.expect("sent");
    assert_eq!(asked(&fleet, 4).await, [3].into(), "the shard that has the guild");

    let sounds = format!(r#"{{"op":31,"d":{{"guild_ids":["{guild}"]}}}}"#);
    let id = commander.send(Command::raw(GuildId(guild), sounds)).await.expect("taken");
    assert!(id > StreamId::START);
    let end = Instant::now() + PATIENCE;
    while asked(&fleet, 31).await != [3].into() {
        assert!(Instant::now() < end, "nobody waits for it, and it is sent all the same");
        sleep(Duration::from_millis(20)).await;
    }

    let request = RequestGuildMembers::builder(Id::new(guild)).query("", None);
    let members = commander.members(request.clone(), MemberLimits::default()).await.expect("all");
    let ids: BTreeSet<_> = members.members.iter().map(|member| member.user.id.get()).collect();
    assert_eq!(ids, (guild + 1..=guild + 1_500).collect());

    // Discord does not want to be asked this again so soon.
    let again = commander.members(request, MemberLimits::default()).await.expect_err("refused");
    let MembersError::NotAsked(AskError::RateLimited { retry_after }) = again else {
        panic!("{again:?}");
    };
    assert!((20..=30).contains(&retry_after.as_secs()), "{retry_after:?}");
    assert!(fleet.judge().await.is_clean());
    assert!(fleet.verdicts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_get_to_discord_is_told_to_whom_it_concerns() {
    let valkey = valkey();
    let (mut fleet, commander) = commanded(&format!("valkey://127.0.0.1:{}", valkey.port())).await;
    let presence = r#"{"op":3,"d":{"status":"idle"}}"#;
    let shard = ShardNumber(SHARDS);
    let missing = commander.ask(Command::raw(shard, presence), PATIENCE).await;
    let no_shard = SendError::NoSuchShard { shard, shards: SHARDS };
    assert_eq!(missing, Err(AskError::NotSent(no_shard)));

    fleet.gateways.clear();
    let target = Target::Shard(ShardNumber(0));
    let within = Duration::from_millis(500);
    let told = commander.ask(Command::raw(target, presence), within).await;
    assert_eq!(told, Err(AskError::NoResult(within)));
    sleep(within).await;
    fleet.start("b");
    fleet.until_all_live().await;
    commander.ask(Command::raw(target, presence), PATIENCE).await.expect("sent");
    let sent = |discord: &baton_mock_discord::Discord| discord.commands().latest.len();
    // It is on its way when the gateway calls it sent; what came before it would be there first.
    let arrives = async {
        while fleet.discord.look(sent).await == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, arrives).await.expect("it arrives");
    assert_eq!(fleet.discord.look(sent).await, 1, "what was given up on is not sent later");
}
