//! Users with least rights, as `docs/valkey.md` lists them, and TLS.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use baton_model::{
    AppShape, Beat, Epoch, Expected, Generation, HealthLevel, InstanceId, InstanceReport, IntentId,
    Lane, LaneCount, Line, NewIntent, ShardCount, ShardNumber, UnixMicros, Wish,
};
use baton_store::{
    Appended, Apps, Brokers, Command, CommandOutcome, CommandResult, CommandTrim, Commands,
    Conflict, ConflictId, ConflictKind, Conflicts, Copied, CopiedAppend, Copies, Doer, Events,
    GroupAddress, Happening, Hints, Hold, IdentifyBudget, InLane, Intents, Journal, Lanes, Leases,
    Membership, Planning, PresenceGuard, Redelivery, Reports, RestoreError, RestoredLane,
    RestoredRow, Route, Safety, StreamId, Take, Targets, Tend, Transfer, Trim, What,
    conformance::{Audit, Scope, append, live, record, stream},
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use rcgen::generate_simple_self_signed;
use support::{Writer, open, seed, try_open};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/valkey.md");

const SHAPE: AppShape = AppShape {
    generation: Generation(0),
    shards: ShardCount(NonZeroU32::MIN),
    lanes: LaneCount(NonZeroU16::MIN),
};

/// The rights that the document tells operators to grant to a user.
fn documented_rights(user: &str) -> String {
    let text = fs::read_to_string(DOCUMENT).expect("the document");
    let start = format!("user {user} on ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no line \"{start}…\" in docs/valkey.md")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_of_a_gateway_suffice_for_everything_it_does() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let store = open_as(&server, "gateway").await;
        do_everything(&store).await;
    }
}

