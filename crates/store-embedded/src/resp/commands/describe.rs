//! XINFO: streams, groups and consumers, described.

use baton_store::StreamId;
use bytes::Bytes;

use super::{Answer, id, record, records};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, kept, millis},
        keys::{ALL, grouped},
        refusal::Refusal,
        reply::Reply,
    },
    state::{Consumer, Extent, Group, GroupName, Order, StreamName, StreamView},
};

/// How many records and deliveries a full description shows if it does not say.
const SHOWN: usize = 10;

/// `key [FULL [COUNT n]]`
pub(crate) fn stream(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let key = arguments.next()?;
    let shown = full(&mut arguments)?;
    let name = grouped(key)?;
    let stream = at.state.stream(&name).ok_or_else(Refusal::no_such_key)?;
    let mut fields = extent(stream.extent());
    match shown {
        None => fields.extend(summary(at, &name, stream)),
        Some(count) => fields.extend(in_full(at, &name, stream, count)),
    }
    Ok(Reply::Map(fields.into_iter().map(|(name, value)| (Reply::word(name), value)).collect()))
}

type Fields = Vec<(&'static str, Reply)>;

fn full(arguments: &mut Arguments<'_>) -> Result<Option<usize>, Refusal> {
    let syntax = || Refusal::subcommand_syntax("XINFO", "STREAM");
    if arguments.len() == 0 {
        return Ok(None);
    }
    if !arguments.take_word("FULL", 0) {
        return Err(syntax());
    }
    if arguments.len() == 0 {
        return Ok(Some(SHOWN));
    }
    if arguments.len() > 2 || !arguments.take_word("COUNT", 1) {
        return Err(syntax());
    }
    Ok(Some(match usize::try_from(arguments.integer()?) {
        Ok(0) => usize::MAX,
        Ok(count) => count,
        Err(_) => SHOWN,
    }))
}

fn extent(extent: Extent) -> Fields {
    // There is no radix tree here; a server's has about a hundred records in a node.
    let nodes = extent.length.div_ceil(100);
    vec![
        ("length", Reply::count(extent.length)),
        ("radix-tree-keys", Reply::count(nodes)),
        ("radix-tree-nodes", Reply::count(nodes + 1)),
        ("last-generated-id", id(extent.last_given)),
        ("max-deleted-entry-id", id(extent.max_deleted)),
        ("entries-added", Reply::count(extent.added)),
        ("recorded-first-entry-id", id(extent.first.unwrap_or_default())),
    ]
}

fn summary(at: &Scene<'_>, name: &StreamName, stream: StreamView<'_>) -> Fields {
    let at_edge = |order| stream.range(ALL, 1, order).pop().map_or(Reply::Null, record);
    vec![
        ("groups", Reply::count(at.state.groups_of(name).count() as u64)),
        ("first-entry", at_edge(Order::Forwards)),
        ("last-entry", at_edge(Order::Backwards)),
    ]
}

fn in_full(at: &Scene<'_>, name: &StreamName, stream: StreamView<'_>, count: usize) -> Fields {
    let groups = at.state.groups_of(name).map(|group| group_in_full(group, stream, count));
    vec![
        ("entries", records(stream.range(ALL, count, Order::Forwards))),
        ("groups", Reply::List(groups.collect())),
    ]
}

fn group_in_full((name, group): (&Bytes, &Group), stream: StreamView<'_>, count: usize) -> Reply {
    let pending = group.pending.iter().take(count).map(|(place, pending)| {
        Reply::List(vec![
            id(*place),
            Reply::Bulk(pending.consumer.clone()),
            Reply::Number(millis(pending.at)),
            Reply::count(pending.deliveries),
        ])
    });
    let consumers = group.consumers.iter();
    let consumers = consumers.map(|consumer| consumer_in_full(group, consumer, count));
    Reply::fields([
        ("name", Reply::Bulk(name.clone())),
        ("last-delivered-id", id(group.place.last_delivered)),
        ("entries-read", optional(group.place.entries_read)),
        ("lag", group.place.lag(stream).map_or(Reply::Null, Reply::Number)),
        ("pel-count", Reply::count(group.pending.len() as u64)),
        ("pending", Reply::List(pending.collect())),
        ("consumers", Reply::List(consumers.collect())),
    ])
}

fn consumer_in_full(group: &Group, (name, consumer): (&Bytes, &Consumer), count: usize) -> Reply {
    let delivered = |place: &StreamId| {
        let pending = &group.pending[place];
        let (at, deliveries) = (Reply::Number(millis(pending.at)), pending.deliveries);
        Reply::List(vec![id(*place), at, Reply::count(deliveries)])
    };
    let pending = consumer.pending.iter().take(count).map(delivered);
    Reply::fields([
        ("name", Reply::Bulk(name.clone())),
        ("seen-time", Reply::Number(millis(consumer.heard.seen))),
        ("active-time", Reply::Number(consumer.heard.active.map_or(-1, millis))),
        ("pel-count", Reply::count(consumer.pending.len() as u64)),
        ("pending", Reply::List(pending.collect())),
    ])
}

fn optional(number: Option<u64>) -> Reply {
    number.map_or(Reply::Null, Reply::count)
}

/// `key`
pub(crate) fn groups(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let name = grouped(arguments.next()?)?;
    let stream = at.state.stream(&name).ok_or_else(Refusal::no_such_key)?;
    let groups = at.state.groups_of(&name).map(|(name, group)| {
        Reply::fields([
            ("name", Reply::Bulk(name.clone())),
            ("consumers", Reply::count(group.consumers.len() as u64)),
            ("pending", Reply::count(group.pending.len() as u64)),
            ("last-delivered-id", id(group.place.last_delivered)),
            ("entries-read", optional(group.place.entries_read)),
            ("lag", group.place.lag(stream).map_or(Reply::Null, Reply::Number)),
        ])
    });
    Ok(Reply::List(groups.collect()))
}

/// `key group`
pub(crate) fn consumers(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (key, group) = (arguments.next()?, arguments.next()?);
    let name = GroupName { stream: grouped(key)?, group: kept(group) };
    if at.state.stream(&name.stream).is_none() {
        return Err(Refusal::no_such_key());
    }
    let found = at.state.group(&name).ok_or_else(|| Refusal::no_such_group(key, group))?;
    let since = |time: baton_model::StoreMillis| {
        Reply::count(baton_model::whole_millis(time.until(at.now)))
    };
    let consumers = found.consumers.iter().map(|(name, consumer)| {
        Reply::fields([
            ("name", Reply::Bulk(name.clone())),
            ("pending", Reply::count(consumer.pending.len() as u64)),
            ("idle", since(consumer.heard.seen)),
            ("inactive", consumer.heard.active.map_or(Reply::Number(-1), since)),
        ])
    });
    Ok(Reply::List(consumers.collect()))
}
