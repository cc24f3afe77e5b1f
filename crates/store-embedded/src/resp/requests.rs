//! Reads requests out of what a client has sent: lists of bulk strings, or lines of words.
//!
//! A request may come in any number of pieces, and many in one; what was looked at is not looked
//! at again. What is no request ends the connection, for nobody knows where the next one begins.
//! The lengths that a client announces are believed only as far as the bytes have come.

use baton_model::limits::{
    RESP_ARGUMENTS_MAX, RESP_LINE_BYTES_MAX, RESP_REQUEST_BYTES_MAX, RESP_STRANGER_ARGUMENTS_MAX,
    RESP_STRANGER_BYTES_MAX,
};
use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

/// Why something is no request, in the words of Valkey.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ProtocolError {
    #[error("Protocol error: invalid multibulk length")]
    Count,
    #[error("Protocol error: invalid bulk length")]
    Length,
    #[error("Protocol error: unauthenticated multibulk length")]
    StrangersCount,
    #[error("Protocol error: unauthenticated bulk length")]
    StrangersLength,
    #[error("Protocol error: too big mbulk count string")]
    CountLine,
    #[error("Protocol error: too big bulk count string")]
    LengthLine,
    #[error("Protocol error: too big inline request")]
    Inline,
    #[error("Protocol error: unbalanced quotes in request")]
    Quotes,
    #[error("Protocol error: expected '$', got '{0}'")]
    NoBulk(char),
}

/// Who is asking: whoever has not said the password yet gets less room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    Known,
    Stranger,
}

impl Asker {
    const fn arguments_max(self) -> usize {
        match self {
            Self::Known => RESP_ARGUMENTS_MAX,
            Self::Stranger => RESP_STRANGER_ARGUMENTS_MAX,
        }
    }

    const fn bytes_max(self) -> usize {
        match self {
            Self::Known => RESP_REQUEST_BYTES_MAX,
            Self::Stranger => RESP_STRANGER_BYTES_MAX,
        }
    }
}

/// What a client has sent and nobody has dealt with.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    buffer: BytesMut,
    /// The request whose beginning has come.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    missing: usize,
    /// The length of the argument whose bytes come next, once that is known.
    next: Option<usize>,
    bytes: usize,
    arguments: Vec<Bytes>,
}

