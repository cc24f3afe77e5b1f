//! A fleet that is put into another store. What becomes of consumer groups, and of apps where there
//! are none, is for each store's own tests: the one has no groups everywhere, and the other would
//! need a store for itself.

use std::num::{NonZeroU16, NonZeroU32};

use baton_model::{
    AppShape, Epoch, Expected, Generation, Holding, Lane, LaneCount, Seq, SessionId, SessionNumber,
    SessionRow, SessionStart, ShardCount, ShardNumber, StreamId,
};

use super::scope::{Scope, append, following, live, row, stream};
use crate::{
    Command, Hold, RestoreError, RestoredLane, RestoredRow, ShardAddress, Store, StoreError,
};

const FAR_AHEAD_MS: u64 = 24 * 60 * 60 * 1_000;

fn session(number: u64) -> SessionRow {
    SessionRow {
        number: SessionNumber(number),
        id: SessionId::new("0123456789abcdef"),
        resume_url: Some("wss://gateway-us-east1-b.discord.gg".parse().expect("a url")),
        last_seq: Seq(70),
    }
}

fn restored(shard: &ShardAddress, epoch: u64) -> RestoredRow {
    let session = Some(session(epoch));
    RestoredRow { shard: shard.shard.clone(), epoch: Epoch(epoch), session }
}

/// Two shards of one lane, the second of which was never live.
fn lane(scope: &Scope, epoch: u64) -> RestoredLane {
    let idle = RestoredRow { session: None, ..restored(&scope.shard(1), epoch) };
    RestoredLane {
        app: scope.app().clone(),
        lane: Lane(0),
        rows: vec![restored(&scope.shard(0), epoch), idle],
        groups: vec!["workers".to_owned()],
    }
}

async fn rows<S: Store>(s: &S, scope: &Scope) -> Vec<Option<baton_model::LeaseRow>> {
    s.rows(&[scope.shard(0), scope.shard(1)]).await.expect("read")
}

pub(super) async fn a_restored_row_is_free_and_its_session_goes_on<S: Store>(s: S, scope: Scope) {
    s.restore_lane(&lane(&scope, 5)).await.expect("restored");
    let first = row(&s, &scope.shard(0)).await;
    assert_eq!((first.holding, first.epoch), (Holding::Free, Epoch(5)));
    assert_eq!(first.session, Some(session(5)));
    let second = row(&s, &scope.shard(1)).await;
    assert_eq!((second.holding, second.epoch, second.session), (Holding::Free, Epoch(5), None));

    let expected = Expected::unchanged(Some(&first));
    let grant = s.claim(&scope.shard(0), expected, scope.instance(1)).await.expect("granted");
    assert_eq!(grant.session, Some(session(5)));
    let hold = Hold { address: scope.shard(0), owner: scope.instance(1), epoch: grant.epoch };
    let appended = s.append(&append(&hold, SessionNumber(5), 70, 72)).await;
    assert_eq!(appended, Ok(Seq(72)));
    assert_eq!(stream(&s, &scope).await.len(), 2, "the new stream begins where the old one ended");
}

pub(super) async fn numbers_grow_over_those_of_a_store_whose_clock_was_ahead<S: Store>(
    s: S,
    scope: Scope,
) {
    let ahead = s.poll().await.expect("polled").now.0 + FAR_AHEAD_MS;
    s.restore_lane(&lane(&scope, ahead)).await.expect("restored");
    let seen = row(&s, &scope.shard(0)).await;
    let expected = Expected::unchanged(Some(&seen));
    let grant = s.claim(&scope.shard(0), expected, scope.instance(1)).await.expect("granted");
    assert_eq!(grant.epoch, Epoch(ahead + 1));
    let hold = Hold { address: scope.shard(0), owner: scope.instance(1), epoch: grant.epoch };
    let next = following("s2", SessionStart::Invalidated, SessionNumber(ahead), 70);
    assert_eq!(s.begin_session(&hold, &next).await, Ok(SessionNumber(ahead + 1)));
}

