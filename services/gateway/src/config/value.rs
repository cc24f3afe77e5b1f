//! A value as somebody wrote it, before anybody has judged it.
//!
//! It may be a token in the wrong place, so it is shown with care: what looks like a secret is left
//! out wherever it stands.

use std::{collections::BTreeMap, fmt};

use toml::de::DeValue;

/// How much of a long text is shown.
const SHOWN_CHARS_MAX: usize = 60;

/// What stands for a text that is not shown.
pub(super) const NOT_SHOWN: &str = "(not shown)";

/// A value of the file, of a variable or a default.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text in quotes, or all of a variable.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A fraction, a date, a truth value or a number beyond all bounds, as it was written: no
    /// option takes one.
    Other(String),
    /// Several, in order.
    List(Vec<Value>),
    /// Several, by name.
    Table(BTreeMap<String, Value>),
}

impl Value {
    /// Reads a value from TOML's text; none if it is not TOML.
    pub(super) fn parse(toml: &str) -> Option<Self> {
        DeValue::parse(toml).ok().map(|value| Self::from_toml(value.get_ref()))
    }

    /// Takes over what the parser found.
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Self::Integer(number),
                    Err(_) => Self::Other(number.as_str().to_owned()),
                }
            }
            DeValue::Float(number) => Self::Other(number.as_str().to_owned()),
            DeValue::Boolean(flag) => Self::Other(flag.to_string()),
            DeValue::Datetime(date) => Self::Other(date.to_string()),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::from_toml(item.get_ref())).collect())
            }
            DeValue::Table(fields) => {
                let field = |(name, value): (&toml::Spanned<_>, &toml::Spanned<_>)| {
                    (std::borrow::Cow::to_string(name.get_ref()), Self::from_toml(value.get_ref()))
                };
                Self::Table(fields.iter().map(field).collect())
            }
        }
    }

    /// Everything that is in it, for comparing. It may be a secret.
    pub(super) fn reveal(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Other(text) => text.clone(),
            Self::List(items) => items.iter().map(|item| item.reveal() + ",").collect(),
            Self::Table(fields) => {
                fields.iter().map(|(name, value)| format!("{name:?}={},", value.reveal())).collect()
            }
        }
    }

    /// Every text in it.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Integer(_) | Self::Other(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Table(fields) => fields.values().flat_map(Self::texts).collect(),
        }
    }
}

/// As TOML writes it, but for what looks like a secret.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if looks_secret(text) => f.write_str(NOT_SHOWN),
            Self::Text(text) => write!(f, "{:?}", shortened(text)),
            Self::Integer(number) => number.fmt(f),
            Self::Other(text) => f.write_str(&shortened(text)),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Table(fields) => {
                let field = |(name, value): (&String, &Self)| format!("{} = {value}", key(name));
                let fields: Vec<_> = fields.iter().map(field).collect();
                write!(f, "{{ {} }}", fields.join(", "))
            }
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key for showing: people paste tokens into the oddest places.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    match name {
        _ if looks_secret(name) => NOT_SHOWN.to_owned(),
        "" => r#""""#.to_owned(),
        _ if name.chars().all(is_bare) => shortened(name),
        _ => format!("{:?}", shortened(name)),
    }
}

/// Whether a text has a bot token in it, or a login before a host.
pub(super) fn looks_secret(text: &str) -> bool {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let has_login = text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    has_login || text.split(|c| !is_of_token(c)).any(looks_like_token)
}

/// Discord's tokens are three parts of base64: whose, since when, and a signature.
fn looks_like_token(word: &str) -> bool {
    let mut lengths = word.split('.').map(str::len);
    let parts = (lengths.next(), lengths.next(), lengths.next(), lengths.next());
    matches!(parts, (Some(18..), Some(5..=8), Some(25..), None))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";

    #[test]
    fn what_looks_like_a_secret_is_left_out_wherever_it_stands() {
        for text in [
            TOKEN.to_owned(),
            format!("Bot {TOKEN}"),
            format!("env:{TOKEN}"),
            format!("wss://host/?token={TOKEN}"),
            "valkey://user:hunter2@host".to_owned(),
        ] {
            let value = Value::List(vec![Value::Text(text.clone())]);
            assert_eq!(value.to_string(), "[(not shown)]", "{text}");
            assert_eq!(key(&text), NOT_SHOWN, "{text}");
        }
        for text in ["gateway.discord.gg", "valkey://host:6379", "1.2.3", "me@example.org"] {
            assert_eq!(Value::Text(text.to_owned()).to_string(), format!("{text:?}"));
        }
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        let shown = Value::Text("ä".repeat(61)).to_string();
        assert_eq!(shown, format!("\"{}…\"", "ä".repeat(60)));
        assert_eq!(Value::Text("ä".repeat(60)).to_string(), format!("\"{}\"", "ä".repeat(60)));
    }

    #[test]
    fn a_value_is_shown_as_toml_writes_it() {
        let toml = r#"["a", 1, { b = 0x10, "c d" = 1.5 }, true, 1979-05-27]"#;
        let shown = r#"["a", 1, { b = 16, "c d" = 1.5 }, true, 1979-05-27]"#;
        assert_eq!(Value::parse(toml).unwrap().to_string(), shown);
        assert_eq!(Value::parse("99999999999999999999").unwrap(), Value::Other("9".repeat(20)));
        assert_eq!(Value::parse("[1"), None);
    }
}
