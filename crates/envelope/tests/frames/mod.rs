//! Frames for the property tests: well-formed ones in every dress, and what becomes of them when
//! something bites into them.

use proptest::{collection::vec, prelude::*, sample::select};

/// A JSON value as it is written: numbers keep their form, objects keep equal keys.
#[derive(Debug, Clone)]
enum Value {
    /// A number or a literal.
    Token(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// Words that the reader looks for, so that look-alikes are frequent at every depth.
const KEYS: [&str; 9] = ["t", "s", "op", "d", "id", "guild_id", "", "author", "\"op\":7,"];

const NAMES: [&str; 9] = [
    "MESSAGE_CREATE",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_MEMBER_ADD",
    "READY",
    "RESUMED",
    "USER_UPDATE",
    "ünïcode \"{[\\\n😀",
];

const NUMBERS: [&str; 11] = [
    "0",
    "1",
    "42",
    "-1",
    "-0",
    "1.0",
    "1e3",
    "4E-2",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678",
];

/// A frame that is well-formed JSON; most of them have an envelope.
pub(crate) fn well_formed() -> impl Strategy<Value = Vec<u8>> {
    let more = vec(prop_oneof![envelope_member(), member()], 0..3);
    (envelope(), more, any::<Vec<u8>>())
        .prop_flat_map(|(envelope, more, choices)| {
            let members = [envelope, more].concat();
            (Just(members).prop_shuffle(), Just(choices))
        })
        .prop_map(|(members, choices)| Writer::new(&choices).write(&Value::Object(members)))
}

/// A well-formed frame with some of its bytes replaced, removed or put in.
pub(crate) fn bitten() -> impl Strategy<Value = Vec<u8>> {
    let bite = (any::<proptest::sample::Index>(), punctuation(), 0..3);
    (well_formed(), vec(bite, 1..5)).prop_map(|(mut frame, bites)| {
        for (index, byte, kind) in bites {
            if frame.is_empty() {
                break;
            }
            let at = index.index(frame.len());
            match kind {
                0 => frame[at] = byte,
                1 => drop(frame.remove(at)),
                _ => frame.insert(at, byte),
            }
        }
        frame
    })
}

/// Bytes that are sometimes nearly JSON.
pub(crate) fn noise() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![3 => punctuation(), 1 => any::<u8>()], 0..200)
}

fn punctuation() -> impl Strategy<Value = u8> {
    select(b"\"\\{}[]:, \n0e-ntsdopu\xff".as_slice())
}

/// The four members that make an envelope, each mostly of the right kind.
fn envelope() -> impl Strategy<Value = Vec<(String, Value)>> {
    let named = |key: &'static str| move |value| (key.to_owned(), value);
    (
        op().prop_map(named("op")),
        seq().prop_map(named("s")),
        name().prop_map(named("t")),
        body().prop_map(named("d")),
        0..16_u8,
    )
        .prop_map(|(op, seq, name, body, left_out)| {
            let members = [op, seq, name, body].into_iter().enumerate();
            // One frame in sixteen each lacks one of them.
            let kept = members.filter(|(index, _)| *index != usize::from(left_out));
            kept.map(|(_, member)| member).collect()
        })
}

/// A second one of an envelope's members, which must not count.
fn envelope_member() -> impl Strategy<Value = (String, Value)> {
    (select(&KEYS[..4]), prop_oneof![op(), seq(), name(), body()])
        .prop_map(|(key, value)| (key.to_owned(), value))
}

fn member() -> impl Strategy<Value = (String, Value)> {
    let key = prop_oneof![select(KEYS.as_slice()).prop_map(str::to_owned), any::<String>()];
    (key, value())
}

fn op() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => Just(Value::Token("0".to_owned())),
        4 => (0..12_u8).prop_map(|op| Value::Token(op.to_string())),
        1 => value(),
    ]
}

fn seq() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => any::<u64>().prop_map(|seq| Value::Token(seq.to_string())),
        3 => Just(Value::Token("null".to_owned())),
        1 => value(),
    ]
}

fn name() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => select(NAMES.as_slice()).prop_map(|name| Value::Text(name.to_owned())),
        2 => any::<String>().prop_map(Value::Text),
        2 => Just(Value::Token("null".to_owned())),
        1 => value(),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let members = vec(prop_oneof![member(), id_member()], 0..8);
    prop_oneof![8 => members.prop_map(Value::Object), 1 => value()]
}

fn id_member() -> impl Strategy<Value = (String, Value)> {
    let id = any::<u64>().prop_map(|id| id.to_string());
    let id = prop_oneof![
        6 => id.clone().prop_map(Value::Text),
        2 => id.prop_map(Value::Token),
        1 => Just(Value::Token("null".to_owned())),
        1 => value(),
    ];
    (select(&KEYS[4..6]), id).prop_map(|(key, id)| (key.to_owned(), id))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(["null", "true", "false"].as_slice()).prop_map(|word| Value::Token(word.to_owned())),
        select(NUMBERS.as_slice()).prop_map(|number| Value::Token(number.to_owned())),
        select(KEYS.as_slice()).prop_map(|text| Value::Text(text.to_owned())),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof![select(KEYS.as_slice()).prop_map(str::to_owned), any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((key, inner), 0..6).prop_map(Value::Object),
        ]
    })
}

/// Writes a value in one of the many ways JSON allows, by a list of choices.
struct Writer<'a> {
    choices: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    text: String,
}

impl<'a> Writer<'a> {
    fn new(choices: &'a [u8]) -> Self {
        // Without choices, everything is written in the plainest way.
        let choices = if choices.is_empty() { &[255] } else { choices };
        Self { choices: choices.iter().cycle(), text: String::new() }
    }

    fn write(mut self, value: &Value) -> Vec<u8> {
        self.value(value);
        self.text.into_bytes()
    }

    fn choose(&mut self) -> u8 {
        self.choices.next().copied().unwrap_or_default()
    }

    fn value(&mut self, value: &Value) {
        self.space();
        match value {
            Value::Token(token) => self.text.push_str(token),
            Value::Text(text) => self.string(text),
            Value::Array(elements) => self.list(['[', ']'], elements, Self::value),
            Value::Object(members) => self.list(['{', '}'], members, Self::member),
        }
        self.space();
    }

    fn list<T>(&mut self, [open, close]: [char; 2], items: &[T], write: fn(&mut Self, &T)) {
        self.text.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            write(self, item);
        }
        self.space();
        self.text.push(close);
    }

    fn member(&mut self, (key, value): &(String, Value)) {
        self.space();
        self.string(key);
        self.space();
        self.text.push(':');
        self.value(value);
    }

    fn space(&mut self) {
        let space = match self.choose() {
            0..16 => " ",
            16..24 => "\n\t",
            24..28 => "\r\n        ",
            _ => "",
        };
        self.text.push_str(space);
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            let escape = match character {
                '"' | '\\' => format!("\\{character}"),
                '\n' => "\\n".to_owned(),
                '\0'..'\x20' => escaped(character),
                '/' if self.choose() < 64 => "\\/".to_owned(),
                _ if self.choose() < 8 => escaped(character),
                _ => character.to_string(),
            };
            self.text.push_str(&escape);
        }
        self.text.push('"');
    }
}

/// The character by its number; as two numbers if one does not do.
fn escaped(character: char) -> String {
    let units = character.encode_utf16(&mut [0; 2]).to_vec();
    units.into_iter().map(|unit| format!("\\u{unit:04x}")).collect()
}
