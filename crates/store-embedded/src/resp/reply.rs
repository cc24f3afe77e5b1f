//! A reply, and how either version of the protocol writes it.

use bytes::{BufMut, Bytes, BytesMut};

/// Which version of the protocol a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Protocol {
    /// Where there are no maps and two kinds of nothing.
    #[default]
    Two,
    /// Where there are.
    Three,
}

/// What a command answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A word of the protocol.
    Simple(&'static str),
    /// Why it was not done, with the code in front.
    Error(String),
    /// A number.
    Number(i64),
    /// Any bytes.
    Bulk(Bytes),
    /// Text for people.
    Text(Bytes),
    /// Nothing.
    Null,
    /// Nothing where a list could be.
    NullList,
    /// A list.
    List(Vec<Reply>),
    /// Names and values: a flat list where there are no maps.
    Map(Vec<(Reply, Reply)>),
    /// Names and values: a list of pairs where there are no maps.
    Pairs(Vec<(Reply, Reply)>),
    /// Something that nobody asked for at this moment.
    Push(Vec<Reply>),
}

impl Reply {
    pub(crate) const OK: Self = Self::Simple("OK");

    /// A number that may be larger than the protocol's.
    pub(crate) fn count(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Bulk(Bytes::from(text.into()))
    }

    pub(crate) const fn word(word: &'static str) -> Self {
        Self::Bulk(Bytes::from_static(word.as_bytes()))
    }

    /// A map of these names.
    pub(crate) fn fields<const N: usize>(fields: [(&'static str, Self); N]) -> Self {
        Self::Map(fields.into_iter().map(|(name, value)| (Self::word(name), value)).collect())
    }

    /// Writes it as this version of the protocol wants it.
    pub(crate) fn write(&self, protocol: Protocol, out: &mut BytesMut) {
        match self {
            Self::Simple(word) => line(out, b'+', word.as_bytes()),
            Self::Error(why) => line(out, b'-', on_one_line(why).as_bytes()),
            Self::Number(number) => line(out, b':', number.to_string().as_bytes()),
            Self::Bulk(bytes) => bulk(out, b'$', &[bytes]),
            Self::Text(text) => match protocol {
                Protocol::Two => bulk(out, b'$', &[text]),
                Protocol::Three => bulk(out, b'=', &[b"txt:", text]),
            },
            Self::Null => out.put_slice(nothing(protocol, b"$-1\r\n")),
            Self::NullList => out.put_slice(nothing(protocol, b"*-1\r\n")),
            Self::List(items) => list(out, b'*', items, protocol),
            Self::Push(items) => match protocol {
                Protocol::Two => list(out, b'*', items, protocol),
                Protocol::Three => list(out, b'>', items, protocol),
            },
            Self::Map(fields) => match protocol {
                Protocol::Two => {
                    head(out, b'*', 2 * fields.len());
                    pairs(out, fields, protocol, |_| {});
                }
                Protocol::Three => map(out, fields),
            },
            Self::Pairs(fields) => match protocol {
                Protocol::Two => {
                    head(out, b'*', fields.len());
                    pairs(out, fields, protocol, |out| head(out, b'*', 2));
                }
                Protocol::Three => map(out, fields),
            },
        }
    }
}

const fn nothing(protocol: Protocol, of_two: &'static [u8]) -> &'static [u8] {
    match protocol {
        Protocol::Two => of_two,
        Protocol::Three => b"_\r\n",
    }
}

/// An error ends with its line; what a client has put into it may have several.
fn on_one_line(why: &str) -> String {
    why.replace(['\r', '\n'], " ")
}

fn line(out: &mut BytesMut, kind: u8, content: &[u8]) {
    out.put_u8(kind);
    out.put_slice(content);
    out.put_slice(b"\r\n");
}

fn head(out: &mut BytesMut, kind: u8, length: usize) {
    line(out, kind, length.to_string().as_bytes());
}

fn bulk(out: &mut BytesMut, kind: u8, parts: &[&[u8]]) {
    head(out, kind, parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.put_slice(part);
    }
    out.put_slice(b"\r\n");
}

fn list(out: &mut BytesMut, kind: u8, items: &[Reply], protocol: Protocol) {
    head(out, kind, items.len());
    for item in items {
        item.write(protocol, out);
    }
}

fn map(out: &mut BytesMut, fields: &[(Reply, Reply)]) {
    head(out, b'%', fields.len());
    pairs(out, fields, Protocol::Three, |_| {});
}

fn pairs(
    out: &mut BytesMut,
    fields: &[(Reply, Reply)],
    protocol: Protocol,
    before: impl Fn(&mut BytesMut),
) {
    for (name, value) in fields {
        before(out);
        name.write(protocol, out);
        value.write(protocol, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reply: &Reply, protocol: Protocol) -> String {
        let mut out = BytesMut::new();
        reply.write(protocol, &mut out);
        String::from_utf8(out.to_vec()).unwrap().replace("\r\n", "|")
    }

    #[test]
    fn each_version_of_the_protocol_has_its_own_forms() {
        let fields = vec![(Reply::word("a"), Reply::Number(-1))];
        for (reply, two, three) in [
            (Reply::OK, "+OK|", "+OK|"),
            (Reply::Error("ERR a\r\nb".to_owned()), "-ERR a  b|", "-ERR a  b|"),
            (Reply::count(u64::MAX), ":9223372036854775807|", ":9223372036854775807|"),
            (Reply::Null, "$-1|", "_|"),
            (Reply::NullList, "*-1|", "_|"),
            (Reply::Text(Bytes::from_static(b"x")), "$1|x|", "=5|txt:x|"),
            (Reply::Map(fields.clone()), "*2|$1|a|:-1|", "%1|$1|a|:-1|"),
            (Reply::Pairs(fields), "*1|*2|$1|a|:-1|", "%1|$1|a|:-1|"),
            (Reply::List(vec![Reply::Null]), "*1|$-1|", "*1|_|"),
            (Reply::Push(vec![Reply::word("")]), "*1|$0||", ">1|$0||"),
        ] {
            assert_eq!(written(&reply, Protocol::Two), two, "{reply:?}");
            assert_eq!(written(&reply, Protocol::Three), three, "{reply:?}");
        }
    }
}
