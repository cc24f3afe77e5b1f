//! The entries that a server answers, read where they lie: most of what a busy consumer does.

use baton_model::StreamId;
use baton_store::{ENTRY_FIELDS, StoreError};
use baton_valkey_link::{Part, Parts};
use bytes::Bytes;

use crate::{
    machine::Arrival,
    seat::{Setback, verdict},
};

/// The entries that a read of one stream has answered.
pub(crate) fn entries_of_stream(mut parts: Parts<'_>) -> Result<Vec<Arrival>, StoreError> {
    if list(&mut parts)? == 0 {
        return Ok(Vec::new());
    }
    pair(&mut parts)?;
    let _key = bulk(&mut parts)?;
    entries(&mut parts)
}

/// The entries behind a script's outcome.
pub(crate) fn taken(mut parts: Parts<'_>) -> Result<Vec<Arrival>, Setback> {
    outcome(&mut parts)?;
    Ok(entries(&mut parts)?)
}

/// What was claimed, and up to where there may be more.
pub(crate) fn claimed(mut parts: Parts<'_>) -> Result<(Vec<Arrival>, Option<StreamId>), Setback> {
    outcome(&mut parts)?;
    let upto = match bulk(&mut parts)? {
        [] => None,
        text => Some(id(text)?),
    };
    Ok((entries(&mut parts)?, upto))
}

fn outcome(parts: &mut Parts<'_>) -> Result<(), Setback> {
    list(parts)?;
    verdict(&String::from_utf8_lossy(bulk(parts)?))
}

/// Delivered for the first time, or with their number of deliveries behind the fields.
fn entries(parts: &mut Parts<'_>) -> Result<Vec<Arrival>, StoreError> {
    (0..list(parts)?).map(|_| entry(parts)).collect()
}

fn entry(parts: &mut Parts<'_>) -> Result<Arrival, StoreError> {
    let length = list(parts)?;
    let id = id(bulk(parts)?)?;
    // An entry that was trimmed between its delivery and this answer has none.
    let fields = fields(parts)?;
    let deliveries = match length {
        2 => 1,
        3 => count(parts)?,
        _ => return Err(StoreError::refused("server answered an entry of another length")),
    };
    Ok(Arrival { id, deliveries, fields })
}

/// All values of an entry lie in one piece of memory: what is taken of them later costs no other.
/// It is the entry's own, so that one that is kept for long keeps no others.
fn fields(parts: &mut Parts<'_>) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
    let length = list(parts)?;
    if !length.is_multiple_of(2) {
        return Err(StoreError::refused("server answered a field without a value"));
    }
    let count = length / 2;
    let mut all = Vec::with_capacity(bytes_ahead(parts.clone().take(length)));
    let mut places = Vec::with_capacity(count);
    for at in 0..count {
        let (name, begin) = (field_name(at, bulk(parts)?), all.len());
        all.extend_from_slice(bulk(parts)?);
        places.push((name, begin..all.len()));
    }
    let all = Bytes::from(all);
    Ok(places.into_iter().map(|(name, place)| (name, all.slice(place))).collect())
}

/// Bytes of the values.
fn bytes_ahead<'a>(pairs: impl Iterator<Item = Part<'a>>) -> usize {
    let values = pairs.skip(1).step_by(2);
    values.map(|value| if let Part::Bulk(bytes) = value { bytes.len() } else { 0 }).sum()
}

/// The same few names come with every entry, mostly in the same order: they are not kept in memory
/// once for each.
fn field_name(at: usize, name: &[u8]) -> Bytes {
    let usual = ENTRY_FIELDS.get(at).into_iter().chain(&ENTRY_FIELDS);
    let known = usual.into_iter().find(|field| field.as_bytes() == name);
    known.map_or_else(|| Bytes::copy_from_slice(name), |field| Bytes::from_static(field.as_bytes()))
}

/// How many elements come next; nothing has none.
fn list(parts: &mut Parts<'_>) -> Result<usize, StoreError> {
    match parts.next() {
        Some(Part::List(length)) => Ok(length),
        Some(Part::Nil) => Ok(0),
        other => Err(unexpected(other, "a list")),
    }
}

fn pair(parts: &mut Parts<'_>) -> Result<(), StoreError> {
    match parts.next() {
        Some(Part::List(2)) => Ok(()),
        other => Err(unexpected(other, "a pair")),
    }
}

fn bulk<'a>(parts: &mut Parts<'a>) -> Result<&'a [u8], StoreError> {
    match parts.next() {
        Some(Part::Bulk(bytes)) => Ok(bytes),
        other => Err(unexpected(other, "bytes")),
    }
}

