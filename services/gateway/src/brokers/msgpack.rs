//! JSON as MessagePack, in one pass.
//!
//! Nothing is built in between: what the parser meets is written at once. How many elements a list
//! has stands before them and is known behind them, so a header is made as small as can be and
//! grows when it has to.
//!
//! The measure is what a program in JavaScript sees: it should find just what `JSON.parse` would
//! have given it. So of equal keys the last counts there, whole numbers keep all their digits, and
//! a number with a fraction is the nearest double.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A key that the package's decoder refuses, and with it the entry that it is in.
const FORBIDDEN_KEY: &str = "__proto__";

/// The headers of a list or a map by its length: up to 15, up to 16 bits, up to 32 bits.
struct Headers {
    small: u8,
    medium: u8,
    large: u8,
}

const LIST: Headers = Headers { small: 0x90, medium: 0xdc, large: 0xdd };
const MAP: Headers = Headers { small: 0x80, medium: 0xde, large: 0xdf };

/// Appends a JSON text as MessagePack.
///
/// # Errors
/// If it is no JSON, or has a key that would not be read. What was appended until then means
/// nothing.
pub fn append_json(out: &mut Vec<u8>, json: &[u8]) -> Result<(), serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(json);
    Pack(out).deserialize(&mut parser)?;
    parser.end()
}

/// Appends a text.
pub fn append_text(out: &mut Vec<u8>, text: &str) {
    let written = rmp::encode::write_str(out, text);
    written.unwrap_or_else(|error| unreachable!("memory takes what is written: {error}"));
}

/// Appends a whole number.
pub fn append_whole(out: &mut Vec<u8>, number: u64) {
    let written = rmp::encode::write_uint(out, number);
    written.unwrap_or_else(|error| unreachable!("memory takes what is written: {error}"));
}

/// Appends the header of a map with so many entries, at most 15.
pub fn append_small_map(out: &mut Vec<u8>, entries: u8) {
    assert!(entries <= 15, "{entries} entries are no small map");
    out.push(MAP.small | entries);
}

/// Whatever value comes next.
struct Pack<'o>(&'o mut Vec<u8>);

/// The next key of a map.
struct PackKey<'o>(&'o mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Pack<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pack<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.push(0xc0);
        Ok(())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.0.push(if truth { 0xc3 } else { 0xc2 });
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        append_whole(self.0, number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        rmp::encode::write_sint(self.0, number).map_err(E::custom)?;
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        rmp::encode::write_f64(self.0, number).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        append_text(self.0, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let header = open(self.0);
        let mut length = 0;
        while list.next_element_seed(Pack(self.0))?.is_some() {
            length += 1;
        }
        close(self.0, header, &LIST, length);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let header = open(self.0);
        let mut length = 0;
        while map.next_key_seed(PackKey(self.0))?.is_some() {
            map.next_value_seed(Pack(self.0))?;
            length += 1;
        }
        close(self.0, header, &MAP, length);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for PackKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for PackKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        if key == FORBIDDEN_KEY {
            return Err(E::custom("its readers refuse the key __proto__"));
        }
        append_text(self.0, key);
        Ok(())
    }
}

/// Keeps room for a header, and answers where it is.
fn open(out: &mut Vec<u8>) -> usize {
    out.push(0);
    out.len() - 1
}

/// Writes the header of what has grown behind it.
fn close(out: &mut Vec<u8>, at: usize, headers: &Headers, length: usize) {
    match (u8::try_from(length), u16::try_from(length), u32::try_from(length)) {
        (Ok(length @ 0..=15), _, _) => out[at] = headers.small | length,
        (_, Ok(length), _) => {
            let [high, low] = length.to_be_bytes();
            out.splice(at..=at, [headers.medium, high, low]);
        }
        (_, _, Ok(length)) => {
            let [first, second, third, fourth] = length.to_be_bytes();
            out.splice(at..=at, [headers.large, first, second, third, fourth]);
        }
        _ => unreachable!("no frame has {length} elements"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn packed(json: &str) -> Vec<u8> {
        let mut out = Vec::new();
        append_json(&mut out, json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
        out
    }

    /// What another's decoder makes of it.
    fn read_again(json: &str) -> Value {
        rmp_serde::from_slice(&packed(json)).expect("MessagePack")
    }

    #[test]
    fn every_kind_of_value_has_its_shortest_form() {
        for (json, bytes) in [
            ("null", &[0xc0][..]),
            ("false", &[0xc2]),
            (" true ", &[0xc3]),
            ("0", &[0]),
            ("127", &[0x7f]),
            ("128", &[0xcc, 0x80]),
            ("-1", &[0xff]),
            ("-33", &[0xd0, 0xdf]),
            ("65536", &[0xce, 0, 1, 0, 0]),
            ("18446744073709551615", &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255]),
            ("-9223372036854775808", &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            ("1.5", &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            (r#""""#, &[0xa0]),
            (r#""\u00e4\n""#, &[0xa3, 0xc3, 0xa4, 0x0a]),
            (r#""\ud83d\ude00""#, &[0xa4, 0xf0, 0x9f, 0x98, 0x80]),
            ("[]", &[0x90]),
            ("{}", &[0x80]),
            (r#"{"a":[1,{"b":null}]}"#, &[0x81, 0xa1, b'a', 0x92, 1, 0x81, 0xa1, b'b', 0xc0]),
        ] {
            assert_eq!(packed(json), bytes, "{json}");
        }
    }

    #[test]
    fn a_header_grows_with_what_is_behind_it() {
        for length in [15, 16, 65_535, 65_536] {
            let list: Vec<_> = (0..length).map(|at: u32| at % 100).collect();
            let json = serde_json::to_string(&[&list]).unwrap();
            assert_eq!(read_again(&json), serde_json::to_value([&list]).unwrap(), "{length}");
            let map: serde_json::Map<_, _> = list
                .iter()
                .enumerate()
                .map(|(at, value)| (at.to_string(), (*value).into()))
                .collect();
            let json = serde_json::to_string(&map).unwrap();
            assert_eq!(read_again(&json), Value::Object(map), "{length}");
        }
    }

    #[test]
    fn a_number_with_a_fraction_is_the_nearest_double() {
        // Read carelessly, these are off by one in the last place.
        for text in [
            "0.1",
            "2.2250738585072014e-308",
            "1.00000000000000011102230246251565",
            "9007199254740993.5",
        ] {
            let expected: f64 = text.parse().unwrap();
            let found = read_again(text).as_f64().unwrap();
            assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_or_would_not_be_read_is_refused() {
        for json in
            ["", "{", "[1,]", "{} {}", "nul", r#"{"a":{"__proto__":1}}"#, "1e999", "\"\u{1}\""]
        {
            let refused = append_json(&mut Vec::new(), json.as_bytes());
            assert!(refused.is_err(), "{json}");
        }
        let deep = "[".repeat(5_000);
        assert!(append_json(&mut Vec::new(), deep.as_bytes()).is_err());
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("no JSON", |it| it.is_finite()).prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 20, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
                proptest::collection::btree_map(".{0,10}", inner, 0..20)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn anything_is_read_again_as_it_was(value in json()) {
            prop_assert_eq!(read_again(&value.to_string()), value);
        }
    }
}
