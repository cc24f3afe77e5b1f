//! What operators are told of handlers, as it stands in the store.
//!
//! The store is read by more people than a consumer's own log, so an error is told shortly, and
//! without what looks like a secret in it.

use baton_model::{HandlerReport, Line, whole_millis};

use super::{HandlerHealth, Health};

/// Bytes of a handler's error, and of its name.
const TEXT_BYTES_MAX: usize = 160;

/// From so many characters on, a run without a gap is no word: tokens of bots and webhooks have
/// about seventy.
const SECRET_LENGTH_MIN: usize = 40;

/// What stands where something was left out.
const LEFT_OUT: &str = "\u{2026}";

impl Health {
    /// How all handlers fare; those that fail first, because there may not be room for all.
    pub(crate) fn told(&self) -> Vec<HandlerReport> {
        let mut told: Vec<_> =
            self.all().iter().map(|handler| of(handler.name(), handler.look())).collect();
        told.sort_by_key(|handler| handler.error.is_none());
        told
    }

    /// Which handlers are well, in their order.
    pub(crate) fn wellness(&self) -> Vec<bool> {
        self.all().iter().map(|handler| handler.look().is_well()).collect()
    }
}

fn of(name: &str, health: HandlerHealth) -> HandlerReport {
    HandlerReport {
        name: short(name),
        handled: health.handled,
        failed: health.failed,
        failed_in_a_row: health.failed_in_a_row,
        running: health.running,
        busy_ms: whole_millis(health.busy),
        error: health.last_error.map(|error| short(&masked(&error))),
    }
}

fn short(text: &str) -> Line {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= TEXT_BYTES_MAX).last().unwrap_or(0);
    Line::shortened(&text[..end])
}

/// A text without what may be a secret: what a url has besides its host, and long runs of what
/// tokens are made of.
fn masked(text: &str) -> String {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | '<' | '>');
    let words = text.split_inclusive(is_between).map(|word| {
        let end = word.trim_end_matches(is_between).len();
        let (word, gap) = word.split_at(end);
        without_tokens(&without_path(word)) + gap
    });
    words.collect()
}

/// Tokens of webhooks stand in paths, passwords before hosts.
fn without_path(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = if path.len() > 1 { LEFT_OUT } else { "" };
    format!("{scheme}://{host}{path}")
}

fn without_tokens(word: &str) -> String {
    let is_of_token =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '=');
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(begin) = rest.find(is_of_token) {
        let (before, from) = rest.split_at(begin);
        let end = from.find(|c| !is_of_token(c)).unwrap_or(from.len());
        let (run, behind) = from.split_at(end);
        shown += before;
        shown += if run.len() < SECRET_LENGTH_MIN { run } else { LEFT_OUT };
        rest = behind;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Handlers, machine::Ending};

    #[test]
    fn whoever_fails_is_told_of_first_and_with_its_error() {
        let health = Health::default();
        let handler = async |_| Ok::<_, std::io::Error>(());
        health.runs(&Handlers::new().on("one", ["A"], handler).rest("two", handler));
        health.all()[0].note(&Ending::Handled, Duration::from_millis(5));
        for _ in 0..2 {
            let error = format!("no\nguild {}", "x ".repeat(999));
            health.all()[1].note(&Ending::Failed(error), Duration::from_millis(3));
        }
        let [two, one] = &health.told()[..] else { panic!("there are two") };
        assert_eq!((one.name.as_str(), one.handled, &one.error), ("one", 1, &None));
        assert_eq!((two.failed, two.failed_in_a_row, two.busy_ms), (2, 2, 6));
        let error = two.error.as_ref().unwrap().as_str();
        assert!(error.starts_with("no guild x x") && error.len() <= TEXT_BYTES_MAX, "{error}");
        assert_eq!(health.wellness(), [true, false]);
        health.all()[1].note(&Ending::Handled, Duration::ZERO);
        assert_eq!(health.handler("two").unwrap().failed_in_a_row, 0);
        assert_eq!(health.wellness(), [true, true]);
    }

    #[test]
    fn what_looks_like_a_secret_is_left_out_and_nothing_else() {
        // Neither of them was ever anybody's.
        let token = format!("{}.{}.{}", "M".repeat(26), "Gx1y2z", "a".repeat(38));
        for (text, shown) in [
            (
                format!("error for url (https://discord.com/api/webhooks/1/{token}): timed out"),
                "error for url (https://discord.com\u{2026}): timed out".to_owned(),
            ),
            (
                "postgres://user:hunter2@db:5432/app is away".to_owned(),
                "postgres://db:5432\u{2026} is away".to_owned(),
            ),
            (format!("401 for Bot {token}"), "401 for Bot \u{2026}".to_owned()),
            (format!("token={token}; next"), "\u{2026}; next".to_owned()),
            (
                "no such file /var/lib/somewhere/rather/deep/in/the/tree/of/files".to_owned(),
                "no such file /var/lib/somewhere/rather/deep/in/the/tree/of/files".to_owned(),
            ),
            ("https://discord.com/ says 500".to_owned(), "https://discord.com says 500".to_owned()),
            (
                "guild 613425648685547541: \u{fc}\u{2026}".to_owned(),
                "guild 613425648685547541: \u{fc}\u{2026}".to_owned(),
            ),
        ] {
            assert_eq!(masked(&text), shown);
        }
    }
}