impl Requests {
    /// Where more of it is put.
    pub(crate) const fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next request, if all of it has come. It is never empty.
    pub(crate) fn next(&mut self, asker: Asker) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        while self.begun.is_some() || !self.buffer.is_empty() {
            let found = match self.begun.take() {
                Some(begun) => self.go_on(begun, asker)?,
                None if self.buffer[0] == b'*' => self.begin(asker)?,
                None => self.read_line_of_words()?,
            };
            match found {
                Progress::Request(words) if words.is_empty() => {} // An empty line means nothing.
                Progress::Request(words) => return Ok(Some(words)),
                Progress::Begun => {}
                Progress::Wait => return Ok(None),
            }
        }
        Ok(None)
    }

    fn begin(&mut self, asker: Asker) -> Result<Progress, ProtocolError> {
        let Some(line) = self.line(ProtocolError::CountLine)? else {
            return Ok(Progress::Wait);
        };
        let count = integer(&line[1..]).ok_or(ProtocolError::Count)?;
        let Ok(missing) = usize::try_from(count) else {
            return Ok(Progress::Request(Vec::new()));
        };
        if missing > RESP_ARGUMENTS_MAX {
            return Err(ProtocolError::Count);
        }
        if missing > asker.arguments_max() {
            return Err(ProtocolError::StrangersCount);
        }
        if missing > 0 {
            self.begun = Some(Begun { missing, next: None, bytes: 0, arguments: Vec::new() });
        }
        Ok(Progress::Begun)
    }

    fn go_on(&mut self, mut begun: Begun, asker: Asker) -> Result<Progress, ProtocolError> {
        while begun.missing > 0 {
            let length = match begun.next {
                Some(length) => length,
                None => match self.length_of_bulk(begun.bytes, asker)? {
                    Some(length) => length,
                    None => return Ok(self.wait(begun)),
                },
            };
            begun.next = Some(length);
            if self.buffer.len() < length + 2 {
                return Ok(self.wait(begun));
            }
            begun.arguments.push(self.buffer.split_to(length).freeze());
            self.buffer.advance(2);
            begun = Begun {
                missing: begun.missing - 1,
                next: None,
                bytes: begun.bytes + length,
                ..begun
            };
        }
        Ok(Progress::Request(begun.arguments))
    }

    fn wait(&mut self, begun: Begun) -> Progress {
        self.begun = Some(begun);
        Progress::Wait
    }

    fn length_of_bulk(
        &mut self,
        before: usize,
        asker: Asker,
    ) -> Result<Option<usize>, ProtocolError> {
        match self.buffer.first() {
            None => return Ok(None),
            Some(b'$') => {}
            Some(other) => return Err(ProtocolError::NoBulk(char::from(*other))),
        }
        let Some(line) = self.line(ProtocolError::LengthLine)? else {
            return Ok(None);
        };
        let length = integer(&line[1..]).and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or(ProtocolError::Length)?;
        if length > RESP_REQUEST_BYTES_MAX - before {
            return Err(ProtocolError::Length);
        }
        if length > asker.bytes_max() {
            return Err(ProtocolError::StrangersLength);
        }
        Ok(Some(length))
    }

    /// The next line without its end, once all of it has come.
    fn line(&mut self, too_long: ProtocolError) -> Result<Option<Bytes>, ProtocolError> {
        let within = &self.buffer[..self.buffer.len().min(RESP_LINE_BYTES_MAX)];
        match within.iter().position(|byte| *byte == b'\r') {
            Some(end) if self.buffer.len() >= end + 2 => {
                let line = self.buffer.split_to(end).freeze();
                self.buffer.advance(2);
                Ok(Some(line))
            }
            Some(_) => Ok(None),
            None if within.len() == RESP_LINE_BYTES_MAX => Err(too_long),
            None => Ok(None),
        }
    }

    fn read_line_of_words(&mut self) -> Result<Progress, ProtocolError> {
        let within = &self.buffer[..self.buffer.len().min(RESP_LINE_BYTES_MAX)];
        let Some(end) = within.iter().position(|byte| *byte == b'\n') else {
            return match within.len() {
                RESP_LINE_BYTES_MAX => Err(ProtocolError::Inline),
                _ => Ok(Progress::Wait),
            };
        };
        let line = self.buffer.split_to(end + 1);
        let line = line.strip_suffix(b"\r\n").unwrap_or(&line[..end]);
        words(line).map(Progress::Request).ok_or(ProtocolError::Quotes)
    }
}

enum Progress {
    /// All of a request has come.
    Request(Vec<Bytes>),
    /// Its beginning has been dealt with.
    Begun,
    /// More must come first.
    Wait,
}

/// A number as the protocol writes it: in one way only.
pub(crate) fn integer(digits: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(digits).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The words of a line, some of which may be quoted; none if a quote does not end.
fn words(line: &[u8]) -> Option<Vec<Bytes>> {
    let mut rest = line.trim_ascii_start();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, behind) = word(rest)?;
        words.push(Bytes::from(word));
        rest = behind.trim_ascii_start();
    }
    Some(words)
}

/// The first word, and what is behind it.
fn word(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    let mut rest = line;
    while let [first, behind @ ..] = rest {
        match first {
            b'"' | b'\'' => {
                rest = quoted(*first, behind, &mut word)?;
                // What is behind a quote's end has to be the end of the word.
                let is_end = rest.first().is_none_or(u8::is_ascii_whitespace);
                return is_end.then_some((word, rest));
            }
            space if space.is_ascii_whitespace() || *space == 0 => return Some((word, behind)),
            byte => word.push(*byte),
        }
        rest = behind;
    }
    Some((word, rest))
}

/// Reads up to the end of a quote, and returns what is behind that.
fn quoted<'a>(quote: u8, line: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    let mut rest = line;
    loop {
        let (byte, behind) = match (quote, rest) {
            (_, [first, behind @ ..]) if *first == quote => return Some(behind),
            (b'"', [b'\\', b'x', high, low, behind @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digits = [*high, *low];
                let text = std::str::from_utf8(&digits).ok()?;
                (u8::from_str_radix(text, 16).ok()?, behind)
            }
            (b'"', [b'\\', escaped, behind @ ..]) => (unescaped(*escaped), behind),
            (b'\'', [b'\\', b'\'', behind @ ..]) => (b'\'', behind),
            (_, [first, behind @ ..]) => (*first, behind),
            (_, []) => return None,
        };
        word.push(byte);
        rest = behind;
    }
}

