//! HGET and its like: the shapes of apps, which say how many shards and lanes there are, and what
//! consumers say to each other and to operators. No other hash can be read, or exists.

use baton_store::stored;
use bytes::Bytes;

use super::Answer;
use crate::{
    key::{Place, place_of},
    live::Scene,
    resp::{
        arguments::{Arguments, kept},
        refusal::Refusal,
        reply::Reply,
    },
    state::{Full, HashOf},
};

/// `key field`
pub(crate) fn hget(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let fields = fields(at, arguments.next()?)?;
    Ok(value(&fields, arguments.next()?))
}

/// `key field …`
pub(crate) fn hmget(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let fields = fields(at, arguments.next()?)?;
    Ok(Reply::List(arguments.rest().iter().map(|field| value(&fields, field)).collect()))
}

/// `key field`
pub(crate) fn hexists(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let fields = fields(at, arguments.next()?)?;
    let found = value(&fields, arguments.next()?);
    Ok(Reply::Number(i64::from(found != Reply::Null)))
}

/// `key`
pub(crate) fn hgetall(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let fields = fields(at, arguments.next()?)?.into_iter();
    let fields = fields.map(|(field, value)| (Reply::Bulk(field), Reply::Bulk(value)));
    Ok(Reply::Map(fields.collect()))
}

/// `key`
pub(crate) fn hkeys(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let fields = fields(at, arguments.next()?)?.into_iter();
    Ok(Reply::List(fields.map(|(field, _)| Reply::Bulk(field)).collect()))
}

/// `key`
pub(crate) fn hlen(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    Ok(Reply::count(fields(at, arguments.next()?)?.len() as u64))
}

/// `key field value …`
pub(crate) fn hset(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (of, key) = written(arguments.next()?)?;
    let fields = arguments.rest();
    if !fields.len().is_multiple_of(2) {
        return Err(Refusal::arity("hset"));
    }
    let mut new = 0;
    for field in fields.chunks_exact(2) {
        new += u64::from(set(at, (of, &key), (&field[0], &field[1]))?);
    }
    Ok(Reply::count(new))
}

/// `key field …`
pub(crate) fn hdel(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (of, key) = written(arguments.next()?)?;
    let mut hashes = at.hashes();
    let kept = hashes.of_mut(of);
    let gone = arguments.rest().iter().filter(|field| kept.remove(&key, field)).count();
    Ok(Reply::count(gone as u64))
}

/// Sets a field of a hash that consumers write; says whether it is new.
pub(crate) fn set(
    at: &Scene<'_>,
    (of, key): (HashOf, &Bytes),
    (field, value): (&Bytes, &Bytes),
) -> Result<bool, Refusal> {
    let set = at.hashes().of_mut(of).set(key, &kept(field), &kept(value));
    set.map_err(|Full| Refusal::no_room("consumers say too much of themselves"))
}

/// A key of a hash by which consumers lease lanes.
pub(crate) fn readers(key: &Bytes) -> Result<Bytes, Refusal> {
    match written(key)? {
        (HashOf::Readers, key) => Ok(key),
        (HashOf::Handlers, _) => Err(Refusal::no_permission()),
    }
}

/// A key of a hash that consumers write.
fn written(key: &Bytes) -> Result<(HashOf, Bytes), Refusal> {
    let key = kept(key);
    match place_of(&key) {
        Place::Hash(of) => Ok((of, key)),
        Place::Stream(_) | Place::Results(..) | Place::Apps | Place::Baton => {
            Err(Refusal::no_permission())
        }
    }
}

/// Names and values of a hash.
type Fields = Vec<(Bytes, Bytes)>;

fn fields(at: &Scene<'_>, key: &Bytes) -> Result<Fields, Refusal> {
    match place_of(&kept(key)) {
        Place::Apps => {
            let apps = at.state.apps().into_iter();
            let field = |(app, shape): (baton_model::AppName, _)| {
                (Bytes::from(app.to_string()), Bytes::from(stored::app::encode(&shape)))
            };
            Ok(apps.map(field).collect())
        }
        Place::Hash(of) => {
            let hashes = at.hashes();
            Ok(hashes.of(of).all(key).map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        Place::Stream(name) if at.state.stream(&name).is_none() => Ok(Vec::new()),
        Place::Stream(_) | Place::Results(..) => Err(Refusal::wrong_type()),
        Place::Baton => Err(Refusal::no_permission()),
    }
}

fn value(fields: &Fields, name: &Bytes) -> Reply {
    let found = fields.iter().find(|(field, _)| field == name);
    found.map_or(Reply::Null, |(_, value)| Reply::Bulk(value.clone()))
}
