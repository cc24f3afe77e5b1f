//! Entries and commands as flat lists of string fields, which is how a stream holds them.

use std::{borrow::Cow, str::FromStr};

use baton_model::TraceParent;
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

/// The version of the contract, in field `v` of every entry and command. Readers refuse a version
/// that they do not know and ignore fields that they do not know.
pub const FORMAT: u32 = 1;

/// Why fields are no entry, or no command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum FieldsError {
    /// A field that is always there is missing.
    #[error("there is no field {0:?}")]
    Missing(Cow<'static, str>),
    /// A field holds something else than it should.
    #[error("field {field:?} holds {found:?}; expected {expected}")]
    Malformed {
        /// Which field.
        field: Cow<'static, str>,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: Cow<'static, str>,
    },
    /// It was written by a newer Baton, in a format that this one does not know.
    #[error("it has format {0}; this Baton knows {FORMAT}")]
    Format(u32),
}

/// The fields that are known, out of all that were found, whatever their order.
pub(crate) struct Fields<const N: usize> {
    known: &'static [&'static str; N],
    found: [Option<Bytes>; N],
}

impl<const N: usize> Fields<N> {
    /// Takes the known fields and checks the format.
    pub(crate) fn read<'a>(
        known: &'static [&'static str; N],
        fields: impl IntoIterator<Item = (&'a [u8], Bytes)>,
    ) -> Result<Self, FieldsError> {
        let fields = Self::of_any_format(known, fields);
        fields.ensure_format()?;
        Ok(fields)
    }

    /// Takes the known fields, whatever they hold.
    pub(crate) fn of_any_format<'a>(
        known: &'static [&'static str; N],
        fields: impl IntoIterator<Item = (&'a [u8], Bytes)>,
    ) -> Self {
        let mut found = [const { None }; N];
        for (name, value) in fields {
            if let Some(place) = known.iter().position(|known| known.as_bytes() == name) {
                found[place] = Some(value);
            }
        }
        Self { known, found }
    }

    pub(crate) fn ensure_format(&self) -> Result<(), FieldsError> {
        match self.number("v")? {
            FORMAT => Ok(()),
            newer => Err(FieldsError::Format(newer)),
        }
    }

    pub(crate) fn bytes(&self, field: &'static str) -> Result<Bytes, FieldsError> {
        let place = self.known.iter().position(|known| *known == field);
        place.and_then(|place| self.found[place].clone()).ok_or(FieldsError::Missing(field.into()))
    }

    pub(crate) fn text(&self, field: &'static str) -> Result<String, FieldsError> {
        let bytes = self.bytes(field)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| malformed(field, &bytes, "text"))
    }

    pub(crate) fn number<T: FromStr>(&self, field: &'static str) -> Result<T, FieldsError> {
        self.parse(field, "a whole number")
    }

    pub(crate) fn optional_number(&self, field: &'static str) -> Result<Option<u64>, FieldsError> {
        if self.bytes(field)?.is_empty() {
            return Ok(None);
        }
        self.number(field).map(Some)
    }

    /// The error about a field whose text makes no sense to the caller.
    pub(crate) fn unexpected(&self, field: &'static str, expected: &'static str) -> FieldsError {
        malformed(field, &self.bytes(field).unwrap_or_default(), expected)
    }

    pub(crate) fn trace(&self) -> Result<Option<TraceParent>, FieldsError> {
        if self.bytes("tp")?.is_empty() {
            return Ok(None);
        }
        self.parse("tp", "a traceparent or nothing").map(Some)
    }

    fn parse<T: FromStr>(
        &self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<T, FieldsError> {
        let bytes = self.bytes(field)?;
        let parsed = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| malformed(field, &bytes, expected))
    }
}

/// A field that holds something else than it should; only the beginning of it is shown.
pub(crate) fn malformed(field: &'static str, found: &[u8], expected: &'static str) -> FieldsError {
    const SHOWN_MAX: usize = 80;
    let shown = &found[..found.len().min(SHOWN_MAX)];
    FieldsError::Malformed {
        field: field.into(),
        found: String::from_utf8_lossy(shown).into_owned(),
        expected: expected.into(),
    }
}

/// Something that stands in a stream as JSON, behind the version.
pub(crate) fn json_fields<T: Serialize>(
    [version, body]: [&'static str; 2],
    value: &T,
) -> [(&'static str, Bytes); 2] {
    let json =
        serde_json::to_vec(value).unwrap_or_else(|error| unreachable!("it is plain data: {error}"));
    [(version, decimal(u64::from(FORMAT))), (body, Bytes::from(json))]
}

/// Reads what [`json_fields`] has made.
pub(crate) fn read_json<'a, T: DeserializeOwned>(
    known: &'static [&'static str; 2],
    fields: impl IntoIterator<Item = (&'a [u8], Bytes)>,
    expected: &'static str,
) -> Result<T, FieldsError> {
    let body = Fields::read(known, fields)?.bytes(known[1])?;
    serde_json::from_slice(&body).map_err(|_| malformed(known[1], &body, expected))
}

/// A number as a field's value.
pub(crate) fn decimal(number: u64) -> Bytes {
    Bytes::from(number.to_string())
}
