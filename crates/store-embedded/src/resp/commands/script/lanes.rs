//! Deliveries of a lane: acknowledged, given up on, kept, taken over, taken.

use std::time::Duration;

use baton_model::{StoreMillis, whole_millis};
use baton_store::StreamId;
use bytes::Bytes;

use super::{Seat, ids, ok};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, at_least_zero, count_of, kept, stream_id},
        commands::{Answer, add, id, read, record},
        refusal::Refusal,
        reply::Reply,
    },
    state::{Claim, Pending, Reader},
    waiting::Attempt,
};

/// `id …`
pub(super) fn ack(at: &mut Scene<'_>, seat: Seat<'_>, arguments: Arguments<'_>) -> Answer {
    let ids = ids(arguments)?;
    at.state.acknowledge(&seat.reader()?.group, &ids);
    ok([])
}

/// Gives up on a delivery: its letter is written once, however often this is repeated.
///
/// `id letters-kept field value …`
pub(super) fn bury(at: &mut Scene<'_>, seat: Seat<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (group, id) = (seat.reader()?.group, arguments.id()?);
    let letters_max = arguments.next()?.clone();
    let is_pending = at.state.group(&group).is_some_and(|group| group.pending.contains_key(&id));
    if is_pending {
        let [most, rough, any] = ["MAXLEN", "~", "*"].map(Bytes::from);
        let words = [seat.keys.letters.clone(), most, rough, letters_max, any];
        let add = [&words[..], arguments.rest()].concat();
        add::xadd(at, Arguments::new(&add))?;
        at.state.acknowledge(&group, &[id]);
    }
    ok([])
}

/// Says of deliveries that they are still being worked on, or, with an idle time, that they are
/// not. Answers those that are another's.
///
/// `idle id …`
pub(super) fn keep(at: &mut Scene<'_>, seat: Seat<'_>, mut arguments: Arguments<'_>) -> Answer {
    let idle = at_least_zero(arguments.integer()?);
    let (reader, ids) = (seat.reader()?, ids(arguments)?);
    let group = seat.found(at, &reader.group)?;
    let is_mine = |id: &StreamId| {
        group.pending.get(id).is_some_and(|pending| pending.consumer == reader.consumer)
    };
    let (mine, lost): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_mine);
    let claim = Claim {
        idle: Duration::ZERO,
        at: StoreMillis(at.now.0.saturating_sub(idle)),
        deliveries: None,
        counts: false,
        force: false,
    };
    if !mine.is_empty() {
        at.state.hear_of(at.now, &reader);
        at.state.claim_pending(at.now, &reader, &mine, claim);
    }
    ok([Reply::List(lost.into_iter().map(id).collect())])
}

/// Takes over what is pending, the oldest first; what was delivered suspiciously often, alone.
///
/// `own|all idle after count suspicious-from`
pub(super) fn claim(at: &mut Scene<'_>, seat: Seat<'_>, mut arguments: Arguments<'_>) -> Answer {
    let reader = seat.reader()?;
    let search = Search::read(&mut arguments)?;
    let group = seat.found(at, &reader.group)?;
    let found = search.within(at.now, &reader, group.pending.iter());
    let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
    let upto = ids.last().map_or_else(|| Reply::word(""), |last| id(*last));
    if ids.is_empty() {
        return ok([upto, Reply::List(Vec::new())]);
    }
    let claim =
        Claim { idle: Duration::ZERO, at: at.now, deliveries: None, counts: true, force: false };
    at.state.hear_of(at.now, &reader);
    let taken = at.state.claim_pending(at.now, &reader, &ids, claim).into_iter();
    let with_count = taken.map(|(place, fields)| {
        let count = found.iter().find(|(id, _)| *id == place).map_or(0, |(_, count)| *count);
        let Reply::List(mut parts) = record((place, fields)) else {
            unreachable!("a record is a list");
        };
        parts.push(Reply::count(count));
        Reply::List(parts)
    });
    ok([upto, Reply::List(with_count.collect())])
}

struct Search {
    is_own: bool,
    idle: u64,
    after: StreamId,
    count: usize,
    /// From how many deliveries on one is suspicious.
    suspicious: u64,
}

impl Search {
    fn read(arguments: &mut Arguments<'_>) -> Result<Self, Refusal> {
        let is_own = arguments.next()? == "own";
        let idle = at_least_zero(arguments.integer()?);
        let after = stream_id(arguments.next()?, 0).ok_or_else(Refusal::invalid_id)?;
        let count = count_of(arguments.integer()?);
        let suspicious = at_least_zero(arguments.integer()?);
        Ok(Self { is_own, idle, after, count, suspicious })
    }

    /// What is to be taken over, each with how often it will have been delivered then.
    fn within<'a>(
        &self,
        now: StoreMillis,
        reader: &Reader,
        pending: impl Iterator<Item = (&'a StreamId, &'a Pending)>,
    ) -> Vec<(StreamId, u64)> {
        let is_meant = |(id, pending): &(&StreamId, &Pending)| {
            **id > self.after
                && (!self.is_own || pending.consumer == reader.consumer)
                && whole_millis(pending.at.until(now)) >= self.idle
        };
        let mut found = Vec::new();
        for (id, pending) in pending.filter(is_meant).take(self.count) {
            let count = pending.deliveries.saturating_add(1);
            let is_suspect = count >= self.suspicious;
            if is_suspect && !found.is_empty() {
                break;
            }
            found.push((*id, count));
            if is_suspect {
                break;
            }
        }
        found
    }
}

/// Takes new entries of a lane that is leased.
///
/// `count`
pub(super) fn take(at: &mut Scene<'_>, seat: Seat<'_>, mut arguments: Arguments<'_>) -> Answer {
    let words = ["GROUP", "", "", "COUNT", "", "STREAMS", "", ">"];
    let mut words = words.map(|word| Bytes::from_static(word.as_bytes()));
    words[1] = kept(seat.group);
    words[2] = kept(seat.me);
    words[4] = kept(arguments.next()?);
    words[6] = kept(seat.keys.events);
    match read::xreadgroup(Arguments::new(&words))?.attempt(at) {
        None => ok([Reply::List(Vec::new())]),
        Some(Reply::Pairs(reads)) => {
            let records = reads.into_iter().map(|(_, records)| records).next();
            ok([records.unwrap_or_else(|| Reply::List(Vec::new()))])
        }
        Some(Reply::Error(why)) => Err(Refusal(why)),
        Some(other) => unreachable!("a read answers pairs: {other:?}"),
    }
}
