//! What the server answers, but for entries.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open, and what it may grow is not what is asked for here"
)]

use baton_model::StreamId;
use baton_store::StoreError;
use redis::Value;

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
