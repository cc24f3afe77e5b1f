//! Commands and a shard's place among them.

use std::{
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use baton_model::{
    AppShape, Expected, Generation, Lane, LaneCount, ShardCount, ShardNumber, StoreMillis,
    limits::{COMMAND_BYTES_MAX, COMMANDS_TRIMMED_MAX, REPLY_TO_BYTES_MAX},
};
use bytes::Bytes;
use tokio::time::timeout;

use super::scope::{Scope, live, row};
use crate::{Command, CommandError, CommandTrim, Hold, Store, StreamId, Unhappy};

fn command(shard: u32, frame: &'static str) -> Command {
    Command {
        shard: ShardNumber(shard),
        expires: None,
        reply_to: String::new(),
        trace: None,
        frame: Bytes::from_static(frame.as_bytes()),
    }
}

pub(super) async fn a_command_is_read_as_it_was_sent<S: Store>(s: S, scope: Scope) {
    let (app, lane) = (scope.app(), Lane(0));
    let plain = command(4, r#"{"op":3,"d":{}}"#);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse();
    let rich = Command {
        expires: Some(StoreMillis(1_795_000_000_000)),
        reply_to: "answers-1".to_owned(),
        trace: Some(trace.expect("a traceparent")),
        ..command(5, "\u{1F600}")
    };
    let first = s.send_command(app, lane, &plain).await.expect("sent");
    let second = s.send_command(app, lane, &rich).await.expect("sent");
    assert!(second > first);
    let all = s.commands(app, lane, StreamId::START, 10).await;
    assert_eq!(all, Ok(vec![(first, Ok(plain)), (second, Ok(rich.clone()))]));
    assert_eq!(s.commands(app, lane, first, 10).await, Ok(vec![(second, Ok(rich))]));
    assert_eq!(s.commands(app, Lane(1), StreamId::START, 10).await, Ok(vec![]));
}

/// How long is waited for what comes. Only what never comes is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is waited for what does not come.
const A_WHILE: Duration = Duration::from_millis(300);

pub(super) async fn who_waits_for_a_command_is_told_of_it<S: Store>(s: S, scope: Scope) {
    let app = scope.app();
    let told = |lane: u16, after| {
        let (s, app) = (s.clone(), app.clone());
        tokio::spawn(async move {
            while let Err(error) = s.await_commands(&app, Lane(lane), after).await {
                assert!(error.is_retryable(), "{error}");
            }
        })
    };
    let (mut first, mut other) = (told(0, StreamId::START), told(1, StreamId::START));
    assert!(timeout(A_WHILE, &mut first).await.is_err(), "there is nothing");
    let id = s.send_command(app, Lane(0), &command(0, "{}")).await.expect("sent");
    timeout(PATIENCE, first).await.expect("in time").expect("told");
    let at_once = told(0, StreamId::START);
    timeout(PATIENCE, at_once).await.expect("it is there already").expect("told");

    let mut next = told(0, id);
    assert!(timeout(A_WHILE, &mut next).await.is_err(), "that one is behind it");
    assert!(!other.is_finished(), "it is another lane's");
    s.send_command(app, Lane(1), &command(1, "{}")).await.expect("sent");
    timeout(PATIENCE, &mut other).await.expect("in time").expect("told");
    assert!(!next.is_finished(), "it is another lane's");
    next.abort();
    assert!(next.await.expect_err("given up").is_cancelled());
    let again = told(0, id);
    s.send_command(app, Lane(0), &command(0, "{}")).await.expect("sent");
    timeout(PATIENCE, again).await.expect("in time").expect("told");
}

pub(super) async fn a_command_too_large_for_discord_is_refused<S: Store>(s: S, scope: Scope) {
    let of_size = |size| Command { frame: Bytes::from(vec![b' '; size]), ..command(0, "") };
    let sent = s.send_command(scope.app(), Lane(0), &of_size(COMMAND_BYTES_MAX)).await;
    assert!(sent.is_ok());
    let size = COMMAND_BYTES_MAX + 1;
    let refused = s.send_command(scope.app(), Lane(0), &of_size(size)).await;
    assert_eq!(refused, Err(CommandError::TooLarge(size)));
    let all = s.commands(scope.app(), Lane(0), StreamId::START, 10).await;
    assert_eq!(all.expect("read").len(), 1);
}

pub(super) async fn a_name_for_results_that_is_too_long_is_refused<S: Store>(s: S, scope: Scope) {
    let named = |bytes| Command { reply_to: "x".repeat(bytes), ..command(0, "{}") };
    let sent = s.send_command(scope.app(), Lane(0), &named(REPLY_TO_BYTES_MAX)).await;
    assert!(sent.is_ok());
    let bytes = REPLY_TO_BYTES_MAX + 1;
    let refused = s.send_command(scope.app(), Lane(0), &named(bytes)).await;
    assert_eq!(refused, Err(CommandError::ReplyToTooLong(bytes)));
}

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Three shards, of which 0 and 2 write to lane 0 and have a session.
fn three_shards() -> [AppShape; 1] {
    [AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::new(3).expect("shards")),
        lanes: LaneCount(NonZeroU16::new(2).expect("lanes")),
    }]
}

