//! XCLAIM, XAUTOCLAIM: what one consumer was given, another takes over.

use std::time::Duration;

use baton_model::StoreMillis;
use baton_store::StreamId;
use bytes::Bytes;

use super::{Answer, id, records};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, at_least_zero, count_of, first_of_range, kept, stream_id},
        keys::grouped,
        refusal::Refusal,
        reply::Reply,
    },
    state::{Claim, GroupName, GroupPlace, Reader, Record},
};

/// Who takes over, as it is named in a request.
struct Claimant<'a> {
    key: &'a Bytes,
    group: &'a Bytes,
    consumer: &'a Bytes,
}

impl<'a> Claimant<'a> {
    fn read(arguments: &mut Arguments<'a>) -> Result<Self, Refusal> {
        let (key, group) = (arguments.next()?, arguments.next()?);
        Ok(Self { key, group, consumer: arguments.next()? })
    }

    fn reader(&self, at: &Scene<'_>) -> Result<Reader, Refusal> {
        let group = GroupName { stream: grouped(self.key)?, group: kept(self.group) };
        if at.state.group(&group).is_none() {
            return Err(Refusal::no_group(self.key, self.group));
        }
        Ok(Reader { group, consumer: kept(self.consumer) })
    }
}

/// `key group consumer idle id … [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]`
pub(crate) fn xclaim(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let claimant = Claimant::read(&mut arguments)?;
    let reader = claimant.reader(at)?;
    let idle = arguments.integer_or("Invalid min-idle-time argument for XCLAIM")?;
    let mut ids = Vec::new();
    while let Some(found) = arguments.rest().first().and_then(|text| stream_id(text, 0)) {
        ids.push(found);
        arguments.next()?;
    }
    let options = Options::read(arguments, at.now)?;
    move_to(at, &reader.group, options.last);
    let claim = Claim {
        idle: Duration::from_millis(at_least_zero(idle)),
        at: options.at.unwrap_or(at.now),
        deliveries: options.deliveries,
        counts: !options.only_ids,
        force: options.force,
    };
    at.state.hear_of(at.now, &reader);
    let taken = at.state.claim_pending(at.now, &reader, &ids, claim);
    Ok(answer(taken, options.only_ids))
}

fn answer(taken: Vec<(StreamId, Record)>, only_ids: bool) -> Reply {
    if only_ids {
        return Reply::List(taken.into_iter().map(|(place, _)| id(place)).collect());
    }
    records(taken)
}

/// A consumer may know of deliveries that this store has lost.
fn move_to(at: &mut Scene<'_>, group: &GroupName, last: StreamId) {
    let place = at.state.group(group).map(|group| group.place);
    if let Some(place) = place.filter(|place| place.last_delivered < last) {
        at.state.place_group(group, GroupPlace { last_delivered: last, ..place });
    }
}

#[derive(Default)]
struct Options {
    at: Option<StoreMillis>,
    deliveries: Option<u64>,
    force: bool,
    only_ids: bool,
    last: StreamId,
}

impl Options {
    fn read(mut arguments: Arguments<'_>, now: StoreMillis) -> Result<Self, Refusal> {
        let mut options = Self::default();
        while arguments.len() > 0 {
            if arguments.take_word("FORCE", 0) {
                options.force = true;
            } else if arguments.take_word("JUSTID", 0) {
                options.only_ids = true;
            } else if arguments.take_word("IDLE", 1) {
                let idle = arguments.integer_or("Invalid IDLE option argument for XCLAIM")?;
                options.at =
                    Some(earlier(i64::try_from(now.0).unwrap_or(i64::MAX) - idle.max(0), now));
            } else if arguments.take_word("TIME", 1) {
                let at = arguments.integer_or("Invalid TIME option argument for XCLAIM")?;
                options.at = Some(earlier(at, now));
            } else if arguments.take_word("RETRYCOUNT", 1) {
                let why = "Invalid RETRYCOUNT option argument for XCLAIM";
                options.deliveries = u64::try_from(arguments.integer_or(why)?).ok();
            } else if arguments.take_word("LASTID", 1) {
                options.last = arguments.id()?;
            } else {
                let option = String::from_utf8_lossy(arguments.next()?);
                return Err(Refusal::err(&format!("Unrecognized XCLAIM option '{option}'")));
            }
        }
        Ok(options)
    }
}

/// Nothing was given in the future, or before there was time.
fn earlier(millis: i64, now: StoreMillis) -> StoreMillis {
    u64::try_from(millis).map_or(now, |millis| now.min(StoreMillis(millis)))
}

/// How many an XAUTOCLAIM takes over if it does not say.
const AT_ONCE: usize = 100;

/// `key group consumer idle start [COUNT n] [JUSTID]`
pub(crate) fn xautoclaim(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let claimant = Claimant::read(&mut arguments)?;
    let idle = arguments.integer_or("Invalid min-idle-time argument for XAUTOCLAIM")?;
    let start = first_of_range(arguments.next()?)?;
    let (mut count, mut only_ids) = (AT_ONCE, false);
    while arguments.len() > 0 {
        if arguments.take_word("COUNT", 1) {
            count = count_of(arguments.integer_or("COUNT must be > 0")?);
        } else if arguments.take_word("JUSTID", 0) {
            only_ids = true;
        } else {
            return Err(Refusal::syntax());
        }
    }
    if count == 0 {
        return Err(Refusal::err("COUNT must be > 0"));
    }
    let reader = claimant.reader(at)?;
    at.state.hear_of(at.now, &reader);
    let claim = Claim {
        idle: Duration::from_millis(at_least_zero(idle)),
        at: at.now,
        deliveries: None,
        counts: !only_ids,
        force: false,
    };
    let claimed = at.state.claim_next(at.now, &reader, (start, count), claim);
    let gone = claimed.gone.into_iter().map(id).collect();
    let taken = answer(claimed.taken, only_ids);
    Ok(Reply::List(vec![id(claimed.next), taken, Reply::List(gone)]))
}
