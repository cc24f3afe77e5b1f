//! What an append does to the stream.

use baton_model::{Dispatch, EventName, GuildId, Marker, Seq, ShardNumber, UnixMicros};
use bytes::Bytes;

use super::scope::{Audit, Scope, append, dispatch, live, row, stream};
use crate::{Append, AppendError, EntryBody, Store, StreamId};

fn dispatches(entries: &[crate::Entry]) -> Vec<u64> {
    let seqs = entries.iter().filter_map(|entry| match &entry.body {
        EntryBody::Dispatch(dispatch) => Some(dispatch.seq.0),
        EntryBody::Marker { .. } => None,
    });
    seqs.collect()
}

pub(super) async fn an_entry_is_read_as_it_was_appended<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(7), scope.instance(1)).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse();
    let odd = EntryBody::Dispatch(Dispatch {
        seq: Seq(2),
        name: EventName::new("GUILD_CREATE"),
        guild: Some(GuildId(u64::MAX)),
        at: UnixMicros(1_795_000_000_000_001),
        trace: Some(trace.expect("a traceparent")),
        frame: Bytes::from("{\"t\":\"GUILD_CREATE\",\"d\":\"\u{0}\r\n\u{1F600}\"}"),
    });
    let entries = vec![dispatch(1), odd.clone()];
    let append = Append { entries, ..append(&hold, session, 0, 2) };
    assert_eq!(s.append(&append).await, Ok(Seq(2)));

    let found = stream(&s, &scope).await;
    let of_dispatches = &found[1..];
    for entry in of_dispatches {
        let written_by = (entry.shard, entry.session, entry.epoch);
        assert_eq!(written_by, (ShardNumber(7), session, hold.epoch));
    }
    let bodies: Vec<_> = of_dispatches.iter().map(|entry| entry.body.clone()).collect();
    assert_eq!(bodies, [dispatch(1), odd]);
    assert_eq!(row(&s, &hold.address).await.session.expect("one").last_seq, Seq(2));
}

pub(super) async fn entries_of_a_large_frame_survive<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let EntryBody::Dispatch(small) = dispatch(1) else { unreachable!("a dispatch") };
    let frame = Bytes::from(vec![b'x'; 20 * 1024 * 1024]);
    let large = EntryBody::Dispatch(Dispatch { frame, ..small });
    let append = Append { entries: vec![large.clone()], ..append(&hold, session, 0, 1) };
    assert_eq!(s.append(&append).await, Ok(Seq(1)));
    let found = stream(&s, &scope).await;
    assert!(found[1].body == large, "20 MB come back as they went");
}

pub(super) async fn what_the_stream_holds_is_skipped<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    assert_eq!(s.append(&append(&hold, session, 0, 3)).await, Ok(Seq(3)));
    assert_eq!(s.append(&append(&hold, session, 0, 3)).await, Ok(Seq(3)), "a retry");
    assert_eq!(s.append(&append(&hold, session, 1, 5)).await, Ok(Seq(5)), "an overlapping replay");
    assert_eq!(s.append(&append(&hold, session, 0, 2)).await, Ok(Seq(5)), "a late retry");
    let found = stream(&s, &scope).await;
    assert_eq!(Audit::of(&found, [ShardNumber(0)], 5), Audit::default());
    assert_eq!(dispatches(&found), [1, 2, 3, 4, 5]);
}

pub(super) async fn an_append_that_would_leave_a_gap_is_refused<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 3)).await.expect("appended");
    let refused = s.append(&append(&hold, session, 4, 6)).await;
    assert_eq!(refused, Err(AppendError::Gap(Seq(3))));
    assert_eq!(dispatches(&stream(&s, &scope).await), [1, 2, 3], "all or nothing");
    assert_eq!(s.append(&append(&hold, session, 3, 6)).await, Ok(Seq(6)), "sent again from there");
    assert_eq!(dispatches(&stream(&s, &scope).await), [1, 2, 3, 4, 5, 6]);
}

