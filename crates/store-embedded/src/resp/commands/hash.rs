//! HGET and its like: the shapes of apps, which say how many shards and lanes there are.

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
};

/// `key field`
pub(crate) fn hget(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let apps = apps(at, arguments.next()?)?;
    Ok(value(&apps, arguments.next()?))
}

/// `key field …`
pub(crate) fn hmget(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let apps = apps(at, arguments.next()?)?;
    Ok(Reply::List(arguments.rest().iter().map(|field| value(&apps, field)).collect()))
}

/// `key field`
pub(crate) fn hexists(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let apps = apps(at, arguments.next()?)?;
    let found = value(&apps, arguments.next()?);
    Ok(Reply::Number(i64::from(found != Reply::Null)))
}

/// `key`
pub(crate) fn hgetall(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let apps = apps(at, arguments.next()?)?.into_iter();
    let fields = apps.map(|(app, shape)| (Reply::text(app), Reply::text(shape)));
    Ok(Reply::Map(fields.collect()))
}

/// `key`
pub(crate) fn hkeys(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let apps = apps(at, arguments.next()?)?.into_iter();
    Ok(Reply::List(apps.map(|(app, _)| Reply::text(app)).collect()))
}

/// `key`
pub(crate) fn hlen(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    Ok(Reply::count(apps(at, arguments.next()?)?.len() as u64))
}

/// The names of the apps with their shapes; no other hash can be read, or exists.
fn apps(at: &Scene<'_>, key: &Bytes) -> Result<Vec<(String, String)>, Refusal> {
    match place_of(&kept(key)) {
        Place::Apps => {
            let apps = at.state.apps().into_iter();
            Ok(apps.map(|(app, shape)| (app.to_string(), stored::app::encode(&shape))).collect())
        }
        Place::Stream(name) if at.state.stream(&name).is_none() => Ok(Vec::new()),
        Place::Stream(_) | Place::Results(..) => Err(Refusal::wrong_type()),
        Place::Baton => Err(Refusal::no_permission()),
    }
}

fn value(apps: &[(String, String)], field: &Bytes) -> Reply {
    let found = apps.iter().find(|(app, _)| app.as_bytes() == field);
    found.map_or(Reply::Null, |(_, shape)| Reply::text(shape.clone()))
}
