//! What an option takes, in words.
//!
//! The words stand in the mistakes and in `docs/configuration.md`, the bounds are those that are
//! checked: they cannot say different things.

use std::time::Duration;

use baton_model::length;
use baton_store::Op;
use toml::de::DeValue;

use super::value::Value;

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name that people choose.
    Name,
    /// A whole number.
    Number { least: i64, most: i64 },
    /// A whole number, or the word `auto`.
    NumberOrAuto { least: i64, most: i64 },
    /// A length of time.
    Duration { least: Duration, most: Duration },
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Where a store is. It may have a password in it.
    Store,
    /// Any text.
    Text,
    /// A file's path.
    Path,
    /// Where a secret is.
    Source,
    /// Where a secret is, first choice first.
    Sources,
    /// An address to listen on.
    Address,
    /// A url that starts with one of these.
    Url(&'static [&'static str]),
    /// What an app wants to hear of.
    Intents,
    /// Names of events.
    Events,
    /// What a bot may send.
    Ops,
    /// What a bot is doing.
    Activities,
    /// What the names of streams begin with.
    Prefix,
}

impl Kind {
    /// What is expected, to be read after "expected".
    pub(super) fn expected(self) -> String {
        match self {
            Self::Name => "a name of 1 to 64 of a-z 0-9 . _ -".to_owned(),
            Self::Number { least, most } => format!("a number from {least} to {most}"),
            Self::NumberOrAuto { least, most } => {
                format!("\"auto\" or a number from {least} to {most}")
            }
            Self::Duration { least, most } => {
                let (least, most) = (length::written(least), length::written(most));
                format!("a length of time from \"{least}\" to \"{most}\"")
            }
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Store => "valkey://host:port, valkey-sentinel://…/service, valkey-cluster://… \
                (valkeys…: TLS) or embedded:///folder"
                .to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Source => "env:NAME or file:PATH, never the secret itself".to_owned(),
            Self::Sources => {
                "env:NAME or file:PATH, or a list of them, never the token itself".to_owned()
            }
            Self::Address => "address:port, as in 127.0.0.1:9090".to_owned(),
            Self::Url(schemes) => {
                let forms: Vec<_> = schemes.iter().map(|name| format!("{name}://host")).collect();
                format!("{}, without a login, query or fragment", forms.join(" or "))
            }
            Self::Intents => "a list of intents, as in [\"guilds\"], or their number".to_owned(),
            Self::Events => "a list of event names, as in [\"MESSAGE_CREATE\"]".to_owned(),
            Self::Ops => format!("a list of {}", Op::ALL.map(Op::name).join(", ")),
            Self::Prefix => "at most 64 of a-z A-Z 0-9 . : _ -, and not baton: at first".to_owned(),
            Self::Activities => {
                "a list of activities, as in [{ type = \"watching\", name = \"you\" }]".to_owned()
            }
        }
    }

    /// Whether a wrong value may be a secret, and is not to be shown.
    pub(super) const fn is_secret(self) -> bool {
        match self {
            Self::Store | Self::Source | Self::Sources | Self::Url(_) => true,
            Self::Name
            | Self::Number { .. }
            | Self::NumberOrAuto { .. }
            | Self::Duration { .. }
            | Self::OneOf(_)
            | Self::Text
            | Self::Path
            | Self::Address
            | Self::Intents
            | Self::Events
            | Self::Ops
            | Self::Activities
            | Self::Prefix => false,
        }
    }

    /// What the text of a variable means to such an option.
    pub(super) fn read_variable(self, text: &str) -> Value {
        let plain = || Value::Text(text.to_owned());
        let number = || text.trim().parse().map_or_else(|_| plain(), Value::Integer);
        match self {
            Self::Number { .. } | Self::NumberOrAuto { .. } => number(),
            Self::Intents if number() != plain() => number(),
            Self::Sources | Self::Intents | Self::Events | Self::Ops => list(text),
            Self::Activities => Value::parse(text).unwrap_or_else(plain),
            Self::Name
            | Self::Duration { .. }
            | Self::OneOf(_)
            | Self::Store
            | Self::Text
            | Self::Path
            | Self::Source
            | Self::Address
            | Self::Prefix
            | Self::Url(_) => plain(),
        }
    }
}

/// A list in a variable: TOML's, or words between commas.
fn list(text: &str) -> Value {
    match DeValue::parse(text.trim()) {
        Ok(value) if value.get_ref().is_array() => Value::from_toml(value.get_ref()),
        Ok(_) | Err(_) => {
            Value::List(text.split(',').map(|word| Value::Text(word.trim().to_owned())).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_means_what_its_option_takes() {
        let number = Kind::Number { least: 0, most: 9 };
        for (kind, text, toml) in [
            (number, "5", "5"),
            (number, "five", "\"five\""),
            (Kind::Name, "5", "\"5\""),
            (Kind::Intents, "513", "513"),
            (Kind::Intents, "guilds, guild_messages", r#"["guilds", "guild_messages"]"#),
            (Kind::Events, r#"["READY"]"#, r#"["READY"]"#),
            (Kind::Events, "[]", "[]"),
            (Kind::Activities, r#"[{ name = "x" }]"#, r#"[{ name = "x" }]"#),
        ] {
            assert_eq!(kind.read_variable(text), Value::parse(toml).unwrap(), "{text}");
        }
    }
}
