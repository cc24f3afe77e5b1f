//! What the simpler values become.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use baton_model::{Capacity, FleetName, LaneCount, Tier, Weight, Zone, length};
use hyper::Uri;

use super::{
    kind::Kind,
    mistake::Fault,
    nearest::nearest,
    reader::Setting,
    value::{Value, key},
};
use crate::{app::ShardsWanted, token::TokenSource};

/// A text that may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

/// A share of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole(pub(super) u8);

/// How many there are of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

/// A url without anything secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainUrl(pub(super) String);

/// A faulty value of which nothing is worth saying but what is expected.
pub(super) fn wrong() -> Vec<Fault> {
    vec![Fault::default()]
}

/// The text that a value is.
pub(super) fn text(value: &Value) -> Result<&str, Vec<Fault>> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Integer(_) | Value::Other(_) | Value::List(_) | Value::Table(_) => Err(wrong()),
    }
}

/// The items of a list; a single value is a list of one where `kind` says so.
pub(super) fn list(value: &Value) -> Result<&[Value], Vec<Fault>> {
    match value {
        Value::List(items) => Ok(items),
        Value::Text(_) | Value::Integer(_) | Value::Other(_) | Value::Table(_) => Err(wrong()),
    }
}

/// Takes every item of a list, or says what is wrong with each.
pub(super) fn each<'v, T, C: FromIterator<T>>(
    items: &'v [Value],
    read: impl Fn(usize, &'v Value) -> Result<T, Vec<Fault>>,
) -> Result<C, Vec<Fault>> {
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for (at, item) in items.iter().enumerate() {
        match read(at, item) {
            Ok(item) => good.push(item),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(good.into_iter().collect()) } else { Err(faults) }
}

/// What a word stands for.
pub(super) fn word<T: Copy>(value: &Value, words: &[(&'static str, T)]) -> Result<T, Vec<Fault>> {
    let text = text(value)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
    found.ok_or_else(|| {
        let known = words.iter().map(|(word, _)| *word);
        vec![Fault { nearest: nearest(text, known).map(str::to_owned), ..Fault::default() }]
    })
}

/// The number, if it is within the bounds.
pub(super) fn number(value: &Value, kind: Kind) -> Result<i64, Vec<Fault>> {
    let (Kind::Number { least, most } | Kind::NumberOrAuto { least, most }) = kind else {
        return Err(wrong());
    };
    let Value::Integer(number) = value else {
        return Err(wrong());
    };
    if (least..=most).contains(number) { Ok(*number) } else { Err(wrong()) }
}

/// Numbers become what they count; the catalogue's bounds are never wider than the type.
macro_rules! numbers {
    ($($setting:ty: $fit:expr;)*) => {$(
        impl Setting for $setting {
            fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>> {
                let fit: fn(i64) -> Option<$setting> = $fit;
                fit(number(value, kind)?).ok_or_else(wrong)
            }
        }
    )*};
}

numbers! {
    Tier: |number| u8::try_from(number).ok().map(Tier);
    Weight: |number| Some(Weight(u16::try_from(number).ok()?.try_into().ok()?));
    Capacity: |number| u32::try_from(number).ok().map(Capacity);
    LaneCount: |number| Some(LaneCount(u16::try_from(number).ok()?.try_into().ok()?));
    Count: |number| u64::try_from(number).ok().map(Count);
    Whole: |number| u8::try_from(number).ok().map(Whole);
}

/// Names keep to the alphabet of keys and labels.
macro_rules! names {
    ($($name:ty)*) => {$(
        impl Setting for $name {
            fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
                text(value)?.parse().map_err(|_| wrong())
            }
        }
    )*};
}

names! { FleetName Zone }

impl Setting for ShardsWanted {
    fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>> {
        if text(value).is_ok_and(|text| text == "auto") {
            return Ok(Self::Auto);
        }
        let count = u32::try_from(number(value, kind)?).map_err(|_| wrong())?;
        count.try_into().map(Self::Fixed).map_err(|_| wrong())
    }
}

impl Setting for Duration {
    fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>> {
        let Kind::Duration { least, most } = kind else {
            return Err(wrong());
        };
        let duration = length::read(text(value)?).ok_or_else(wrong)?;
        if (least..=most).contains(&duration) { Ok(duration) } else { Err(wrong()) }
    }

    fn canonical(&self, _: &Value) -> Value {
        Value::Text(length::written(*self))
    }
}

impl Setting for Text {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        text(value).map(|text| Self(text.to_owned()))
    }
}

impl Setting for PathBuf {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        match text(value)? {
            "" => Err(wrong()),
            path => Ok(Self::from(path)),
        }
    }
}

impl Setting for SocketAddr {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        text(value)?.parse().map_err(|_| wrong())
    }
}

impl Setting for PlainUrl {
    fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>> {
        let (Kind::Url(schemes), text) = (kind, text(value)?) else {
            return Err(wrong());
        };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_known = uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme));
        let is_plain = is_known && !text.contains(['@', '?', '#']);
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if is_plain && has_host { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

impl Setting for TokenSource {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        source(text(value)?).ok_or_else(wrong)
    }
}

impl Setting for Vec<TokenSource> {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        let one = std::slice::from_ref(value);
        let items = list(value).unwrap_or(one);
        if items.is_empty() {
            return Err(wrong());
        }
        each(items, |_, item| source(text(item)?).ok_or_else(wrong))
    }

    fn canonical(&self, _: &Value) -> Value {
        Value::List(self.iter().map(|source| Value::Text(source.to_string())).collect())
    }
}

/// The place of a secret; none for what may be the secret itself.
fn source(text: &str) -> Option<TokenSource> {
    let source = text.parse().ok().filter(|_| !super::value::looks_secret(text))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match &source {
        TokenSource::Env(name) if !name.chars().all(is_name) => None,
        TokenSource::Env(_) | TokenSource::File(_) => Some(source),
    }
}

/// A fault in an item of a list.
pub(super) fn in_item(at: usize, item: &Value, expected: &str) -> Vec<Fault> {
    let about = match item {
        Value::Text(text) => key(text),
        Value::Integer(_) | Value::Other(_) | Value::List(_) | Value::Table(_) => {
            format!("item {}", at + 1)
        }
    };
    vec![Fault::in_part(about, expected)]
}
