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
    match value {
        Value::BulkString(bytes) => {
            std::str::from_utf8(bytes).map_err(|_| unexpected(value, "UTF-8 text"))
        }
        Value::SimpleString(text) => Ok(text),
        other => Err(unexpected(other, "text")),
    }
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
    let flat = list(parts.next().unwrap_or(Value::Nil))?;
    let mut fields = Vec::with_capacity(flat.len() / 2);
    let mut flat = flat.into_iter();
    while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
        fields.push((field_name(bytes(name)?), bytes(value)?));
    }
    let deliveries = match parts.next() {
        Some(Value::Int(count)) => u32::try_from(count).unwrap_or(u32::MAX),
        Some(other) => return Err(unexpected(&other, "a number of deliveries")),
        None => 1,
    };
    Ok(Arrival { id, deliveries, fields })
}

/// The same few names come with every entry: they are not kept in memory once for each.
fn field_name(name: Bytes) -> Bytes {
    let known = ENTRY_FIELDS.iter().find(|field| field.as_bytes() == name);
    known.map_or(name, |field| Bytes::from_static(field.as_bytes()))
}

fn bytes(value: Value) -> Result<Bytes, StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(Bytes::from(bytes)),
        Value::SimpleString(text) => Ok(Bytes::from(text)),
        other => Err(unexpected(&other, "bytes")),
    }
}

fn unexpected(value: &Value, expected: &str) -> StoreError {
    StoreError::refused(format!("server answered {value:?}; expected {expected}"))
}
