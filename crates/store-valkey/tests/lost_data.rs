//! A real Valkey that has forgotten something: a tail lost in a failover, a wipe, an empty restart.

mod support;

use std::time::{Duration, Instant};

use baton_model::{DataSetId, Epoch, Expected, Lane, Seq, limits::IDENTIFY_DISCORD_SPACING};
use baton_store::{
    AppendError, Events, Hold, HoldError, IdentifyBudget, Leases, Membership, SessionStartLimit,
    StreamId, Take, Unhappy,
    conformance::{Audit, Scope, append, live, stream},
};
use baton_store_valkey::Valkey;
use baton_test_servers::{Cluster, Program, SentinelTrio, Server};
use support::{Writer, open, open_at, seed};

const PATIENCE: Duration = Duration::from_secs(60);

const SHORTLY: Duration = Duration::from_millis(100);

/// Everything that was answered is on disk. With the usual `everysec` a write may lie in the
/// server's memory while an earlier sync is under way, and SIGKILL takes it along.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Lets the primary write what its replicas never see, and then die.
fn fail_over_losing_the_tail(sentinels: &mut SentinelTrio) {
    let old = sentinels.primary_port();
    sentinels.primary().kill();
    for replica in sentinels.replicas() {
        replica.thaw();
    }
    sentinels.wait_for_another_primary(old);
}

/// From here on the primary is alone. Its links are closed from its side, because what lies in a
/// frozen replica's socket would still arrive after the thaw.
fn cut_replicas_off(sentinels: &mut SentinelTrio) {
    for replica in sentinels.replicas() {
        replica.freeze();
    }
    let cut = sentinels.primary().command::<i64>(&["CLIENT", "KILL", "TYPE", "replica"]);
    assert_eq!(cut.expect("an answer"), 2);
}

