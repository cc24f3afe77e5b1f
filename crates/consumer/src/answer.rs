//! What the server answers, as the machine is told it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open, and what it may grow is not what is asked for here"
)]

use baton_model::StreamId;
use baton_store::{ENTRY_FIELDS, StoreError};
use bytes::Bytes;
use redis::Value;

use crate::machine::Arrival;

/// The elements of a list; nothing has none.
pub(crate) fn list(value: Value) -> Result<Vec<Value>, StoreError> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Nil => Ok(Vec::new()),
        other => Err(unexpected(&other, "a list")),
    }
}

pub(crate) fn text(value: &Value) -> Result<&str, StoreError> {
    std::str::from_utf8(raw(value)?).map_err(|_| unexpected(value, "UTF-8 text"))
}

pub(crate) fn id(value: &Value) -> Result<StreamId, StoreError> {
    text(value)?.parse().map_err(|_| unexpected(value, "a stream id"))
}

/// The entries that `XREADGROUP` of one stream has answered.
pub(crate) fn entries_of_stream(value: Value) -> Result<Vec<Arrival>, StoreError> {
    let Some(stream) = list(value)?.into_iter().next() else {
        return Ok(Vec::new());
    };
    entries(list(stream)?.into_iter().nth(1).unwrap_or(Value::Nil))
}

/// Entries, delivered for the first time or with their number of deliveries behind the fields.
pub(crate) fn entries(value: Value) -> Result<Vec<Arrival>, StoreError> {
    list(value)?.into_iter().map(entry).collect()
}

fn entry(value: Value) -> Result<Arrival, StoreError> {
    let mut parts = list(value)?.into_iter();
    let id = id(&parts.next().unwrap_or(Value::Nil))?;
    // An entry that was trimmed between its delivery and this answer has none.
    let fields = fields(&list(parts.next().unwrap_or(Value::Nil))?)?;
    let deliveries = match parts.next() {
        Some(Value::Int(count)) => u32::try_from(count).unwrap_or(u32::MAX),
        Some(other) => return Err(unexpected(&other, "a number of deliveries")),
        None => 1,
    };
    Ok(Arrival { id, deliveries, fields })
}

/// All values of an entry lie in one piece of memory: what is taken of them later costs no other.
fn fields(flat: &[Value]) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
    let mut all = Vec::new();
    let mut places = Vec::with_capacity(flat.len() / 2);
    for (at, pair) in flat.chunks_exact(2).enumerate() {
        let (name, value) = (raw(&pair[0])?, raw(&pair[1])?);
        let begin = all.len();
        all.extend_from_slice(value);
        places.push((field_name(at, name), begin..all.len()));
    }
    let all = Bytes::from(all);
    Ok(places.into_iter().map(|(name, place)| (name, all.slice(place))).collect())
}

/// The same few names come with every entry, mostly in the same order: they are not kept in memory
/// once for each.
fn field_name(at: usize, name: &[u8]) -> Bytes {
    let usual = ENTRY_FIELDS.get(at).into_iter().chain(&ENTRY_FIELDS);
    let known = usual.into_iter().find(|field| field.as_bytes() == name);
    known.map_or_else(|| Bytes::copy_from_slice(name), |field| Bytes::from_static(field.as_bytes()))
}

fn raw(value: &Value) -> Result<&[u8], StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.as_bytes()),
        other => Err(unexpected(other, "bytes")),
    }
}

fn unexpected(value: &Value, expected: &str) -> StoreError {
    StoreError::refused(format!("server answered {value:?}; expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn pairs(arrival: &Arrival) -> Vec<(&str, &str)> {
        let text = |bytes: &'static [u8]| std::str::from_utf8(bytes).unwrap();
        let own = |bytes: &Bytes| text(Box::leak(bytes.to_vec().into_boxed_slice()));
        arrival.fields.iter().map(|(name, value)| (own(name), own(value))).collect()
    }

    #[test]
    fn an_entry_is_read_with_all_of_its_fields_in_any_order() {
        let flat = ["t", "X", "v", "1", "new", "?", "d", ""].map(bulk).to_vec();
        let value = Value::Array(vec![bulk("7-1"), Value::Array(flat), Value::Int(3)]);
        let read = entries(Value::Array(vec![value])).unwrap();
        assert_eq!((read[0].id, read[0].deliveries), (StreamId { millis: 7, number: 1 }, 3));
        assert_eq!(pairs(&read[0]), [("t", "X"), ("v", "1"), ("new", "?"), ("d", "")]);
    }

    #[test]
    fn an_entry_that_was_trimmed_meanwhile_has_no_fields() {
        let value = Value::Array(vec![bulk("7-1"), Value::Nil]);
        let read = entries(Value::Array(vec![value])).unwrap();
        assert!(read[0].fields.is_empty());
    }

    #[test]
    fn nonsense_is_an_error_and_no_panic() {
        for value in [
            Value::Int(1),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::Array(vec![bulk("x")])]),
            Value::Array(vec![Value::Array(vec![bulk("1-1"), Value::Int(1)])]),
        ] {
            assert!(entries(value.clone()).is_err(), "{value:?}");
        }
        assert!(entries_of_stream(Value::Nil).unwrap().is_empty());
    }
}