pub(super) async fn what_all_shards_of_a_lane_have_dealt_with_is_trimmed<S: Store>(
    s: S,
    scope: Scope,
) {
    let (app, lane) = (scope.app(), Lane(0));
    let (first, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let (second, _) = live(&s, &scope.shard(2), scope.instance(2)).await;
    let mut ids = Vec::new();
    for shard in [0, 2, 0, 2, 0] {
        ids.push(s.send_command(app, lane, &command(shard, "{}")).await.expect("sent"));
    }
    let shapes = three_shards();
    let trim = CommandTrim { shapes: &shapes, age_max: HOUR };
    let left = async || {
        let left = s.commands(app, lane, StreamId::START, 10).await.expect("read");
        left.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };

    s.set_commands_done(&first, ids[4]).await.expect("moved");
    assert_eq!(s.trim_commands(app, lane, trim).await, Ok(0), "shard 2 has dealt with nothing");
    s.set_commands_done(&second, ids[1]).await.expect("moved");
    let nobody = CommandTrim { shapes: &[], ..trim };
    assert_eq!(s.trim_commands(app, lane, nobody).await, Ok(0), "nobody has dealt with anything");
    assert_eq!(left().await, ids);
    assert_eq!(s.trim_commands(app, lane, trim).await, Ok(2));
    assert_eq!(s.trim_commands(app, lane, trim).await, Ok(0), "the answer was lost");
    assert_eq!(left().await, ids[2..]);
    s.set_commands_done(&second, ids[4]).await.expect("moved");
    s.trim_commands(app, lane, trim).await.expect("trimmed");
    let left = left().await;
    assert!(left.is_empty() || left == ids[4..], "{left:?}");
}

pub(super) async fn commands_are_trimmed_so_many_at_a_time<S: Store>(s: S, scope: Scope) {
    let (app, lane) = (scope.app(), Lane(0));
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    live(&s, &scope.shard(2), scope.instance(2)).await;
    let count = usize::try_from(COMMANDS_TRIMMED_MAX).expect("a small number") + 300;
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (s, app) = (s.clone(), app.clone());
        sending.spawn(async move { s.send_command(&app, lane, &command(0, "{}")).await });
    }
    let mut ids: Vec<_> =
        sending.join_all().await.into_iter().map(|id| id.expect("sent")).collect();
    ids.sort();
    let only_one = AppShape { shards: ShardCount(NonZeroU32::MIN), ..three_shards()[0] };
    let trim = CommandTrim { shapes: &[only_one], age_max: HOUR };
    let done = count - 23;
    s.set_commands_done(&hold, ids[done - 1]).await.expect("moved");
    assert_eq!(s.trim_commands(app, lane, trim).await, Ok(COMMANDS_TRIMMED_MAX));
    assert_eq!(s.trim_commands(app, lane, trim).await, Ok(300 - 23));
    assert_eq!(s.trim_commands(app, lane, trim).await, Ok(0));
    let left = s.commands(app, lane, StreamId::START, count).await.expect("read");
    assert!(left.into_iter().map(|(id, _)| id).eq(ids[done..].iter().copied()));
}

pub(super) async fn what_is_too_old_is_trimmed<S: Store>(s: S, scope: Scope) {
    let (app, lane) = (scope.app(), Lane(0));
    let first = s.send_command(app, lane, &command(0, "{}")).await.expect("sent");
    let shapes = three_shards();
    let patient = CommandTrim { shapes: &shapes, age_max: HOUR };
    assert_eq!(s.trim_commands(app, lane, patient).await, Ok(0));
    // The store's clock has to move on before anything is older than nothing.
    let hurried = CommandTrim { age_max: Duration::ZERO, ..patient };
    let last = loop {
        let last = s.send_command(app, lane, &command(0, "{}")).await.expect("sent");
        s.trim_commands(app, lane, hurried).await.expect("trimmed");
        let left = s.commands(app, lane, StreamId::START, usize::MAX >> 1).await.expect("read");
        if left.first().is_none_or(|(id, _)| *id > first) {
            break last;
        }
    };
    let next = s.send_command(app, lane, &command(0, "{}")).await.expect("sent");
    assert!(next > last, "ids go on where they were");
}

pub(super) async fn the_place_in_the_commands_moves_with_the_lease_and_never_back<S: Store>(
    s: S,
    scope: Scope,
) {
    let (hold, _) = live(&s, &scope.shard(0), scope.instance(1)).await;
    assert_eq!(s.commands_done(&hold.address).await, Ok(StreamId::START));
    let place = |millis, number| StreamId { millis, number };
    s.set_commands_done(&hold, place(1_795_000_000_000, 2)).await.expect("moved");
    s.set_commands_done(&hold, place(1_795_000_000_000, 1)).await.expect("ignored");
    s.set_commands_done(&hold, place(1_794_000_000_000, 9)).await.expect("ignored");
    assert_eq!(s.commands_done(&hold.address).await, Ok(place(1_795_000_000_000, 2)));

    let seen = row(&s, &hold.address).await;
    let expected = Expected::unchanged(Some(&seen));
    let successor = scope.instance(2);
    let grant = s.claim(&hold.address, expected, successor).await.expect("granted");
    let late = s.set_commands_done(&hold, place(1_796_000_000_000, 0)).await;
    assert!(late.is_err(), "the former owner is fenced");
    let theirs = Hold { owner: successor, epoch: grant.epoch, ..hold };
    s.set_commands_done(&theirs, place(1_795_000_000_000, 10)).await.expect("moved");
    assert_eq!(s.commands_done(&theirs.address).await, Ok(place(1_795_000_000_000, 10)));
}
