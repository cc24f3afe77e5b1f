//! Commands on a real server, with a shard that is played by hand.

#[expect(dead_code, reason = "consumers are looked at elsewhere")]
mod support;

use std::{collections::BTreeMap, future::Future, time::Duration};

use baton_consumer::{
    AskError, Command, Commander, MemberLimits, MembersError, SendError, ShardNumber, Target,
    Unhappy,
};
use baton_model::{EventName, StreamId};
use baton_store::{CommandOutcome, CommandResult, EntryBody};
use baton_test_servers::{Program, Server};
use bytes::Bytes;
use support::{entry, until, url, write_at};
use tokio::task::JoinHandle;
use twilight_model::{gateway::payload::outgoing::RequestGuildMembers, id::Id};

const SHARDS: u32 = 6;
const LANES: u32 = 4;

/// A guild of the fifth shard, which writes to lane 1.
const GUILD: u64 = (6 * 1_000 + 5) << 22;

const PRESENCE: &str = r#"{"op":3,"d":{"status":"idle"}}"#;

fn known(server: &Server, shards: u32) -> Commander {
    let shape = format!(r#"{{"generation":0,"shards":{shards},"lanes":{LANES}}}"#);
    server.command::<i64>(&["HSET", "baton:{main}:apps", "bot", &shape]).expect("written");
    Commander::builder(&url(server), "bot").build().expect("a commander")
}

/// Commands that stand in a lane, oldest first.
fn commands(server: &Server, lane: u32) -> Vec<(StreamId, BTreeMap<String, String>)> {
    let key = format!("baton:{{bot.{lane}}}:commands");
    let found: Vec<(String, BTreeMap<String, String>)> =
        server.command(&["XRANGE", &key, "-", "+"]).expect("commands");
    found.into_iter().map(|(id, fields)| (id.parse().expect("an id"), fields)).collect()
}

fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}

/// The one command of lane 1, once it is there.
async fn asked(server: &Server) -> (StreamId, BTreeMap<String, String>) {
    until("there is a command", || !commands(server, 1).is_empty()).await;
    let found = commands(server, 1);
    assert_eq!(found.len(), 1);
    found.into_iter().next().expect("one")
}

/// Tells what became of it, as the shard's instance does.
fn answer(server: &Server, command: &(StreamId, BTreeMap<String, String>), out: CommandOutcome) {
    let reply_to = command.1["re"].clone();
    let key = format!("baton:{{bot.1}}:results:{reply_to}");
    let at = baton_model::UnixMicros(0);
    let result = CommandResult { reply_to, command: command.0, outcome: out, at };
    let mut words = vec!["XADD".to_owned(), key, "*".to_owned()];
    for (name, value) in result.encode() {
        words.extend([name.to_owned(), String::from_utf8(value.to_vec()).expect("text")]);
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    server.command::<String>(&words).expect("written");
}

/// Tells of some members, as the shard does.
fn chunk(server: &Server, nonce: &str, index: u64, count: u64, ids: &[u64]) {
    let member = |id: &u64| {
        let user = format!(
            r#"{{"id":"{id}","username":"x","discriminator":"0","global_name":null,"avatar":null,
            "bot":false}}"#
        );
        format!(
            r#"{{"user":{user},"nick":null,"avatar":null,"roles":[],"premium_since":null,
            "joined_at":"2024-01-01T00:00:00.000000+00:00","deaf":false,"mute":false,"flags":0,
            "pending":false}}"#
        )
    };
    let members = ids.iter().map(member).collect::<Vec<_>>().join(",");
    let mut entry = entry(index + 1, Some(GUILD));
    let EntryBody::Dispatch(dispatch) = &mut entry.body else {
        unreachable!("it is one");
    };
    dispatch.name = EventName::new("GUILD_MEMBERS_CHUNK");
    dispatch.frame = Bytes::from(format!(
        r#"{{"t":"GUILD_MEMBERS_CHUNK","s":1,"op":0,"d":{{"guild_id":"{GUILD}","nonce":"{nonce}",
        "chunk_index":{index},"chunk_count":{count},"members":[{members}]}}}}"#
    ));
    write_at(server, 1, &[entry]);
}

fn nonce(command: &(StreamId, BTreeMap<String, String>)) -> String {
    let frame: serde_json::Value = serde_json::from_str(&command.1["d"]).expect("JSON");
    frame["d"]["nonce"].as_str().expect("a nonce").to_owned()
}

