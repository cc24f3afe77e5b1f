//! Answers of a server, in one form for both clients, and what its errors mean.

use baton_store::{StoreError, StreamId};
use baton_valkey_link::server_error;
use bytes::Bytes;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    Nil,
    Int(i64),
    Text(Bytes),
    List(Vec<Reply>),
}

impl Reply {
    /// The elements of a function's answer, and the first of them, which names the outcome.
    pub(crate) fn outcome(&self) -> Result<(&str, &[Self]), StoreError> {
        match self {
            Self::List(elements) => match elements.split_first() {
                Some((outcome, rest)) => Ok((outcome.text()?, rest)),
                None => Err(self.unexpected("an outcome")),
            },
            Self::Nil | Self::Int(_) | Self::Text(_) => Err(self.unexpected("an outcome")),
        }
    }

    pub(crate) fn text(&self) -> Result<&str, StoreError> {
        match self {
            Self::Text(bytes) => {
                std::str::from_utf8(bytes).map_err(|_| self.unexpected("UTF-8 text"))
            }
            Self::Nil | Self::Int(_) | Self::List(_) => Err(self.unexpected("text")),
        }
    }

    /// A stream id; none if there is nothing.
    pub(crate) fn optional_id(&self) -> Result<Option<StreamId>, StoreError> {
        match self.text()? {
            "" => Ok(None),
            id => Ok(Some(id.parse().map_err(|_| self.unexpected("a stream id"))?)),
        }
    }

    pub(crate) fn bytes(&self) -> Result<Bytes, StoreError> {
        match self {
            Self::Text(bytes) => Ok(bytes.clone()),
            Self::Nil | Self::Int(_) | Self::List(_) => Err(self.unexpected("text")),
        }
    }

    pub(crate) fn list(&self) -> Result<&[Self], StoreError> {
        match self {
            Self::List(elements) => Ok(elements),
            Self::Nil | Self::Int(_) | Self::Text(_) => Err(self.unexpected("a list")),
        }
    }

    pub(crate) fn number<N: std::str::FromStr>(&self) -> Result<N, StoreError> {
        self.text()?.parse().map_err(|_| self.unexpected("a number"))
    }

    /// What a command has counted.
    pub(crate) fn count(&self) -> Result<u64, StoreError> {
        match self {
            Self::Int(count) => u64::try_from(*count).map_err(|_| self.unexpected("a count")),
            Self::Nil | Self::Text(_) | Self::List(_) => Err(self.unexpected("a count")),
        }
    }

    /// A flat list of names and values as pairs.
    pub(crate) fn pairs(&self) -> Result<Vec<(&str, &str)>, StoreError> {
        let elements = self.list()?;
        elements.chunks(2).map(|pair| Ok((nth(pair, 0)?.text()?, nth(pair, 1)?.text()?))).collect()
    }

    /// The server answered something else than the functions of this library answer.
    pub(crate) fn unexpected(&self, expected: &str) -> StoreError {
        StoreError::refused(format!("server answered {self:?}; expected {expected}"))
    }
}

/// The element at a place, or an error that says that there is none.
pub(crate) fn nth(elements: &[Reply], at: usize) -> Result<&Reply, StoreError> {
    let missing = || StoreError::refused(format!("server answered no element {at}"));
    elements.get(at).ok_or_else(missing)
}

impl From<fred::types::Value> for Reply {
    fn from(value: fred::types::Value) -> Self {
        use fred::types::Value;
        match value {
            Value::Null | Value::Queued => Self::Nil,
            Value::Boolean(truth) => Self::Int(i64::from(truth)),
            Value::Integer(number) => Self::Int(number),
            Value::Double(number) => Self::Text(Bytes::from(number.to_string())),
            Value::String(text) => Self::Text(Bytes::copy_from_slice(text.as_bytes())),
            Value::Bytes(bytes) => Self::Text(bytes),
            Value::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Value::Map(map) => {
                let flat = map.inner().into_iter().flat_map(|(key, value)| {
                    [Self::Text(key.as_bytes().to_vec().into()), Self::from(value)]
                });
                Self::List(flat.collect())
            }
        }
    }
}

impl TryFrom<redis::Value> for Reply {
    type Error = StoreError;

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the enum is open, and what it may grow is not what the functions answer"
    )]
    fn try_from(value: redis::Value) -> Result<Self, StoreError> {
        use redis::Value;
        Ok(match value {
            Value::Nil => Self::Nil,
            Value::Int(number) => Self::Int(number),
            Value::BulkString(bytes) => Self::Text(Bytes::from(bytes)),
            Value::SimpleString(text) => Self::Text(Bytes::from(text)),
            Value::Okay => Self::Text(Bytes::from_static(b"OK")),
            Value::Array(values) => {
                Self::List(values.into_iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            Value::ServerError(error) => {
                let text = format!("{} {}", error.code(), error.details().unwrap_or_default());
                return Err(server_error(&text));
            }
            other => return Err(StoreError::refused(format!("server answered {other:?}"))),
        })
    }
}

/// What an error of fred's means.
pub(crate) fn fred_error(error: &fred::error::Error) -> StoreError {
    use fred::error::ErrorKind;
    let details = error.details();
    if is_server_text(details) {
        return server_error(details);
    }
    match error.kind() {
        ErrorKind::Auth => server_error(&auth_text(details)),
        ErrorKind::Config | ErrorKind::Url | ErrorKind::Tls => StoreError::refused(details),
        ErrorKind::Routing | ErrorKind::Sentinel | ErrorKind::Backpressure => {
            StoreError::unavailable(details)
        }
        ErrorKind::IO
        | ErrorKind::Canceled
        | ErrorKind::Timeout
        | ErrorKind::Protocol
        | ErrorKind::Parse
        | ErrorKind::NotFound
        | ErrorKind::Cluster
        | ErrorKind::Unknown
        | ErrorKind::InvalidCommand
        | ErrorKind::InvalidArgument => StoreError::unknown(details),
    }
}

/// A server's errors begin with a code in capitals; fred's own begin with a word.
fn is_server_text(details: &str) -> bool {
    let code = details.split_whitespace().next().unwrap_or_default();
    code.len() > 1 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn auth_text(details: &str) -> String {
    match details.split_whitespace().next() {
        Some("NOAUTH" | "WRONGPASS" | "NOPERM") => details.to_owned(),
        Some(_) | None => format!("WRONGPASS {details}"),
    }
}
