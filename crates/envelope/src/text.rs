//! A JSON string, and what it says.
//!
//! Nearly every string of a frame says exactly its bytes, so decoding is put off until somebody
//! asks, and a string without escapes is never copied.

use std::borrow::Cow;

/// What stands between the quotes of a JSON string.
pub(crate) struct Text<'a> {
    raw: &'a [u8],
    spelling: Spelling,
}

/// Whether a string says what its bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// It contains no backslash.
    Plain,
    /// It contains one.
    Escaped,
}

impl<'a> Text<'a> {
    /// Takes what stands between the quotes.
    pub(crate) fn new(raw: &'a [u8], spelling: Spelling) -> Self {
        Self { raw, spelling }
    }

    /// Whether this is how one may write `word`. A string that is not well-formed says nothing.
    #[inline]
    pub(crate) fn is(&self, word: &str) -> bool {
        match self.spelling {
            Spelling::Plain => self.raw == word.as_bytes(),
            Spelling::Escaped => self.decode().is_some_and(|text| text == word),
        }
    }

    /// The number that the string says, as a snowflake does it: digits only. Unlike a JSON number
    /// it may begin with zeros.
    pub(crate) fn number(&self) -> Option<u64> {
        match self.spelling {
            Spelling::Plain => parse_digits(self.raw),
            Spelling::Escaped => parse_digits(self.decode()?.as_bytes()),
        }
    }

    /// What the string says; none if it is not well-formed: not UTF-8, a control character that
    /// is not escaped, or an escape that stands for no character.
    pub(crate) fn decode(&self) -> Option<Cow<'a, str>> {
        if self.raw.iter().any(|byte| *byte < 0x20) {
            return None;
        }
        let text = std::str::from_utf8(self.raw).ok()?;
        match self.spelling {
            Spelling::Plain => Some(Cow::Borrowed(text)),
            Spelling::Escaped => unescape(text).map(Cow::Owned),
        }
    }
}

/// Digits, at least one, as a number; none if they are too many.
#[inline]
pub(crate) fn parse_digits(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

fn unescape(mut text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    while let Some((before, escape)) = text.split_once('\\') {
        plain.push_str(before);
        let (character, after) = read_escape(escape)?;
        plain.push(character);
        text = after;
    }
    plain.push_str(text);
    Some(plain)
}

/// The character that an escape stands for, and what follows it. Starts behind the backslash.
fn read_escape(escape: &str) -> Option<(char, &str)> {
    let mut rest = escape.chars();
    let character = match rest.next()? {
        same @ ('"' | '\\' | '/') => same,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return read_code_point(rest.as_str()),
        _ => return None,
    };
    Some((character, rest.as_str()))
}

/// Four digits, or two times four for a character beyond the first 65,536.
fn read_code_point(digits: &str) -> Option<(char, &str)> {
    let (first, rest) = read_code_unit(digits)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, rest));
    }
    let (second, rest) = read_code_unit(rest.strip_prefix("\\u")?)?;
    let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)?, rest))
}

fn read_code_unit(digits: &str) -> Option<(u32, &str)> {
    let (unit, rest) = digits.split_at_checked(4)?;
    if !unit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None; // `from_str_radix` would take a sign
    }
    Some((u32::from_str_radix(unit, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &[u8]) -> Option<String> {
        let spelling = if raw.contains(&b'\\') { Spelling::Escaped } else { Spelling::Plain };
        Text::new(raw, spelling).decode().map(Cow::into_owned)
    }

    #[test]
    fn every_escape_stands_for_its_character() {
        let text = decoded(br#"a\"\\\/\b\f\n\r\t\u0074\u00e9\uD83D\ude00z"#);
        assert_eq!(text.unwrap(), "a\"\\/\u{8}\u{c}\n\r\tt\u{e9}\u{1f600}z");
    }

    #[test]
    fn a_string_that_is_not_well_formed_says_nothing() {
        let malformed: [&[u8]; 14] = [
            b"\n",
            b"\\n\x1f",
            b"\xff",
            b"\\",
            b"\\x",
            b"\\u",
            b"\\u007",
            b"\\u+074",
            b"\\u00g4",
            b"\\u\xc3\xa9\xc3\xa9",
            b"\\ud83d",
            b"\\ud83d0000",
            b"\\ud83d\\u0074",
            b"\\ude00",
        ];
        for raw in malformed {
            assert_eq!(decoded(raw), None, "{}", raw.escape_ascii());
        }
        assert_eq!(decoded(b"\\ud83d\\ue000"), None);
    }

    #[test]
    fn a_string_without_escapes_is_not_copied() {
        let text = Text::new(b"READY", Spelling::Plain);
        assert!(matches!(text.decode(), Some(Cow::Borrowed("READY"))));
    }

    #[test]
    fn a_word_is_known_by_what_it_says() {
        assert!(Text::new(b"op", Spelling::Plain).is("op"));
        assert!(Text::new(b"o\\u0070", Spelling::Escaped).is("op"));
        assert!(!Text::new(b"o\\u0071", Spelling::Escaped).is("op"));
        assert!(!Text::new(b"o\\p", Spelling::Escaped).is("op"));
        assert!(!Text::new(b"opa", Spelling::Plain).is("op"));
    }
}