fn count(parts: &mut Parts<'_>) -> Result<u32, StoreError> {
    match parts.next() {
        Some(Part::Integer(number)) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        other => Err(unexpected(other, "a number of deliveries")),
    }
}

fn id(text: &[u8]) -> Result<StreamId, StoreError> {
    let id = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    id.ok_or_else(|| unexpected(Some(Part::Bulk(text)), "a stream id"))
}

/// Without the bytes: they may be somebody's message.
fn unexpected(part: Option<Part<'_>>, expected: &str) -> StoreError {
    let answered = match part {
        Some(Part::Bulk(_)) => "other bytes",
        Some(Part::Simple(_)) => "a word",
        Some(Part::Error(_)) => "an error",
        Some(Part::Integer(_)) => "a number",
        Some(Part::List(_)) => "a list",
        Some(Part::Nil) => "nothing",
        None => "no more",
    };
    StoreError::refused(format!("server answered {answered}; expected {expected}"))
}

#[cfg(test)]
mod tests {
    use baton_valkey_link::ReplyReader;

    use super::*;

    fn read<T>(reply: &str, read: impl FnOnce(Parts<'_>) -> T) -> T {
        let reply = reply.replace(' ', "\r\n") + "\r\n";
        let mut reader = ReplyReader::default();
        assert_eq!(reader.read(reply.as_bytes()), Ok(true), "{reply}");
        read(reader.parts(reply.as_bytes()))
    }

    fn one(reply: &str) -> Arrival {
        let mut all = read(reply, |mut parts| entries(&mut parts)).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn pairs(arrival: &Arrival) -> Vec<(&str, &str)> {
        let text = |bytes| str::from_utf8(bytes).unwrap();
        arrival.fields.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn an_entry_is_read_with_all_of_its_fields_in_any_order() {
        let fields = "*8 $1 t $1 X $1 v $1 1 $3 new $1 ? $1 d $0 ";
        let read = one(&format!("*1 *3 $3 7-1 {fields} :3"));
        assert_eq!((read.id, read.deliveries), (StreamId { millis: 7, number: 1 }, 3));
        assert_eq!(pairs(&read), [("t", "X"), ("v", "1"), ("new", "?"), ("d", "")]);
    }

    #[test]
    fn an_entry_that_was_trimmed_meanwhile_has_no_fields() {
        assert!(one("*1 *2 $3 7-1 *-1").fields.is_empty());
    }

    #[test]
    fn what_is_kept_of_an_entry_keeps_no_other() {
        let reply = "*2 *2 $3 7-1 *2 $1 d $5 first *2 $3 7-2 *2 $1 d $6 second";
        let mut all = read(reply, |mut parts| entries(&mut parts)).unwrap();
        let (_, kept) = all.remove(0).fields.remove(0);
        drop(all);
        assert!(kept.is_unique(), "{kept:?}");
    }

    #[test]
    fn a_script_says_whether_the_lane_is_ours_and_how_far_it_has_come() {
        let entry = "*1 *2 $3 7-1 *0";
        assert_eq!(read(&format!("*2 $2 ok {entry}"), taken).unwrap().len(), 1);
        assert_eq!(read("*1 $6 fenced", taken), Err(Setback::Fenced));
        let (entries, upto) = read(&format!("*3 $2 ok $3 9-0 {entry}"), claimed).unwrap();
        assert_eq!((entries.len(), upto), (1, Some(StreamId { millis: 9, number: 0 })));
        assert_eq!(read("*3 $2 ok $0  *0", claimed), Ok((Vec::new(), None)));
        assert_eq!(read("*1 $6 fenced", claimed), Err(Setback::Fenced));
    }

    #[test]
    fn nonsense_is_an_error_and_no_panic() {
        for reply in [
            ":1",
            "*1 :1",
            "*1 *1 $1 x",
            "*1 *2 $3 1-1 :1",
            "*1 *3 $3 1-1 *0 $1 1",
            "*1 *4 $3 1-1 *0 :1 :1",
            "*1 *2 $3 1-1 *2 $1 a :1",
            "*1 *2 $3 1-1 *1 $1 a",
        ] {
            assert!(read(reply, |mut parts| entries(&mut parts)).is_err(), "{reply}");
        }
        for reply in ["*1 :1", "*1 *1 $1 s", "*1 *2 :1 *0", "$2 ok"] {
            assert!(read(reply, entries_of_stream).is_err(), "{reply}");
        }
        assert!(read("*-1", entries_of_stream).unwrap().is_empty());
        for reply in ["*0", "*2 :1 *0", "*2 $2 no *0", "$2 ok"] {
            assert!(read(reply, taken).is_err(), "{reply}");
        }
    }
}
