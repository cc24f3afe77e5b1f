//! What an envelope says, by way of `serde_json`: a judge that shares no code with the reader.
//!
//! The property tests and the fuzz target both use it. It reads the whole frame, so it refuses
//! more: a fault behind the place where the reader stops, or within a value that the reader skips.
//! What it accepts, the reader must accept, with the same answer; there are no exceptions.

use std::fmt;

use baton_envelope::{Envelope, EnvelopeError};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// An envelope in plain numbers and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `op`.
    pub(crate) op: u64,
    /// `s`.
    pub(crate) seq: Option<u64>,
    /// `t`.
    pub(crate) name: Option<String>,
    /// `d.guild_id` or `d.id`.
    pub(crate) guild: Option<u64>,
}

impl Answer {
    /// The judge's answer; none if it refuses the frame.
    pub(crate) fn of(frame: &[u8]) -> Option<Self> {
        let envelope: Top = serde_json::from_slice(frame).ok()?;
        let guild = match envelope.name.as_deref() {
            _ if envelope.op != 0 => None,
            None | Some("READY" | "RESUMED" | "USER_UPDATE") => None,
            Some("GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE") => envelope.body.id,
            Some(_) => envelope.body.guild_id,
        };
        Some(Self { op: envelope.op, seq: envelope.seq, name: envelope.name, guild })
    }
}

impl From<Envelope<'_>> for Answer {
    fn from(envelope: Envelope<'_>) -> Self {
        Self {
            op: envelope.op.number(),
            seq: envelope.seq.map(|seq| seq.0),
            name: envelope.name.map(String::from),
            guild: envelope.guild.map(|guild| guild.0),
        }
    }
}

/// Whether the judge accepted a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did, and the reader gave its answer.
    Agreed,
    /// It did not; the reader may have answered all the same.
    Refused,
}

/// Reads a frame both ways.
///
/// # Panics
///
/// If the judge accepts the frame and the reader refuses it or answers something else.
pub(crate) fn compare(frame: &[u8]) -> Verdict {
    let read = Envelope::read(frame).map(Answer::from);
    match Answer::of(frame) {
        Some(answer) => {
            assert_eq!(read, Ok(answer), "{}", frame.escape_ascii());
            Verdict::Agreed
        }
        None => Verdict::Refused,
    }
}

/// Cuts a frame that the judge accepts: what is left is truncated, or the end was not needed.
///
/// # Panics
///
/// If the reader answers something else than it answers for the whole.
pub(crate) fn compare_cut(frame: &[u8], length: usize) {
    let whole = Envelope::read(frame);
    match Envelope::read(&frame[..length]) {
        Err(EnvelopeError::Truncated { at }) => assert_eq!(at, length),
        cut => assert_eq!(cut, whole, "{}", frame[..length].escape_ascii()),
    }
}

struct Top {
    op: u64,
    seq: Option<u64>,
    name: Option<String>,
    body: Body,
}

#[derive(Default)]
struct Body {
    guild_id: Option<u64>,
    id: Option<u64>,
}

/// A snowflake; none for any other value.
struct Snowflake(Option<u64>);

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Top;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a frame")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top, A::Error> {
                let (mut op, mut seq, mut name, mut body) = (None, None, None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "op" if op.is_none() => op = Some(map.next_value()?),
                        "s" if seq.is_none() => seq = Some(map.next_value()?),
                        "t" if name.is_none() => name = Some(map.next_value()?),
                        "d" if body.is_none() => body = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Top {
                    op: op.ok_or_else(|| A::Error::missing_field("op"))?,
                    seq: seq.flatten(),
                    name: name.flatten(),
                    body: body.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The visits of every kind of value that says nothing.
macro_rules! says_nothing {
    ($value:ty, $nothing:expr, $($visit:ident: $kind:ty),*) => {
        type Value = $value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        $(fn $visit<E: Error>(self, _: $kind) -> Result<Self::Value, E> {
            Ok($nothing)
        })*

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            says_nothing!(
                Body, Body::default(),
                visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str
            );

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
                let (mut guild_id, mut id) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "guild_id" if guild_id.is_none() => guild_id = Some(map.next_value()?),
                        "id" if id.is_none() => id = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let number = |found: Option<Snowflake>| found.and_then(|snowflake| snowflake.0);
                Ok(Body { guild_id: number(guild_id), id: number(id) })
            }
        }
        deserializer.deserialize_any(Members)
    }
}

impl<'de> Deserialize<'de> for Snowflake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            says_nothing!(
                Snowflake, Snowflake(None),
                visit_bool: bool, visit_i64: i64, visit_f64: f64
            );

            fn visit_u64<E: Error>(self, number: u64) -> Result<Snowflake, E> {
                Ok(Snowflake(Some(number)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Snowflake, E> {
                let is_digits = text.chars().all(|c| c.is_ascii_digit());
                Ok(Snowflake(text.parse().ok().filter(|_| is_digits)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Snowflake, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Snowflake(None))
            }
        }
        deserializer.deserialize_any(Value)
    }
}
