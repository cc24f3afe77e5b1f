//! Commands and a shard's place among them.

use baton_model::{Expected, Lane, ShardNumber, StoreMillis, limits::COMMAND_BYTES_MAX};
use bytes::Bytes;

use super::scope::{Scope, live, row};
use crate::{Command, CommandError, Hold, Store, StreamId};

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
    assert_eq!(all, Ok(vec![(first, plain), (second, rich.clone())]));
    assert_eq!(s.commands(app, lane, first, 10).await, Ok(vec![(second, rich)]));
    assert_eq!(s.commands(app, Lane(1), StreamId::START, 10).await, Ok(vec![]));
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
