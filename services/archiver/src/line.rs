//! An entry as a line of an object.
//!
//! A line is a JSON object: the entry's id in its stream, and the entry's fields under their names,
//! in their order. Whatever is read back is byte for byte what stood in the stream. The frame, `d`,
//! stands in the line as it is, as a JSON value and not as a text, so that a query can look into
//! it.

use std::collections::BTreeSet;

use baton_consumer::LaneEntry;
use baton_model::StreamId;
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use thiserror::Error;

/// What names the entry in its stream. No field of an entry is called so.
const ID: &str = "id";

/// The field whose text is JSON already.
const FRAME: &str = "d";

/// Fields whose texts are numbers.
const NUMBERS: [&str; 6] = ["v", "sh", "s", "sid", "ep", "at"];

/// The largest number that every reader of JSON keeps whole.
const NUMBER_MAX: u64 = 1 << 53;

/// Behind a field's name: its bytes are written in hexadecimal, because JSON could not hold them.
const HEX: &str = "_hex";

/// Why an entry cannot be a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// Two fields of one name, or one that is called as what is written besides.
    #[error("field {0:?} stands in it twice")]
    Twice(String),
    /// A field whose name is no text.
    #[error("a field's name is no UTF-8 text")]
    Name,
}

/// Why a line is no entry.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// It is no JSON object.
    #[error("it is no JSON object")]
    Json(#[source] serde_json::Error),
    /// It has no id, or one that is none.
    #[error("it has no id of an entry")]
    Id,
    /// A field's value is neither text nor number.
    #[error("field {0:?} is neither a text nor a number")]
    Value(String),
}

/// Appends an entry as a line.
///
/// # Errors
/// If it cannot be one; nothing is appended then.
pub fn write(into: &mut Vec<u8>, entry: &LaneEntry) -> Result<(), Unwritable> {
    let begin = into.len();
    let written = write_object(into, entry);
    if written.is_err() {
        into.truncate(begin);
    }
    written
}

fn write_object(into: &mut Vec<u8>, entry: &LaneEntry) -> Result<(), Unwritable> {
    into.extend_from_slice(b"{\"id\":\"");
    into.extend_from_slice(entry.id.to_string().as_bytes());
    into.push(b'"');
    let mut names = BTreeSet::from([ID]);
    for (name, value) in &entry.fields {
        let name = std::str::from_utf8(name).map_err(|_| Unwritable::Name)?;
        if !names.insert(name) {
            return Err(Unwritable::Twice(name.to_owned()));
        }
        into.push(b',');
        write_field(into, name, value);
    }
    into.extend_from_slice(b"}\n");
    Ok(())
}

fn write_field(into: &mut Vec<u8>, name: &str, value: &[u8]) {
    let text = std::str::from_utf8(value).ok().filter(|_| !name.ends_with(HEX));
    match text {
        Some(text) if name == FRAME && is_json_on_a_line(text) => write_raw(into, name, text),
        Some(text) if NUMBERS.contains(&name) && is_number(text) => write_raw(into, name, text),
        Some(text) if name != FRAME => write_raw(into, name, &quoted(text)),
        Some(_) | None => {
            let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            write_raw(into, &format!("{name}{HEX}"), &quoted(&digits));
        }
    }
}

fn write_raw(into: &mut Vec<u8>, name: &str, value: &str) {
    into.extend_from_slice(quoted(name).as_bytes());
    into.push(b':');
    into.extend_from_slice(value.as_bytes());
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|error| unreachable!("a text is JSON: {error}"))
}

/// White space around a value would not be read back, and a line must be one.
fn is_json_on_a_line(text: &str) -> bool {
    let is_whole = |raw: &RawValue| raw.get().len() == text.len();
    !text.contains(['\n', '\r']) && serde_json::from_str::<&RawValue>(text).is_ok_and(is_whole)
}

/// As every writer of JSON writes it: anything else would not come back as it was.
fn is_number(text: &str) -> bool {
    let is_plain = text == "0" || (!text.starts_with(['0', '+']) && !text.is_empty());
    is_plain && text.parse::<u64>().is_ok_and(|number| number <= NUMBER_MAX)
}

/// Reads a line back.
///
/// # Errors
/// If it is not as [`write`] writes it.
pub fn read(line: &[u8]) -> Result<LaneEntry, Unreadable> {
    let Members(members) = serde_json::from_slice(line).map_err(Unreadable::Json)?;
    let mut id = None;
    let mut fields = Vec::with_capacity(members.len());
    for (name, raw) in members {
        if name == ID {
            id = serde_json::from_str::<StreamId>(raw.get()).ok();
        } else {
            fields.push(field(name, raw.get())?);
        }
    }
    Ok(LaneEntry { id: id.ok_or(Unreadable::Id)?, fields })
}

