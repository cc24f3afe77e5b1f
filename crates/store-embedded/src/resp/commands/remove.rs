//! XDEL, DEL, EXISTS, TYPE: keys, and single records.

use super::Answer;
use crate::{
    key::{Place, place_of},
    live::Scene,
    resp::{
        arguments::{Arguments, kept},
        keys::owned,
        refusal::Refusal,
        reply::Reply,
    },
};
use bytes::Bytes;

/// `key id …`
pub(crate) fn xdel(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let name = owned(arguments.next()?)?;
    if at.state.stream(&name).is_none() {
        return Ok(Reply::Number(0));
    }
    let mut ids = Vec::new();
    while arguments.len() > 0 {
        ids.push(arguments.id()?);
    }
    Ok(Reply::count(at.state.delete_records(&name, &ids)))
}

/// `key …`
pub(crate) fn del(at: &mut Scene<'_>, arguments: Arguments<'_>) -> Answer {
    let names: Result<Vec<_>, _> = arguments.rest().iter().map(owned).collect();
    let deleted = names?.iter().filter(|name| at.state.delete_stream(name)).count();
    Ok(Reply::count(deleted as u64))
}

/// `key …`
pub(crate) fn exists(at: &mut Scene<'_>, arguments: Arguments<'_>) -> Answer {
    let mut found = 0;
    for key in arguments.rest() {
        found += u64::from(kind(at, key)? != NONE);
    }
    Ok(Reply::count(found))
}

/// `key`
pub(crate) fn kind_of(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    kind(at, arguments.next()?).map(Reply::Simple)
}

const NONE: &str = "none";

fn kind(at: &Scene<'_>, key: &Bytes) -> Result<&'static str, Refusal> {
    let (is_there, kind) = match place_of(&kept(key)) {
        Place::Stream(name) => (at.state.stream(&name).is_some(), "stream"),
        Place::Results(lane, name) => {
            let results = at.results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            (results.records(at.now, &lane, &name).is_some(), "stream")
        }
        Place::Apps => (!at.state.apps().is_empty(), "hash"),
        Place::Hash(of) => (at.hashes().of(of).all(key).next().is_some(), "hash"),
        Place::Baton => return Err(Refusal::no_permission()),
    };
    Ok(if is_there { kind } else { NONE })
}