const fn unescaped(escaped: u8) -> u8 {
    match escaped {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Vec<Bytes>>, ProtocolError> {
        let mut requests = Requests::default();
        let mut found = Vec::new();
        for piece in pieces {
            requests.buffer().extend_from_slice(piece);
            while let Some(request) = requests.next(Asker::Known)? {
                found.push(request);
            }
        }
        Ok(found)
    }

    fn inline(line: &str) -> Result<Vec<String>, ProtocolError> {
        let found = read(&[line.as_bytes(), b"\r\n"])?;
        let words = found.into_iter().flatten();
        Ok(words.map(|word| String::from_utf8_lossy(&word).into_owned()).collect())
    }

    #[test]
    fn words_of_a_line_may_be_quoted() {
        assert_eq!(inline("  ping  a"), Ok(vec!["ping".into(), "a".into()]));
        assert_eq!(inline(r#"a "b \"c\n\x41" 'd\'e'"#).unwrap(), ["a", "b \"c\nA", "d'e"]);
        assert_eq!(inline(""), Ok(Vec::new()));
        for open in [r#"a "b"#, "a 'b", r#"a "b"c"#] {
            assert_eq!(inline(open), Err(ProtocolError::Quotes), "{open}");
        }
    }

    #[test]
    fn what_is_no_request_is_named() {
        let long = vec![b'1'; RESP_LINE_BYTES_MAX];
        let huge = format!("*1\r\n${}\r\n", RESP_REQUEST_BYTES_MAX + 1);
        for (sent, why) in [
            (&b"*x\r\n"[..], ProtocolError::Count),
            (b"*99999999\r\n", ProtocolError::Count),
            (b"*1\r\n:1\r\n", ProtocolError::NoBulk(':')),
            (b"*1\r\n$-1\r\n", ProtocolError::Length),
            (b"*1\r\n$01\r\n", ProtocolError::Length),
            (huge.as_bytes(), ProtocolError::Length),
            (&[b"*", &long[..]].concat(), ProtocolError::CountLine),
            (&[b"*1\r\n$", &long[..]].concat(), ProtocolError::LengthLine),
            (&long, ProtocolError::Inline),
        ] {
            assert_eq!(read(&[sent]), Err(why));
        }
        assert_eq!(read(&[b"*0\r\n*-1\r\n\r\n"]), Ok(Vec::new()), "nothing is asked");
    }

    #[test]
    fn a_stranger_gets_little_room() {
        let asked = |sent: &[u8]| {
            let mut requests = Requests::default();
            requests.buffer().extend_from_slice(sent);
            requests.next(Asker::Stranger)
        };
        assert_eq!(asked(b"*11\r\n"), Err(ProtocolError::StrangersCount));
        assert_eq!(asked(b"*1\r\n$16385\r\n"), Err(ProtocolError::StrangersLength));
        assert_eq!(asked(b"*1\r\n$1\r\nx\r\n"), Ok(Some(vec![Bytes::from_static(b"x")])));
    }

    #[test]
    fn all_arguments_together_are_bounded() {
        let half = RESP_REQUEST_BYTES_MAX / 2 + 1;
        let mut requests = Requests::default();
        requests.buffer().extend_from_slice(format!("*2\r\n${half}\r\n").as_bytes());
        requests.buffer().extend_from_slice(&vec![b'x'; half]);
        requests.buffer().extend_from_slice(format!("\r\n${half}\r\n").as_bytes());
        assert_eq!(requests.next(Asker::Known), Err(ProtocolError::Length));
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_was_sent_in_whatever_pieces_it_comes(
            sent in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5), 1..5),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut bytes = Vec::new();
            for request in &sent {
                bytes.extend_from_slice(format!("*{}\r\n", request.len()).as_bytes());
                for argument in request {
                    bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
                    bytes.extend_from_slice(argument);
                    bytes.extend_from_slice(b"\r\n");
                }
            }
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&pieces).unwrap(), sent);
        }

        #[test]
        fn any_bytes_are_requests_or_refused(
            pieces in prop::collection::vec("[*$0-9a-b'\"\r\n:-]{0,12}", 0..8),
        ) {
            let whole = pieces.concat();
            let pieces: Vec<_> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            prop_assert_eq!(read(&pieces), read(&[whole.as_bytes()]));
        }
    }
}