#[tokio::test]
async fn a_command_stands_in_its_lane_as_the_protocol_says() {
    let server = Server::start(Program::Valkey, &[]);
    let commander = known(&server, SHARDS);
    let to_guild = Command::raw(Target::guild(&GUILD.to_string()).expect("an id"), PRESENCE);
    let id = commander.send(to_guild).await.expect("sent");
    let soon = Command::raw(ShardNumber(2), PRESENCE).expires_in(Duration::from_secs(10));
    commander.send(soon).await.expect("sent");
    let fields = |pairs: [(&str, &str); 6]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let expected =
        fields([("v", "1"), ("sh", "5"), ("exp", ""), ("re", ""), ("tp", ""), ("d", PRESENCE)]);
    assert_eq!(commands(&server, 1), [(id, expected)]);
    let (id, soon) = &commands(&server, 2)[0];
    let expires: u64 = soon["exp"].parse().expect("a time");
    assert!((5_000..=10_000).contains(&expires.saturating_sub(id.millis)), "{expires} {id}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_that_says_why() {
    let server = Server::start(Program::Valkey, &[]);
    let commander = known(&server, SHARDS);
    let send = async |command| commander.send(command).await.expect_err("not sent");
    let large = Command::raw(ShardNumber(0), format!("{:<4097}", r#"{"op":3,"d":{}}"#));
    assert_eq!(send(large).await, SendError::TooLarge(4_097));
    let shard = ShardNumber(6);
    let missing = send(Command::raw(shard, PRESENCE)).await;
    assert_eq!(missing, SendError::NoSuchShard { shard, shards: SHARDS });
    let invalid = send(Command::raw(ShardNumber(0), r#"{"op":2,"d":{}}"#)).await;
    assert!(matches!(invalid, SendError::Invalid(_)), "{invalid:?}");
    let stranger = Commander::builder(&url(&server), "stranger").build().expect("a commander");
    let unknown = stranger.send(Command::raw(ShardNumber(0), PRESENCE)).await;
    assert_eq!(unknown, Err(SendError::NoSuchApp("stranger".parse().expect("a name"))));
    assert!((0..LANES).all(|lane| commands(&server, lane).is_empty()), "nothing was written");
    // An app that was cut anew is asked again before a shard is said not to exist.
    known(&server, SHARDS + 1);
    assert!(commander.send(Command::raw(shard, PRESENCE)).await.is_ok());
}

#[tokio::test]
async fn whoever_asks_is_told_what_became_of_it() {
    let why = || "because".to_owned();
    let retry_after = Duration::from_secs(7);
    for (out, expected) in [
        (CommandOutcome::Sent, Ok(())),
        (CommandOutcome::Expired, Err(AskError::Expired)),
        (CommandOutcome::Invalid { why: why() }, Err(AskError::Refused { why: why() })),
        (CommandOutcome::Dropped { why: why() }, Err(AskError::Dropped { why: why() })),
        (CommandOutcome::RateLimited { retry_after }, Err(AskError::RateLimited { retry_after })),
    ] {
        let server = Server::start(Program::Valkey, &[]);
        let commander = known(&server, SHARDS);
        let asking = spawn(async move {
            commander.ask(Command::raw(ShardNumber(5), PRESENCE), support::PATIENCE).await
        });
        let command = asked(&server).await;
        let other = (StreamId { millis: 1, number: 1 }, command.1.clone());
        answer(&server, &other, CommandOutcome::Dropped { why: "another's".to_owned() });
        answer(&server, &command, out);
        assert_eq!(asking.await.expect("no panic"), expected);
    }
}

#[tokio::test]
async fn a_hundred_that_ask_at_once_are_each_told_of_their_own() {
    let server = Server::start(Program::Valkey, &[]);
    let commander = known(&server, SHARDS);
    let ask = |_| {
        let commander = commander.clone();
        spawn(async move {
            commander.ask(Command::raw(ShardNumber(5), PRESENCE), support::PATIENCE).await
        })
    };
    let asking: Vec<_> = (0..100).map(ask).collect();
    until("all are there", || commands(&server, 1).len() == 100).await;
    for (place, command) in commands(&server, 1).iter().enumerate() {
        let dropped = CommandOutcome::Dropped { why: "odd".to_owned() };
        answer(&server, command, if place % 2 == 0 { CommandOutcome::Sent } else { dropped });
    }
    let mut sent = 0;
    for one in asking {
        sent += usize::from(one.await.expect("no panic").is_ok());
    }
    assert_eq!(sent, 50);
}

#[tokio::test]
async fn where_nobody_answers_it_is_said_in_time_and_the_command_is_not_sent_later() {
    let server = Server::start(Program::Valkey, &[]);
    let commander = known(&server, SHARDS);
    let within = Duration::from_millis(300);
    let told = commander.ask(Command::raw(ShardNumber(5), PRESENCE), within).await;
    assert_eq!(told, Err(AskError::NoResult(within)));
    let (id, fields) = asked(&server).await;
    let expires: u64 = fields["exp"].parse().expect("a time");
    assert!(expires <= id.millis + 300, "{expires} {id}");
}

#[test]
fn whoever_asks_on_another_runtime_once_the_first_is_gone_is_told_too() {
    let server = Server::start(Program::Valkey, &[]);
    let commander = known(&server, SHARDS);
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            server.command::<i64>(&["DEL", "baton:{bot.1}:commands"]).expect("deleted");
            let commander = commander.clone();
            let asking = spawn(async move {
                loop {
                    let command = Command::raw(ShardNumber(5), PRESENCE);
                    match commander.ask(command, support::PATIENCE).await {
                        // The connection has gone with its runtime.
                        Err(AskError::NotSent(error)) if error.is_retryable() => {}
                        told => return told,
                    }
                }
            });
            answer(&server, &asked(&server).await, CommandOutcome::Sent);
            assert_eq!(asking.await.expect("no panic"), Ok(()));
        });
    }
}

fn request() -> RequestGuildMembers {
    RequestGuildMembers::builder(Id::new(GUILD)).query("", None)
}

#[tokio::test]
async fn members_are_collected_by_their_nonce_whatever_else_stands_in_the_lane() {
    let server = Server::start(Program::Valkey, &[]);
    chunk(&server, "before", 0, 1, &[9]);
    let commander = known(&server, SHARDS);
    let asking = spawn({
        let commander = commander.clone();
        async move { commander.members(request(), MemberLimits::default()).await }
    });
    let command = asked(&server).await;
    let nonce = nonce(&command);
    write_at(&server, 1, &[entry(1, Some(GUILD))]);
    chunk(&server, "another's", 0, 1, &[8]);
    chunk(&server, &nonce, 1, 2, &[3, 4]);
    answer(&server, &command, CommandOutcome::Sent);
    chunk(&server, &nonce, 0, 2, &[1, 2]);
    let members = asking.await.expect("no panic").expect("all");
    let ids: Vec<_> = members.members.iter().map(|member| member.user.id.get()).collect();
    assert_eq!(ids, [3, 4, 1, 2]);
}

#[tokio::test]
async fn members_that_are_too_many_too_late_or_refused_are_an_error() {
    let server = Server::start(Program::Valkey, &[]);
    let commander = known(&server, SHARDS);
    let ask = |members_max, millis| {
        let (commander, within) = (commander.clone(), Duration::from_millis(millis));
        let limits = MemberLimits { members_max, within };
        server.command::<i64>(&["DEL", "baton:{bot.1}:commands"]).expect("deleted");
        spawn(async move { commander.members(request(), limits).await.expect_err("not all") })
    };
    let asking = ask(2, 60_000);
    let command = asked(&server).await;
    chunk(&server, &nonce(&command), 0, 3, &[1, 2, 3]);
    assert_eq!(asking.await.expect("no panic"), MembersError::TooMany(2));

    let asking = ask(10, 2_000);
    let command = asked(&server).await;
    answer(&server, &command, CommandOutcome::Sent);
    chunk(&server, &nonce(&command), 2, 3, &[1, 2, 3]);
    let within = Duration::from_secs(2);
    let expected = MembersError::Incomplete { came: 1, expected: 3, within };
    assert_eq!(asking.await.expect("no panic"), expected);

    // Discord may refuse what was sent.
    let asking = ask(10, 60_000);
    let command = asked(&server).await;
    answer(&server, &command, CommandOutcome::Sent);
    let retry_after = Duration::from_secs(29);
    answer(&server, &command, CommandOutcome::RateLimited { retry_after });
    let refused = MembersError::NotAsked(AskError::RateLimited { retry_after });
    assert_eq!(asking.await.expect("no panic"), refused);
    assert_eq!(ask(10, 200).await.expect("no panic"), no_result(200));
}

/// The user as the page for users says it must be made.
fn user_of_the_page(server: &Server) {
    let page = include_str!("../../../docs/consumers.md");
    let line = page.lines().find(|line| line.starts_with("user consumer ")).expect("a user");
    let words = line.split_whitespace().skip(1);
    let words: Vec<_> = ["ACL", "SETUSER"].into_iter().chain(words).collect();
    server.command::<String>(&words).expect("a user");
}

#[tokio::test]
async fn the_rights_that_the_page_names_are_enough() {
    let server = Server::start(Program::Valkey, &[]);
    known(&server, SHARDS);
    user_of_the_page(&server);
    let url = format!("valkey://consumer:password@127.0.0.1:{}", server.port());
    let consumer = support::consumer(&url).tier(0).build().expect("a consumer");
    let (commander, health) = (consumer.commander().expect("a name"), consumer.health());
    let running = spawn(consumer.run(async |_| Ok::<_, std::io::Error>(())));
    until("it reads", || health.ensure_ready().is_ok()).await;
    let asking = spawn({
        let commander = commander.clone();
        async move { commander.members(request(), MemberLimits::default()).await }
    });
    let command = asked(&server).await;
    chunk(&server, &nonce(&command), 0, 1, &[1]);
    assert_eq!(asking.await.expect("no panic").map(|all| all.members.len()), Ok(1));
    assert!(!running.is_finished(), "it was refused nothing");
    running.abort();
}

fn no_result(millis: u64) -> MembersError {
    MembersError::NotAsked(AskError::NoResult(Duration::from_millis(millis)))
}