pub(super) async fn the_mark_moves_over_filtered_dispatches<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let entries = vec![dispatch(3), dispatch(8)];
    let filtered = Append { entries, ..append(&hold, session, 0, 12) };
    assert_eq!(s.append(&filtered).await, Ok(Seq(12)));
    assert_eq!(s.append(&append(&hold, session, 12, 13)).await, Ok(Seq(13)));
    assert_eq!(dispatches(&stream(&s, &scope).await), [3, 8, 13]);
}

pub(super) async fn an_append_without_entries_moves_the_mark<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let only_filtered = Append { entries: Vec::new(), ..append(&hold, session, 0, 9) };
    assert_eq!(s.append(&only_filtered).await, Ok(Seq(9)));
    assert_eq!(row(&s, &hold.address).await.session.expect("one").last_seq, Seq(9));
    let behind = Append { entries: Vec::new(), ..append(&hold, session, 0, 4) };
    assert_eq!(s.append(&behind).await, Ok(Seq(9)), "never back");
    assert_eq!(dispatches(&stream(&s, &scope).await), [0_u64; 0]);
}

pub(super) async fn appends_in_one_go_are_answered_one_by_one<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let (zero, session_zero) = live(&s, &scope.shard(0), me).await;
    let (one, session_one) = live(&s, &scope.shard(1), me).await;
    let (two, session_two) = live(&s, &scope.shard(2), me).await;
    let fenced = crate::Hold { owner: scope.instance(2), ..one.clone() };
    let answers = s
        .append_all(&[
            append(&zero, session_zero, 0, 2),
            append(&fenced, session_one, 0, 2),
            append(&two, session_two, 5, 6),
            append(&zero, session_zero, 2, 3),
        ])
        .await;
    let expected =
        [Ok(Seq(2)), Err(AppendError::Fenced), Err(AppendError::Gap(Seq(0))), Ok(Seq(3))];
    assert_eq!(answers, expected);
    assert_eq!(dispatches(&stream(&s, &scope).await), [1, 2, 3]);
    assert_eq!(s.append_all(&[]).await, []);
}

pub(super) async fn a_marker_within_a_session_keeps_its_place<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    let marker = Marker::Gap { after: Seq(1), before: Seq(5) };
    let gap = EntryBody::Marker { seq: Seq(4), at: UnixMicros(3), marker };
    let entries = vec![dispatch(1), gap.clone(), dispatch(5)];
    let with_gap = Append { entries, ..append(&hold, session, 0, 5) };
    assert_eq!(s.append(&with_gap).await, Ok(Seq(5)));
    assert_eq!(s.append(&with_gap).await, Ok(Seq(5)), "a retry doubles no marker either");
    let found: Vec<_> = stream(&s, &scope).await.into_iter().map(|entry| entry.body).collect();
    assert_eq!(found[1..], [dispatch(1), gap, dispatch(5)]);
}

pub(super) async fn shards_of_a_lane_share_its_stream<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let (zero, session_zero) = live(&s, &scope.shard(0), me).await;
    let (one, session_one) = live(&s, &scope.shard(1), me).await;
    for seq in 0..10 {
        s.append(&append(&zero, session_zero, seq, seq + 1)).await.expect("appended");
        s.append(&append(&one, session_one, seq, seq + 1)).await.expect("appended");
    }
    let found = stream(&s, &scope).await;
    let audit = Audit::of(&found, [ShardNumber(0), ShardNumber(1)], 10);
    assert_eq!(audit, Audit::default());
}

pub(super) async fn entries_are_read_in_pieces<S: Store>(s: S, scope: Scope) {
    let (hold, session) = live(&s, &scope.shard(0), scope.instance(1)).await;
    s.append(&append(&hold, session, 0, 50)).await.expect("appended");
    let lane = hold.address.lane;
    let some = s.entries(scope.app(), lane, StreamId::START, 20).await.expect("read");
    assert_eq!(some.len(), 20);
    assert!(some.windows(2).all(|pair| pair[0].0 < pair[1].0), "ids grow");
    let rest = s.entries(scope.app(), lane, some[19].0, 1_000).await.expect("read");
    assert_eq!(rest.len(), 31, "the session's marker and 50 dispatches in all");
    let none = s.entries(scope.app(), lane, rest[30].0, 10).await;
    assert_eq!(none, Ok(Vec::new()));
}
