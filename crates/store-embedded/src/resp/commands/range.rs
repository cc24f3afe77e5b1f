//! XRANGE, XREVRANGE, XLEN: a stream looked at without a group.

use baton_store::StreamId;

use super::{Answer, records};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, count_of, first_of_range, last_of_range},
        keys::{Readable, readable},
        refusal::Refusal,
        reply::Reply,
    },
    state::{Order, Record},
};

/// `key`
pub(crate) fn xlen(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let length = match readable(arguments.next()?)? {
        Readable::Stream(name) => at.state.stream(&name).map_or(0, |found| found.extent().length),
        Readable::Results(lane, name) => {
            results(at, &lane, &name).map_or(0, |found| found.len() as u64)
        }
    };
    Ok(Reply::count(length))
}

/// `key first last [COUNT n]`
pub(crate) fn xrange(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let key = arguments.next()?;
    let first = first_of_range(arguments.next()?)?;
    let last = last_of_range(arguments.next()?)?;
    let range = Range { first, last, order: Order::Forwards };
    range.read(at, &readable(key)?, arguments)
}

/// `key last first [COUNT n]`
pub(crate) fn xrevrange(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let key = arguments.next()?;
    let (last, first) = (arguments.next()?, arguments.next()?);
    let first = first_of_range(first)?;
    let last = last_of_range(last)?;
    let range = Range { first, last, order: Order::Backwards };
    range.read(at, &readable(key)?, arguments)
}

struct Range {
    first: StreamId,
    last: StreamId,
    order: Order,
}

impl Range {
    fn read(&self, at: &Scene<'_>, from: &Readable, mut arguments: Arguments<'_>) -> Answer {
        let mut count = usize::MAX;
        while arguments.len() > 0 {
            if !arguments.take_word("COUNT", 1) {
                return Err(Refusal::syntax());
            }
            count = count_of(arguments.integer()?);
        }
        let Some(found) = self.records(at, from, count) else {
            return Ok(Reply::List(Vec::new()));
        };
        Ok(if count == 0 { Reply::NullList } else { records(found) })
    }

    fn records(
        &self,
        at: &Scene<'_>,
        from: &Readable,
        count: usize,
    ) -> Option<Vec<(StreamId, Record)>> {
        match from {
            Readable::Stream(name) => {
                let stream = at.state.stream(name)?;
                Some(stream.range((self.first, self.last), count, self.order))
            }
            Readable::Results(lane, name) => {
                let mut found = results(at, lane, name)?;
                found.retain(|(id, _)| (self.first..=self.last).contains(id));
                if self.order == Order::Backwards {
                    found.reverse();
                }
                found.truncate(count);
                Some(found)
            }
        }
    }
}

/// What is kept for whoever waits under this name.
pub(super) fn results(
    at: &Scene<'_>,
    lane: &crate::state::LaneAddress,
    name: &str,
) -> Option<Vec<(StreamId, Record)>> {
    let results = at.results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.records(at.now, lane, name)
}