async fn until_replicated(sentinels: &mut SentinelTrio) {
    let deadline = Instant::now() + PATIENCE;
    while sentinels.primary().command::<i64>(&["WAIT", "2", "1000"]).is_ok_and(|count| count < 2) {
        assert!(Instant::now() < deadline, "the replicas do not follow");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_lost_in_a_failover_is_a_gap_and_is_sent_again() {
    let mut sentinels = SentinelTrio::start(Program::Valkey);
    let store = open(&sentinels.url()).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 100)).await.expect("appended");
    until_replicated(&mut sentinels).await;

    cut_replicas_off(&mut sentinels);
    assert_eq!(store.append(&append(&hold, session, 100, 150)).await, Ok(Seq(150)));
    fail_over_losing_the_tail(&mut sentinels);

    let next = append(&hold, session, 150, 160);
    assert_eq!(Writer::settle(&store, &next).await, Err(AppendError::Gap(Seq(100))));
    let again = append(&hold, session, 100, 160);
    assert_eq!(Writer::settle(&store, &again).await, Ok(Seq(160)), "from the ring");
    let shards = [hold.address.shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 160), Audit::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_lost_in_a_failover_is_never_granted_again_and_can_be_written_back() {
    let mut sentinels = SentinelTrio::start(Program::Valkey);
    let store = open(&sentinels.url()).await;
    let scope = Scope::new(seed());
    let (first, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&first, session, 0, 10)).await.expect("appended");
    until_replicated(&mut sentinels).await;

    cut_replicas_off(&mut sentinels);
    let successor = scope.instance(2);
    let seen = row(&store, &first).await;
    let expected = Expected::unchanged(seen.as_ref());
    let grant = store.claim(&first.address, expected, successor).await.expect("granted");
    let lost = Hold { owner: successor, epoch: grant.epoch, ..first.clone() };
    store.append(&append(&lost, session, 10, 20)).await.expect("appended");
    fail_over_losing_the_tail(&mut sentinels);

    let forgotten = Writer::settle(&store, &append(&lost, session, 20, 21)).await;
    assert_eq!(forgotten, Err(AppendError::Forgotten), "nobody took it away");
    assert_eq!(store.release(&lost).await, Err(HoldError::Forgotten));

    // Somebody who claims now gets a number that was never given before.
    let third = scope.instance(3);
    let seen = row(&store, &first).await;
    let expected = Expected::unchanged(seen.as_ref());
    let other = store.claim(&first.address, expected, third).await.expect("granted");
    assert!(other.epoch > lost.epoch, "{} was given twice", other.epoch);

    // Had nobody claimed, the successor would prevail by its later epoch.
    let later = Hold { epoch: Epoch(other.epoch.0 + 1), ..lost };
    let row = store.reassert(&later, grant.session.as_ref()).await.expect("written back");
    assert_eq!(row.session.expect("a session").last_seq, Seq(10), "what the stream holds");
    assert_eq!(store.append(&append(&later, session, 10, 21)).await, Ok(Seq(21)));
    let shards = [first.address.shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 21), Audit::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_goes_on_through_a_failover() {
    let mut sentinels = SentinelTrio::start(Program::Valkey);
    let store = open(&sentinels.url()).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    until_replicated(&mut sentinels).await;
    let mut writer = Writer::new(store.clone(), hold.clone(), session);
    writer.write_to(2_000).await;
    let old = sentinels.primary_port();
    let writing = tokio::spawn(async move {
        writer.write_to(60_000).await;
        writer
    });
    sentinels.primary().kill();
    let writer = writing.await.expect("the writer ends");
    assert_ne!(sentinels.primary_port(), old);
    assert!(writer.troubles > 0, "the failover was not noticed at all");
    let shards = [hold.address.shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 60_000), Audit::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_and_leasing_go_on_through_a_failover_of_a_cluster() {
    let mut cluster = Cluster::start_with_replicas(Program::Valkey);
    let store = open(&cluster.url()).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let mut writer = Writer::new(store.clone(), hold.clone(), session);
    writer.write_to(2_000).await;
    let writing = tokio::spawn(async move {
        writer.write_to(20_000).await;
        writer.troubles
    });
    cluster.fail_over(&format!("baton:{{{}.0}}:events", scope.app()));
    assert!(writing.await.expect("the writer ends") > 0, "the failover was not noticed at all");
    let seen = row(&store, &hold).await;
    let successor = scope.instance(2);
    let claimed = store.claim(&hold.address, Expected::unchanged(seen.as_ref()), successor).await;
    assert!(claimed.expect("granted").epoch > hold.epoch);
    let shards = [hold.address.shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 20_000), Audit::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_server_fences_nobody_and_is_filled_again_from_memory() {
    let server = Server::start(Program::Valkey, &[]);
    wiped(&server, || {
        server.command::<()>(&["FLUSHALL"]).expect("flushed");
        server.command::<()>(&["FUNCTION", "FLUSH"]).expect("flushed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_restarted_empty_is_filled_again_from_memory() {
    let server = std::cell::RefCell::new(Server::start(Program::Valkey, &[]));
    let url = format!("valkey://127.0.0.1:{}", server.borrow().port());
    wiped_at(&url, || {
        let mut server = server.borrow_mut();
        server.kill();
        server.restart();
    })
    .await;
}

async fn wiped(server: &Server, wipe: impl FnOnce()) {
    wiped_at(&format!("valkey://127.0.0.1:{}", server.port()), wipe).await;
}

async fn wiped_at(url: &str, wipe: impl FnOnce()) {
    let store = open(url).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 10)).await.expect("appended");
    let remembered = row(&store, &hold).await.and_then(|row| row.session).expect("a session");
    store.ensure_data_set(DataSetId(7)).await.expect("an identity");
    wipe();

    // Writing on is refused without a word about fencing, and loads the library again.
    let next = append(&hold, session, 10, 12);
    assert_eq!(Writer::settle(&store, &next).await, Err(AppendError::Forgotten));
    assert_eq!(polled(&store).await.identity.data_set, None, "the wipe shows");
    let row = store.reassert(&hold, Some(&remembered)).await.expect("written back");
    assert_eq!(row.session, Some(remembered));
    assert_eq!(Writer::settle(&store, &next).await, Ok(Seq(12)), "the session goes on");
    let entries = store.entries(scope.app(), Lane(0), StreamId::START, 10).await.expect("read");
    assert_eq!(entries.len(), 3, "a marker that says so, and two dispatches");
}

async fn row(store: &Valkey, hold: &Hold) -> Option<baton_model::LeaseRow> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match store.rows(std::slice::from_ref(&hold.address)).await {
            Ok(mut rows) => return rows.pop().flatten(),
            Err(error) => assert!(error.is_retryable() && Instant::now() < deadline, "{error}"),
        }
    }
}

async fn polled(store: &Valkey) -> baton_store::Poll {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match store.poll().await {
            Ok(poll) => return poll,
            Err(error) => assert!(error.is_retryable() && Instant::now() < deadline, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_behind_the_same_address_shows() {
    let mut server = Server::start(Program::Valkey, &DURABLE);
    let store = open_at(&server).await;
    let data_set = store.ensure_data_set(DataSetId(7)).await.expect("an identity");
    let before = polled(&store).await.identity;
    assert_eq!(before.data_set, Some(data_set));
    server.kill();
    server.restart();
    let after = polled(&store).await.identity;
    assert_eq!(after.data_set, before.data_set, "the same data");
    assert_ne!(after.primary, before.primary, "in another process");
}

/// A permit that the old primary gave and the new one has never heard of must not be given again
/// within Discord's spacing, whoever asks and whatever they have noticed.
#[tokio::test(flavor = "multi_thread")]
async fn a_permit_lost_in_a_failover_is_not_given_again_too_soon() {
    let mut sentinels = SentinelTrio::start(Program::Valkey);
    let store = open(&sentinels.url()).await;
    let scope = Scope::new(seed());
    let day = Duration::from_secs(60 * 60);
    let limit = SessionStartLimit { total: 1_000, remaining: 1_000, reset_after: day };
    store.learn_limit(scope.app(), limit).await.expect("learnt");
    assert!(matches!(store.take_identify(scope.app(), 0).await, Ok(Take::Granted { .. })));
    until_replicated(&mut sentinels).await;

    cut_replicas_off(&mut sentinels);
    let lost = store.take_identify(scope.app(), 1).await;
    assert!(matches!(lost, Ok(Take::Granted { .. })), "{lost:?}");
    fail_over_losing_the_tail(&mut sentinels);

    let begun = Instant::now();
    loop {
        match store.take_identify(scope.app(), 1).await {
            Ok(Take::Granted { .. }) => break,
            Ok(Take::Wait(pause)) => tokio::time::sleep(pause).await,
            Err(error) if error.is_retryable() => tokio::time::sleep(SHORTLY).await,
            other => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < PATIENCE);
    }
    assert!(begun.elapsed() >= IDENTIFY_DISCORD_SPACING, "{:?}", begun.elapsed());
}