pub(super) async fn restoring_again_changes_nothing<S: Store>(s: S, scope: Scope) {
    let lane = lane(&scope, 5);
    s.restore_lane(&lane).await.expect("restored");
    let before = rows(&s, &scope).await;
    s.restore_lane(&lane).await.expect("the answer was lost");
    assert_eq!(rows(&s, &scope).await, before);

    let expected = Expected::unchanged(before[0].as_ref());
    s.claim(&scope.shard(0), expected, scope.instance(1)).await.expect("granted");
    let owned = rows(&s, &scope).await;
    let refused = s.restore_lane(&lane).await;
    assert_eq!(refused, Err(RestoreError::RowThere(scope.shard(0).shard)), "somebody runs it");
    assert_eq!(rows(&s, &scope).await, owned);
}

pub(super) async fn what_is_there_stays_and_nothing_of_the_lane_is_written<S: Store>(
    s: S,
    scope: Scope,
) {
    let theirs = RestoredLane { rows: vec![restored(&scope.shard(1), 9)], ..lane(&scope, 9) };
    s.restore_lane(&theirs).await.expect("restored");
    let before = rows(&s, &scope).await;
    assert_eq!(before[0], None);
    for other in [
        lane(&scope, 9), // it has no session
        lane(&scope, 8),
        RestoredLane {
            rows: vec![
                restored(&scope.shard(0), 9),
                RestoredRow { epoch: Epoch(8), ..restored(&scope.shard(1), 9) },
            ],
            ..theirs.clone()
        },
        RestoredLane {
            rows: vec![
                restored(&scope.shard(0), 9),
                RestoredRow {
                    session: Some(SessionRow { resume_url: None, ..session(9) }),
                    ..restored(&scope.shard(1), 9)
                },
            ],
            ..theirs.clone()
        },
    ] {
        let refused = s.restore_lane(&other).await;
        assert_eq!(refused, Err(RestoreError::RowThere(scope.shard(1).shard)), "{other:?}");
        assert_eq!(rows(&s, &scope).await, before);
    }
}

pub(super) async fn a_lane_with_entries_is_not_restored<S: Store>(s: S, scope: Scope) {
    live(&s, &scope.shard(2), scope.instance(1)).await;
    let refused = s.restore_lane(&lane(&scope, 5)).await;
    let expected = RestoreError::EntriesThere { app: scope.app().clone(), lane: Lane(0) };
    assert_eq!(refused, Err(expected));
    assert_eq!(rows(&s, &scope).await, [None, None]);
}

pub(super) async fn a_restored_shard_begins_with_the_first_command<S: Store>(s: S, scope: Scope) {
    let command = Command {
        shard: ShardNumber(0),
        expires: None,
        reply_to: String::new(),
        trace: None,
        frame: "{}".into(),
    };
    s.send_command(scope.app(), Lane(0), &command).await.expect("sent");
    s.restore_lane(&lane(&scope, 5)).await.expect("restored");
    assert_eq!(s.commands_done(&scope.shard(0)).await, Ok(StreamId::START));
}

pub(super) async fn apps_are_not_restored_over_others<S: Store>(s: S, scope: Scope) {
    let shape = |shards| AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::new(shards).expect("shards")),
        lanes: LaneCount(NonZeroU16::MIN),
    };
    let ours = shape(1);
    assert_eq!(s.agree_app(scope.app(), &ours).await, Ok(ours));
    let other = format!("{}-b", scope.app()).parse().expect("a name");
    let theirs = [(scope.app().clone(), shape(2)), (other, shape(3))];
    assert_eq!(s.restore_apps(&theirs).await, Err(RestoreError::AppsThere));
    assert_eq!(s.restore_apps(&theirs[..1]).await, Err(RestoreError::AppsThere));
    assert_eq!(s.restore_apps(&[]).await, Err(RestoreError::AppsThere));
    assert_eq!(s.app_shape(scope.app()).await, Ok::<_, StoreError>(Some(ours)));
    assert_eq!(s.app_shape(&theirs[1].0).await, Ok(None));
}
