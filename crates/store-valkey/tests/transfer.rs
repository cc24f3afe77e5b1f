//! What only Valkey restores: consumer groups; and apps, for which a case needs a store for itself.

mod support;

use std::num::{NonZeroU16, NonZeroU32};

use baton_model::{
    AppName, AppShape, Epoch, Expected, Generation, Lane, LaneCount, SessionNumber, SessionRow,
    ShardCount,
};
use baton_store::{
    Apps, Events, Hold, Lanes, Leases, RestoreError, RestoredLane, RestoredRow, Transfer,
    conformance::{Scope, append},
};
use baton_test_servers::{Program, Server};
use support::{open_at, seed};

fn lane(scope: &Scope, groups: &[&str]) -> RestoredLane {
    let session = SessionRow {
        number: SessionNumber(5),
        id: baton_model::SessionId::new("s1"),
        resume_url: None,
        last_seq: baton_model::Seq(70),
    };
    let row = RestoredRow { shard: scope.shard(0).shard, epoch: Epoch(5), session: Some(session) };
    let groups = groups.iter().map(ToString::to_string).collect();
    RestoredLane { app: scope.app().clone(), lane: Lane(0), rows: vec![row], groups }
}

#[tokio::test]
async fn a_restored_group_is_given_everything_that_is_written_from_then_on() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let (store, scope) = (open_at(&server).await, Scope::new(seed()));
        let lane = lane(&scope, &["workers", "archiv é"]);
        store.restore_lane(&lane).await.expect("restored");
        store.restore_lane(&lane).await.expect("the answer was lost");
        let seen = store.lane(scope.app(), Lane(0)).await.expect("seen");
        let names: Vec<_> = seen.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!((seen.length, names), (0, vec!["archiv é", "workers"]));

        let expected = Expected { holder: None, epoch: Epoch(5) };
        let me = scope.instance(1);
        let grant = store.claim(&scope.shard(0), expected, me).await.expect("granted");
        let hold = Hold { address: scope.shard(0), owner: me, epoch: grant.epoch };
        store.append(&append(&hold, SessionNumber(5), 70, 73)).await.expect("appended");
        let key = format!("baton:{{{}.0}}:events", scope.app());
        let words = ["XREADGROUP", "GROUP", "workers", "one", "STREAMS", &key, ">"];
        let read: redis::streams::StreamReadReply = server.command(&words).expect("read");
        assert_eq!(read.keys[0].ids.len(), 3);
        let seen = store.lane(scope.app(), Lane(0)).await.expect("seen");
        let lags: Vec<_> = seen.groups.iter().map(|group| group.lag).collect();
        assert_eq!(lags, [Some(3), Some(0)]);
    }
}

#[tokio::test]
async fn a_refused_lane_is_given_no_groups() {
    let server = Server::start(Program::Valkey, &[]);
    let (store, scope) = (open_at(&server).await, Scope::new(seed()));
    store.restore_lane(&lane(&scope, &[])).await.expect("restored");
    let mut other = lane(&scope, &["workers"]);
    other.rows[0].epoch = Epoch(6);
    let refused = store.restore_lane(&other).await;
    assert_eq!(refused, Err(RestoreError::RowThere(scope.shard(0).shard)));
    assert_eq!(store.lane(scope.app(), Lane(0)).await.expect("seen").groups, []);
}

#[tokio::test]
async fn apps_are_restored_where_there_are_none_all_at_once() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let app = |name: &str, shards| -> (AppName, AppShape) {
        let shape = AppShape {
            generation: Generation(3),
            shards: ShardCount(NonZeroU32::new(shards).expect("shards")),
            lanes: LaneCount(NonZeroU16::MIN),
        };
        (name.parse().expect("a name"), shape)
    };
    let apps = [app("one", 1), app("two", 2)];
    assert_eq!(store.restore_apps(&[]).await, Ok(()));
    assert_eq!(store.apps().await, Ok(Vec::new()));
    assert_eq!(store.restore_apps(&apps).await, Ok(()));
    assert_eq!(store.apps().await, Ok(apps.to_vec()));
    assert_eq!(store.restore_apps(&apps).await, Ok(()), "the answer was lost");
    for others in [vec![], vec![app("one", 1)], vec![app("one", 1), app("two", 3)]] {
        assert_eq!(store.restore_apps(&others).await, Err(RestoreError::AppsThere), "{others:?}");
    }
    assert_eq!(store.apps().await, Ok(apps.to_vec()));
}

#[tokio::test]
async fn the_rows_of_a_large_lane_are_restored_in_one_go() {
    let server = Server::start(Program::Valkey, &[]);
    let (store, scope) = (open_at(&server).await, Scope::new(seed()));
    let one = lane(&scope, &["workers"]);
    let rows = (0..16_384)
        .map(|number| RestoredRow { shard: scope.shard(number).shard, ..one.rows[0].clone() });
    let large = RestoredLane { rows: rows.collect(), ..one.clone() };
    store.restore_lane(&large).await.expect("restored");
    let last = store.rows(&[scope.shard(16_383)]).await.expect("read");
    assert_eq!(last[0].as_ref().expect("a row").epoch, Epoch(5));
}
