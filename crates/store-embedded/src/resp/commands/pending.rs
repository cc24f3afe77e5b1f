//! XACK, XPENDING: what was delivered and is not acknowledged.

use std::{collections::BTreeMap, time::Duration};

use baton_store::StreamId;
use bytes::Bytes;

use super::{Answer, id};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, at_least_zero, count_of, first_of_range, kept, last_of_range},
        keys::grouped,
        refusal::Refusal,
        reply::Reply,
    },
    state::{Group, GroupName, Pending},
};

/// `key group id …`
pub(crate) fn xack(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let stream = grouped(arguments.next()?)?;
    let group = GroupName { stream, group: kept(arguments.next()?) };
    if at.state.group(&group).is_none() {
        return Ok(Reply::Number(0));
    }
    let mut ids = Vec::new();
    while arguments.len() > 0 {
        ids.push(arguments.id()?);
    }
    Ok(Reply::count(at.state.acknowledge(&group, &ids)))
}

/// `key group [[IDLE ms] first last count [consumer]]`
pub(crate) fn xpending(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (key, name) = (arguments.next()?, arguments.next()?);
    let search = match arguments.len() {
        0 => None,
        3..=6 => Some(Search::read(arguments)?),
        _ => return Err(Refusal::syntax()),
    };
    let group = GroupName { stream: grouped(key)?, group: kept(name) };
    let group = at.state.group(&group).ok_or_else(|| Refusal::no_group(key, name))?;
    Ok(search.map_or_else(|| summary(group), |search| search.within(at, group)))
}

fn summary(group: &Group) -> Reply {
    let (Some((first, _)), Some((last, _))) =
        (group.pending.first_key_value(), group.pending.last_key_value())
    else {
        return Reply::List(vec![Reply::Number(0), Reply::Null, Reply::Null, Reply::NullList]);
    };
    let mut counts: BTreeMap<&Bytes, u64> = BTreeMap::new();
    for pending in group.pending.values() {
        *counts.entry(&pending.consumer).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(consumer, count)| {
        Reply::List(vec![Reply::Bulk(consumer.clone()), Reply::text(count.to_string())])
    });
    let total = Reply::count(group.pending.len() as u64);
    Reply::List(vec![total, id(*first), id(*last), Reply::List(counts.collect())])
}

struct Search {
    idle: Duration,
    first: StreamId,
    last: StreamId,
    count: usize,
    consumer: Option<Bytes>,
}

impl Search {
    fn read(mut arguments: Arguments<'_>) -> Result<Self, Refusal> {
        let mut idle = Duration::ZERO;
        if arguments.is_next("IDLE") {
            arguments.next()?;
            idle = Duration::from_millis(at_least_zero(arguments.integer()?));
            if arguments.len() < 3 {
                return Err(Refusal::syntax());
            }
        }
        let (first, last) = (arguments.next()?, arguments.next()?);
        let count = count_of(arguments.integer()?);
        let consumer = arguments.rest().first().cloned();
        let (first, last) = (first_of_range(first)?, last_of_range(last)?);
        Ok(Self { idle, first, last, count, consumer })
    }

    fn within(&self, at: &Scene<'_>, group: &Group) -> Reply {
        if self.first > self.last {
            return Reply::List(Vec::new());
        }
        let range = group.pending.range(self.first..=self.last);
        let found = range
            .filter(|(_, pending)| self.consumer.as_ref().is_none_or(|of| *of == pending.consumer))
            .filter(|(_, pending)| pending.at.until(at.now) >= self.idle)
            .take(self.count);
        Reply::List(found.map(|(id, pending)| described(at, *id, pending)).collect())
    }
}

fn described(at: &Scene<'_>, place: StreamId, pending: &Pending) -> Reply {
    let idle = baton_model::whole_millis(pending.at.until(at.now));
    Reply::List(vec![
        id(place),
        Reply::Bulk(pending.consumer.clone()),
        Reply::count(idle),
        Reply::count(pending.deliveries),
    ])
}
