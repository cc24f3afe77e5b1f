//! XREAD, XREADGROUP: what has come to any of several streams, at once or when it comes.

use std::time::Duration;

use baton_model::limits::RESP_REPLY_RECORDS_MAX;
use baton_store::StreamId;
use bytes::Bytes;

use super::{id, range::results, records};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, count_of, kept, stream_id},
        keys::{Readable, grouped, readable},
        refusal::Refusal,
        reply::Reply,
    },
    state::{GroupName, Handing, Order, Reader, Record, StreamName, ahead, from_behind},
    waiting::Attempt,
};

/// A read as it was asked for.
#[derive(Debug)]
pub(crate) struct Read {
    keys: Vec<Bytes>,
    count: usize,
    /// How long to wait for something; for ever if zero.
    pub(crate) block: Option<Duration>,
    how: How,
}

#[derive(Debug)]
enum How {
    /// By whoever asks, behind these places.
    Alone(Vec<(Readable, Alone)>),
    /// By a consumer of a group.
    InGroup { handing: Handing, from: Vec<(Reader, InGroup)>, is_retried: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alone {
    Behind(StreamId),
    /// Behind what there is at first.
    BehindAll,
    /// From the last one there is on.
    FromLast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InGroup {
    /// What nobody of the group was given.
    New,
    /// What the consumer was given behind this place and has not acknowledged.
    Again(StreamId),
}

/// `[COUNT n] [BLOCK ms] STREAMS key … id …`
pub(crate) fn xread(arguments: Arguments<'_>) -> Result<Read, Refusal> {
    let options = Options::read(arguments, Kind::Alone)?;
    let from = options.streams(|key, id| Ok((readable(key)?, alone(id)?)))?;
    Ok(options.read_as(How::Alone(from)))
}

/// `GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] STREAMS key … id …`
pub(crate) fn xreadgroup(arguments: Arguments<'_>) -> Result<Read, Refusal> {
    let options = Options::read(arguments, Kind::InGroup)?;
    let Some((group, consumer)) = &options.group else {
        return Err(Refusal::err("Missing GROUP option for XREADGROUP"));
    };
    let from = options.streams(|key, id| {
        let group = GroupName { stream: grouped(key)?, group: group.clone() };
        Ok((Reader { group, consumer: consumer.clone() }, in_group(id)?))
    })?;
    let how = How::InGroup { handing: options.handing, from, is_retried: false };
    Ok(options.read_as(how))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alone,
    InGroup,
}

struct Options<'a> {
    kind: Kind,
    count: usize,
    block: Option<Duration>,
    handing: Handing,
    group: Option<(Bytes, Bytes)>,
    streams: &'a [Bytes],
}

impl<'a> Options<'a> {
    fn read(mut arguments: Arguments<'a>, kind: Kind) -> Result<Self, Refusal> {
        let handing = Handing::UntilAcknowledged;
        let mut found =
            Self { kind, count: usize::MAX, block: None, handing, group: None, streams: &[] };
        while found.streams.is_empty() {
            if arguments.take_word("BLOCK", 1) {
                found.block = Some(patience(&mut arguments)?);
            } else if arguments.take_word("COUNT", 1) {
                found.count = match count_of(arguments.integer()?) {
                    0 => usize::MAX,
                    count => count,
                };
            } else if arguments.take_word("STREAMS", 1) {
                found.streams = arguments.rest();
            } else if arguments.take_word("GROUP", 2) {
                found.ensure_in_group("GROUP")?;
                found.group = Some((kept(arguments.next()?), kept(arguments.next()?)));
            } else if arguments.take_word("NOACK", 0) {
                found.ensure_in_group("NOACK")?;
                found.handing = Handing::ForGood;
            } else {
                return Err(Refusal::syntax());
            }
        }
        found.ensure_balanced()?;
        Ok(found)
    }

    fn ensure_in_group(&self, option: &str) -> Result<(), Refusal> {
        match self.kind {
            Kind::InGroup => Ok(()),
            Kind::Alone => Err(Refusal::err(&format!(
                "The {option} option is only supported by XREADGROUP. You called XREAD instead."
            ))),
        }
    }

    fn ensure_balanced(&self) -> Result<(), Refusal> {
        if self.streams.len().is_multiple_of(2) {
            return Ok(());
        }
        let (command, ids) = match self.kind {
            Kind::Alone => ("xread", "an ID or '$'"),
            Kind::InGroup => ("xreadgroup", "an ID or '>'"),
        };
        Err(Refusal::err(&format!(
            "Unbalanced '{command}' list of streams: for each stream key {ids} must be specified."
        )))
    }

    fn streams<T>(
        &self,
        of: impl Fn(&Bytes, &Bytes) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let (keys, ids) = self.streams.split_at(self.streams.len() / 2);
        keys.iter().zip(ids).map(|(key, id)| of(key, id)).collect()
    }

    fn read_as(&self, how: How) -> Read {
        let keys = self.streams[..self.streams.len() / 2].iter().map(kept).collect();
        Read { keys, count: self.count, block: self.block, how }
    }
}

fn patience(arguments: &mut Arguments<'_>) -> Result<Duration, Refusal> {
    let millis = arguments.integer_or("timeout is not an integer or out of range")?;
    let millis = u64::try_from(millis).map_err(|_| Refusal::err("timeout is negative"))?;
    Ok(Duration::from_millis(millis))
}

fn alone(id: &Bytes) -> Result<Alone, Refusal> {
    match &id[..] {
        b"$" => Ok(Alone::BehindAll),
        b"+" => Ok(Alone::FromLast),
        b">" => Err(Refusal::err(
            "The > ID can be specified only when calling XREADGROUP using the GROUP <group> \
             <consumer> option.",
        )),
        id => stream_id(id, 0).map(Alone::Behind).ok_or_else(Refusal::invalid_id),
    }
}

fn in_group(id: &Bytes) -> Result<InGroup, Refusal> {
    match &id[..] {
        b">" => Ok(InGroup::New),
        b"$" => Err(meaningless("$")),
        b"+" => Err(meaningless("+")),
        id => stream_id(id, 0).map(InGroup::Again).ok_or_else(Refusal::invalid_id),
    }
}

fn meaningless(id: &str) -> Refusal {
    Refusal::err(&format!(
        "The {id} ID is meaningless in the context of XREADGROUP: you want to read the history of \
         this consumer by specifying a proper ID, or use the > ID to get new messages. The {id} ID \
         would just return an empty result set."
    ))
}

impl Attempt for Read {
    fn keys(&self) -> Vec<Bytes> {
        self.keys.clone()
    }

    fn attempt(&mut self, at: &mut Scene<'_>) -> Option<Reply> {
        let read = match &mut self.how {
            How::Alone(from) => Ok(read_alone(at, &self.keys, from, self.count)),
            How::InGroup { handing, from, is_retried } => {
                let read =
                    read_in_group(at, &self.keys, (from, *is_retried), (self.count, *handing));
                *is_retried = true;
                read
            }
        };
        match read {
            Ok(read) if read.is_empty() => None,
            Ok(read) => Some(Reply::Pairs(read)),
            Err(Refusal(why)) => Some(Reply::Error(why)),
        }
    }
}

/// A key and what was read there.
type Reads = Vec<(Reply, Reply)>;

fn read_alone(
    at: &Scene<'_>,
    keys: &[Bytes],
    from: &mut [(Readable, Alone)],
    count: usize,
) -> Reads {
    let mut left = RESP_REPLY_RECORDS_MAX;
    let mut reads = Vec::new();
    for (key, (place, from)) in keys.iter().zip(from) {
        let after = match *from {
            Alone::Behind(id) => Some(id),
            Alone::BehindAll => Some(last_of(at, place)),
            Alone::FromLast => ahead_of_last(at, place),
        };
        // What `$` means is settled by the first look, or it would never be behind anything.
        *from = after.map_or(*from, Alone::Behind);
        let found = after.map_or_else(Vec::new, |after| behind(at, place, after, count.min(left)));
        left -= found.len();
        if !found.is_empty() {
            reads.push((Reply::Bulk(key.clone()), records(found)));
        }
    }
    reads
}

fn last_of(at: &Scene<'_>, place: &Readable) -> StreamId {
    match place {
        Readable::Stream(name) => {
            at.state.stream(name).map(|found| found.extent().last_given).unwrap_or_default()
        }
        Readable::Results(lane, name) => {
            let found = results(at, lane, name).unwrap_or_default();
            found.last().map(|(id, _)| *id).unwrap_or_default()
        }
    }
}

/// The place ahead of the last id that was given; none if there is nothing to read.
fn ahead_of_last(at: &Scene<'_>, place: &Readable) -> Option<StreamId> {
    let is_empty = match place {
        Readable::Stream(name) => at.state.stream(name)?.extent().length == 0,
        Readable::Results(lane, name) => results(at, lane, name)?.is_empty(),
    };
    (!is_empty).then(|| ahead(last_of(at, place)))
}

fn behind(
    at: &Scene<'_>,
    place: &Readable,
    after: StreamId,
    count: usize,
) -> Vec<(StreamId, Record)> {
    match place {
        Readable::Stream(name) => {
            let (Some(stream), Some(first)) = (at.state.stream(name), from_behind(after)) else {
                return Vec::new();
            };
            stream.range((first, StreamId::END), count, Order::Forwards)
        }
        Readable::Results(lane, name) => {
            let found = results(at, lane, name).unwrap_or_default().into_iter();
            found.filter(|(id, _)| *id > after).take(count).collect()
        }
    }
}

fn read_in_group(
    at: &mut Scene<'_>,
    keys: &[Bytes],
    (from, is_retried): (&[(Reader, InGroup)], bool),
    (count, handing): (usize, Handing),
) -> Result<Reads, Refusal> {
    for (key, (reader, _)) in keys.iter().zip(from) {
        if at.state.group(&reader.group).is_none() {
            return Err(Refusal::no_group_to_read(key, &reader.group.group));
        }
    }
    let mut left = RESP_REPLY_RECORDS_MAX;
    let mut reads = Vec::new();
    for (key, (reader, from)) in keys.iter().zip(from) {
        ensure_room(at, &reader.group.stream)?;
        if !is_retried {
            at.state.hear_of(at.now, reader);
        }
        let count = count.min(left);
        let found: Vec<Reply> = match from {
            InGroup::New => {
                let found = at.state.read_new(at.now, reader, count, handing);
                found.into_iter().map(super::record).collect()
            }
            InGroup::Again(after) => {
                let found = at.state.read_again(at.now, reader, *after, count);
                found.into_iter().map(given_before).collect()
            }
        };
        left -= found.len();
        if !found.is_empty() || *from != InGroup::New {
            reads.push((Reply::Bulk(key.clone()), Reply::List(found)));
        }
    }
    Ok(reads)
}

/// What nobody acknowledges is kept for ever, so it is bounded.
fn ensure_room(at: &Scene<'_>, stream: &StreamName) -> Result<(), Refusal> {
    let pending: usize = at.state.groups_of(stream).map(|(_, group)| group.pending.len()).sum();
    if pending >= baton_model::limits::PENDING_PER_STREAM_MAX {
        return Err(Refusal::no_room("too much of this stream was delivered and not acknowledged"));
    }
    Ok(())
}

/// What is gone from the stream is named all the same.
fn given_before((place, found): (StreamId, Option<Record>)) -> Reply {
    match found {
        Some(found) => super::record((place, found)),
        None => Reply::List(vec![id(place), Reply::NullList]),
    }
}