fn field(name: String, raw: &str) -> Result<(Bytes, Bytes), Unreadable> {
    if name == FRAME {
        return Ok((name.into(), Bytes::copy_from_slice(raw.as_bytes())));
    }
    if !raw.starts_with('"') {
        let is_number = raw.bytes().all(|byte| byte.is_ascii_digit());
        let value = Bytes::copy_from_slice(raw.as_bytes());
        return if is_number { Ok((name.into(), value)) } else { Err(Unreadable::Value(name)) };
    }
    let text: String = serde_json::from_str(raw).map_err(Unreadable::Json)?;
    match name.strip_suffix(HEX) {
        None => Ok((name.into(), text.into())),
        Some(of) => {
            let value = from_hex(&text).ok_or_else(|| Unreadable::Value(name.clone()))?;
            Ok((of.to_owned().into(), value.into()))
        }
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.len().is_multiple_of(2).then(|| pairs.map(byte).collect())?
}

/// The members of an object in their order, with their values as they are written.
struct Members<'l>(Vec<(String, &'l RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collecting;

        impl<'de> Visitor<'de> for Collecting {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::with_capacity(12);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collecting)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: StreamId = StreamId { millis: 7, number: 1 };

    fn entry(fields: &[(&str, &[u8])]) -> LaneEntry {
        let field = |(name, value): &(&str, &[u8])| {
            (Bytes::copy_from_slice(name.as_bytes()), Bytes::copy_from_slice(value))
        };
        LaneEntry { id: ID, fields: fields.iter().map(field).collect() }
    }

    fn line(entry: &LaneEntry) -> String {
        let mut line = Vec::new();
        write(&mut line, entry).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_shows_numbers_as_numbers_and_the_frame_as_it_is() {
        let frame = br#"{"t":"X","s":4711,"op":0,"d":{"n":1.00,"u":"\u00e4"}}"#;
        let entry = entry(&[
            ("v", b"1"),
            ("t", b"X"),
            ("s", b"4711"),
            ("sid", b"18446744073709551615"),
            ("g", b"613425648685547541"),
            ("tp", b""),
            ("d", frame),
        ]);
        let expected = r#"{"id":"7-1","v":1,"t":"X","s":4711,"sid":"18446744073709551615","#
            .to_owned()
            + r#""g":"613425648685547541","tp":"","d":{"t":"X","s":4711,"op":0,"#
            + r#""d":{"n":1.00,"u":"\u00e4"}}}"#
            + "\n";
        assert_eq!(line(&entry), expected);
        assert_eq!(read(expected.as_bytes()).unwrap(), entry);
    }

    #[test]
    fn a_frame_that_is_not_json_on_one_line_comes_back_all_the_same() {
        for frame in [&b"{"[..], b" {}", b"{}\n", b"{\n}", b"", b"\xff", b"nul", b"{} {}"] {
            let entry = entry(&[("d", frame)]);
            let line = line(&entry);
            assert!(line.contains("\"d_hex\":\""), "{line}");
            assert_eq!(read(line.as_bytes()).unwrap(), entry, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_afterwards_is_no_line() {
        let twice = entry(&[("t", b"X"), ("t", b"Y")]);
        let mut line = b"before\n".to_vec();
        assert_eq!(write(&mut line, &twice), Err(Unwritable::Twice("t".to_owned())));
        assert!(write(&mut line, &entry(&[("id", b"1-1")])).is_err());
        let nameless =
            LaneEntry { id: ID, fields: vec![(Bytes::from_static(b"\xff"), Bytes::new())] };
        assert_eq!(write(&mut line, &nameless), Err(Unwritable::Name));
        assert_eq!(line, b"before\n", "nothing is left of them");
    }

    #[test]
    fn a_line_that_is_no_entry_says_why() {
        for (line, why) in [
            ("[]", "it is no JSON object"),
            ("{}", "it has no id of an entry"),
            (r#"{"id":7}"#, "it has no id of an entry"),
            (r#"{"id":"7-1","t":null}"#, "field \"t\" is neither a text nor a number"),
            (r#"{"id":"7-1","x_hex":"abc"}"#, "field \"x_hex\" is neither a text nor a number"),
            (r#"{"id":"7-1","x_hex":"zz"}"#, "field \"x_hex\" is neither a text nor a number"),
        ] {
            assert_eq!(read(line.as_bytes()).unwrap_err().to_string(), why, "{line}");
        }
    }

    proptest! {
        #[test]
        fn every_entry_comes_back_byte_for_byte(
            values in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..30),
                    any::<u64>().prop_map(|number| number.to_string().into_bytes()),
                    "[0-9+-]{0,4}".prop_map(String::into_bytes),
                    r#"[\{\}\[\],:" \n0-9a]{0,12}"#.prop_map(String::into_bytes),
                ],
                12,
            ),
        ) {
            let names = ["v", "t", "sh", "s", "sid", "ep", "at", "g", "d", "new", "d_hex", "x\"\n"];
            let fields: Vec<_> =
                names.iter().zip(&values).map(|(name, value)| (*name, &value[..])).collect();
            let entry = entry(&fields);
            let line = line(&entry);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert_eq!(read(line.as_bytes()).unwrap(), entry);
        }
    }
}
