//! What operators see of lanes. Consumer groups are made by consumers, so what a store with groups
//! shows of them is for its own tests.

use baton_model::{Lane, ShardNumber};

use super::scope::{Scope, append, live};
use crate::{Command, GroupAddress, LaneView, Redelivery, Store, StreamId};

const LANE: Lane = Lane(0);

fn command() -> Command {
    Command {
        shard: ShardNumber(0),
        expires: None,
        reply_to: String::new(),
        trace: None,
        frame: "{}".into(),
    }
}

pub(super) async fn a_lane_of_which_nobody_has_heard_is_empty<S: Store>(s: S, scope: Scope) {
    assert_eq!(s.lane(scope.app(), LANE).await, Ok(LaneView::default()));
}

pub(super) async fn a_lane_shows_its_entries_and_commands<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 3)).await.expect("appended");
    for _ in 0..2 {
        s.send_command(scope.app(), LANE, &command()).await.expect("sent");
    }
    let entries = s.entries(scope.app(), LANE, StreamId::START, 9).await.expect("read");
    let seen = s.lane(scope.app(), LANE).await.expect("seen");
    assert!(seen.bytes > 0, "{seen:?}");
    let expected = LaneView {
        length: 4,
        bytes: seen.bytes,
        first: entries.first().map(|(id, _)| *id),
        last: entries.last().map(|(id, _)| *id),
        commands_length: 2,
        groups: Vec::new(),
    };
    assert_eq!(seen, expected);
    let (first, last) = (expected.first.expect("an entry"), expected.last.expect("another"));
    assert!(first < last);
}

pub(super) async fn a_lane_without_entries_shows_its_commands<S: Store>(s: S, scope: Scope) {
    s.send_command(scope.app(), LANE, &command()).await.expect("sent");
    let expected = LaneView { commands_length: 1, ..LaneView::default() };
    assert_eq!(s.lane(scope.app(), LANE).await, Ok(expected));
}

pub(super) async fn a_group_of_which_nobody_has_heard_has_nothing<S: Store>(s: S, scope: Scope) {
    let group = GroupAddress { app: scope.app(), lane: LANE, name: "nobody" };
    assert_eq!(s.remove_group(group).await, Ok(false), "there is no lane either");
    live(&s, &scope.shard(0), scope.instance(1)).await;
    assert_eq!(s.remove_group(group).await, Ok(false));
    assert_eq!(s.dead_letters(group, StreamId::START, 9).await, Ok(Vec::new()));
    let ids = [StreamId { millis: 1, number: 1 }];
    assert_eq!(s.drop_dead_letters(group, &ids).await, Ok(0));
    assert_eq!(s.drop_dead_letters(group, &[]).await, Ok(0));
    assert_eq!(s.redeliver(group, StreamId::START).await, Ok(Redelivery::NoLetter));
}