/// A store for a user with the rights that the document lists for it.
async fn open_as(server: &Server, user: &str) -> Valkey {
    let rights = documented_rights(user);
    let mut words = vec!["ACL", "SETUSER", user, "on", ">secret"];
    words.extend(rights.split_whitespace().filter(|word| !word.starts_with('>')));
    server.command::<()>(&words).expect("a user");
    open(&format!("valkey://{user}:secret@127.0.0.1:{}", server.port())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_of_a_gateway_with_brokers_suffice_for_them() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let store = open_as(&server, "gateway-with-brokers").await;
        do_everything(&store).await;
        let scope = Scope::new(seed());
        for lane in [InLane::Also { entries_max: 9 }, InLane::Instead] {
            let scope = Scope::new(seed());
            assert_eq!(copy_an_event(&store, &scope, lane).await.refused, None);
        }
        let (app, hour) = (scope.app(), Duration::from_secs(60 * 60));
        let keep = Trim { min_age: hour, entries_max: 9, bytes_max: 1 << 30, live_within: hour };
        for stream in store.copied_streams(app).await.expect("listed") {
            store
                .tend(Tend { app, stream: &stream, keep, group_idle_max: hour })
                .await
                .expect("tended");
        }
        let stream = "gateway_send";
        let from = store.routed(stream, hour).await.expect("a place");
        assert_eq!(store.outgoing(stream, from, 9).await, Ok(Vec::new()));
        let route = Route { app, stream, from, to: StreamId::END, commands: &[] };
        store.route(route).await.expect("routed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_rights_to_a_copys_stream_writes_its_lane_all_the_same() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let store = open_as(&server, "gateway").await;
        for lane in [InLane::Also { entries_max: 9 }, InLane::Instead] {
            let scope = Scope::new(seed());
            let refused = copy_an_event(&store, &scope, lane).await.refused;
            let (count, why) = refused.expect("it is told");
            assert_eq!(count, 1);
            assert!(why.contains("access"), "{why}");
            let audit = Audit::of(&stream(&store, &scope).await, [ShardNumber(0)], 1);
            assert_eq!(audit, Audit::default());
        }
    }
}

async fn copy_an_event(store: &Valkey, scope: &Scope, lane: InLane) -> Appended {
    let (hold, session) = live(store, &scope.shard(0), scope.instance(1)).await;
    let copy = Copied { stream: "MESSAGE_CREATE".to_owned(), data: "x".into() };
    let copies = Copies { each: vec![Some(copy)], lane };
    let copied = CopiedAppend { append: append(&hold, session, 0, 1), copies };
    store.append_copied(&[copied]).await.pop().expect("an answer").expect("appended")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_rights_is_told_where_they_are_listed() {
    let server = Server::start(Program::Valkey, &[]);
    server
        .command::<()>(&["ACL", "SETUSER", "nobody", "on", ">secret", "+@connection"])
        .expect("set");
    let error = try_open(&format!("valkey://nobody:secret@127.0.0.1:{}", server.port())).await;
    let text = error.expect_err("refused").to_string();
    assert!(text.contains("NOPERM") && text.contains("docs/valkey.md"), "{text}");
}

/// One of each thing that an instance does with a store.
async fn do_everything(store: &Valkey) {
    let scope = Scope::new(seed());
    let (hold, session) = live(store, &scope.shard(0), scope.instance(1)).await;
    Writer::new(store.clone(), hold.clone(), session).write_to(100).await;
    let audit = Audit::of(&stream(store, &scope).await, [ShardNumber(0)], 100);
    assert_eq!(audit, Audit::default());
    let hour = Duration::from_secs(60 * 60);
    let trim = Trim { min_age: hour, entries_max: 0, bytes_max: 0, live_within: hour };
    let trimmed = store.trim(scope.app(), hold.address.lane, &trim).await.expect("trimmed");
    assert_eq!((trimmed.removed, trimmed.length), (0, 101));
    store.rows(std::slice::from_ref(&hold.address)).await.expect("read");
    store.forget_resume_url(&hold, session).await.expect("forgotten");
    store.ensure_data_set(baton_model::DataSetId(1)).await.expect("an identity");
    assert_eq!(store.app_shape(scope.app()).await, Ok(None));
    assert_eq!(store.agree_app(scope.app(), &SHAPE).await, Ok(SHAPE));
    let presence = store.hold_presence(scope.instance(1)).await.expect("held");
    assert!(presence.is_held());
    let hearing = store.hear().await.expect("heard");
    store.tell("look".into()).await.expect("told");
    drop(hearing);
    assert_eq!(store.safety().await, Ok(Safety::Safe));
    tell_operators(store, &scope, hold.owner).await;
    store.forget(scope.instance(1), Beat(1)).await.expect("forgotten");
    let planner = store.poll().await.expect("polled").planner;
    let expected = Expected::unchanged(planner.as_ref());
    let epoch = store.claim_planner(expected, hold.owner).await.expect("granted").epoch;
    let target = [(hold.address.shard.clone(), hold.owner)];
    let targets = Targets { set: &target, clear: std::slice::from_ref(&target[0].0) };
    store.write_targets(hold.owner, epoch, targets).await.expect("written");
    store.release_planner(hold.owner, epoch).await.expect("given back");
    assert_eq!(store.take_identify(scope.app(), 0).await, Ok(Take::Unlearned));
    let command = Command {
        shard: ShardNumber(0),
        expires: None,
        reply_to: String::new(),
        trace: None,
        frame: "{}".into(),
    };
    let id = store.send_command(scope.app(), hold.address.lane, &command).await.expect("sent");
    let lane = hold.address.lane;
    store.await_commands(scope.app(), lane, StreamId::START).await.expect("told");
    clean_up(store, &scope).await;
    store.set_commands_done(&hold, id).await.expect("moved");
    assert_eq!(store.commands_done(&hold.address).await, Ok(id));
    let reply_to = "worker".to_owned();
    let (outcome, at) = (CommandOutcome::Sent, UnixMicros(0));
    let result = CommandResult { reply_to, command: id, outcome, at };
    let (app, lane) = (scope.app(), hold.address.lane);
    store.answer_command(app, lane, &result).await.expect("told");
    store.results(app, lane, "worker", StreamId::START).await.expect("read");
    let trim = CommandTrim { shapes: &[SHAPE], age_max: Duration::ZERO };
    store.trim_commands(app, lane, trim).await.expect("trimmed");
    store.release(&hold).await.expect("released");
    transfer(store, &hold).await;
    let conflict = Conflict {
        id: ConflictId(1),
        kind: ConflictKind::Impostor,
        instances: BTreeSet::from([hold.owner]),
        shard: None,
        epochs: BTreeSet::new(),
        resolution: "the later one has stopped".to_owned(),
        at,
    };
    store.record_conflict(&conflict).await.expect("written down");
    let conflicts = store.conflicts(StreamId::START, 9).await.expect("read");
    assert_eq!(conflicts.last().map(|(_, last)| last), Some(&conflict));
}

/// What an operator does in an emergency, and on another store.
async fn transfer(store: &Valkey, released: &Hold) {
    let free = Expected { holder: None, epoch: released.epoch };
    store.break_lease(&released.address, free).await.expect("it is free already");
    let row = RestoredRow { shard: released.address.shard.clone(), epoch: Epoch(1), session: None };
    let (app, groups) = (released.address.app().clone(), vec!["workers".to_owned()]);
    let lane = RestoredLane { app, lane: Lane(1), rows: vec![row], groups };
    store.restore_lane(&lane).await.expect("restored");
    assert_eq!(store.restore_apps(&[]).await, Err(RestoreError::AppsThere));
}

/// What an operator does about a lane.
async fn clean_up(store: &Valkey, scope: &Scope) {
    let seen = store.lane(scope.app(), Lane(0)).await.expect("seen");
    assert_eq!((seen.length, seen.commands_length), (101, 1));
    let group = GroupAddress { app: scope.app(), lane: Lane(0), name: "workers" };
    assert_eq!(store.remove_group(group).await, Ok(false));
    assert_eq!(store.dead_letters(group, StreamId::START, 9).await, Ok(Vec::new()));
    assert_eq!(store.drop_dead_letters(group, &[StreamId::END]).await, Ok(0));
    assert_eq!(store.redeliver(group, StreamId::END).await, Ok(Redelivery::NoLetter));
}

/// What instances and operators tell each other.
async fn tell_operators(store: &Valkey, scope: &Scope, me: InstanceId) {
    let wish = Wish::ReadToken { app: scope.app().clone() };
    let (by, reason) = (Line::shortened("ann"), Line::shortened(""));
    let intent = NewIntent { id: IntentId(1), wish, by, reason };
    assert_eq!(store.intend(&intent).await, Ok(None));
    assert_eq!(store.poll().await.expect("polled").intents.len(), 1);
    assert_eq!(store.withdraw(&intent.subject(), intent.id).await, Ok(true));
    store.beat(me, Beat(1), &record()).await.expect("beaten");
    let report = InstanceReport {
        at: UnixMicros(0),
        name: Line::shortened("host"),
        pid: 1,
        health: HealthLevel::Healthy,
        reasons: Vec::new(),
        resident_bytes: None,
        ring_bytes: 0,
        ring_bytes_max: 0,
        dispatches: 0,
        apps: BTreeMap::new(),
    };
    store.report(me, &report).await.expect("taken");
    let what = What::DrainTakenBack { instance: me };
    let happening = Happening { at: UnixMicros(0), by: Doer::Instance(me), what };
    store.note(&happening).await.expect("noted");
    let recent = store.recent(StreamId::END, 1).await.expect("read");
    assert_eq!(store.happenings(StreamId::START, 9).await, Ok(recent.clone()));
    assert_eq!(recent[0].1, Ok(happening));
    assert_eq!(store.reports().await, Ok(vec![(me, Ok(report))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_over_tls_and_a_foreign_certificate_is_refused() {
    let names = || vec!["localhost".to_owned()];
    let certificate = generate_simple_self_signed(names()).expect("a certificate");
    let foreign = generate_simple_self_signed(names()).expect("a certificate");
    let key = certificate.signing_key.serialize_pem();
    let (_server, port) = Server::start_with_tls(&certificate.cert.pem(), &key);
    let url = format!("valkeys://localhost:{port}");
    let config = |pem: String| ValkeyConfig {
        ca_pem: Some(pem.into_bytes()),
        ..ValkeyConfig::new(url.parse().expect("a url"), "main".parse().expect("a name"))
    };
    let store = Valkey::open(config(certificate.cert.pem())).await.expect("opens");
    do_everything(&store).await;
    Valkey::open(config(foreign.cert.pem())).await.expect_err("not whom it says it is");
}
