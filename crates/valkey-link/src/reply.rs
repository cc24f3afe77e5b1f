//! A server's replies, read where they lie.
//!
//! A reply becomes a flat list of its parts: a list's part says only how many parts of its own come
//! next. So nothing recurses however deep lists are nested, and a reply that comes in pieces is
//! read on from where the last piece ended. Only what protocol 2 knows is understood.

use std::{ops::Range, slice::Iter};

use redis::{ErrorKind, RedisError, RedisResult, Value, parse_redis_value};
use thiserror::Error;

/// Bytes of a text in a reply: as many as servers take by default.
const BULK_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Bytes of a line: a number, an error, a short text.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Parts of a reply, for those that are still to come too.
const PARTS_MAX: usize = 1024 * 1024;

/// Lists within lists that become a value.
const DEPTH_MAX: usize = 64;

const LINE_END: &[u8] = b"\r\n";

/// Why bytes are no reply. After it nobody knows where the next reply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("server answered {0}, which is no reply of Redis' protocol 2")]
pub struct NoReply(&'static str);

/// A part of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A text of any bytes.
    Bulk(&'a [u8]),
    /// A short text, as `OK`.
    Simple(&'a [u8]),
    /// An error.
    Error(&'a [u8]),
    /// A number.
    Integer(i64),
    /// A list of so many, whose elements come next.
    List(usize),
    /// Nothing.
    Nil,
}

/// What has a text has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Bulk(Range<usize>),
    Simple(Range<usize>),
    Error(Range<usize>),
    Integer(i64),
    List(usize),
    Nil,
}

/// Reads one reply after the other, each from a buffer's beginning.
#[derive(Debug)]
pub struct ReplyReader {
    places: Vec<Place>,
    /// Up to where the buffer was read.
    at: usize,
    /// Parts that are known to come still.
    to_come: usize,
}

impl Default for ReplyReader {
    fn default() -> Self {
        Self { places: Vec::new(), at: 0, to_come: 1 }
    }
}

impl ReplyReader {
    /// Reads on in a buffer that begins as it did the last time, and says whether the reply is all
    /// there.
    ///
    /// # Errors
    /// If it is none, or greater than any should be.
    pub fn read(&mut self, buffer: &[u8]) -> Result<bool, NoReply> {
        while self.to_come > 0 {
            let Some(line) = line(buffer, self.at)? else {
                return Ok(false);
            };
            let after = line.end + LINE_END.len();
            let place = match buffer[self.at] {
                b'$' => match length(&buffer[line], BULK_BYTES_MAX)? {
                    None => Place::Nil,
                    Some(length) => match bulk(buffer, after, length)? {
                        None => return Ok(false),
                        Some(text) => Place::Bulk(text),
                    },
                },
                b'*' => match length(&buffer[line], PARTS_MAX)? {
                    None => Place::Nil,
                    Some(length) => Place::List(length),
                },
                b':' => Place::Integer(number(&buffer[line])?),
                b'+' => Place::Simple(readable(buffer, line)?),
                b'-' => Place::Error(readable(buffer, line)?),
                _ => return Err(NoReply("another kind of value")),
            };
            self.keep(place, after)?;
        }
        Ok(true)
    }

    fn keep(&mut self, place: Place, mut after: usize) -> Result<(), NoReply> {
        self.to_come -= 1;
        match &place {
            Place::List(length) => self.to_come += length,
            Place::Bulk(text) => after = text.end + LINE_END.len(),
            Place::Simple(_) | Place::Error(_) | Place::Integer(_) | Place::Nil => {}
        }
        self.places.push(place);
        self.at = after;
        match self.places.len() + self.to_come <= PARTS_MAX {
            true => Ok(()),
            false => Err(NoReply("more values at once than make sense")),
        }
    }

    /// The parts of the reply that was read in this buffer.
    pub fn parts<'a>(&'a self, buffer: &'a [u8]) -> Parts<'a> {
        Parts { places: self.places.iter(), buffer }
    }

    /// Up to where the buffer was read.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.at
    }

    /// Forgets the reply: the next one begins a buffer.
    pub fn clear(&mut self) {
        self.places.clear();
        (self.at, self.to_come) = (0, 1);
    }
}

/// The parts of a reply, in their order.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    places: Iter<'a, Place>,
    buffer: &'a [u8],
}

impl Parts<'_> {
    /// The next part with all that belongs to it, as redis has it.
    ///
    /// # Errors
    /// If it is or has an error, or does not end.
    pub fn value(&mut self) -> RedisResult<Value> {
        self.value_within(DEPTH_MAX)
    }

    fn value_within(&mut self, depth: usize) -> RedisResult<Value> {
        match self.next() {
            Some(Part::Bulk(text)) => Ok(Value::BulkString(text.to_vec())),
            Some(Part::Simple(b"OK")) => Ok(Value::Okay),
            Some(Part::Simple(text)) => {
                Ok(Value::SimpleString(String::from_utf8_lossy(text).into_owned()))
            }
            Some(Part::Error(text)) => Err(server_said(text)),
            Some(Part::Integer(number)) => Ok(Value::Int(number)),
            Some(Part::List(length)) if depth > 0 => {
                let elements = (0..length).map(|_| self.value_within(depth - 1));
                elements.collect::<RedisResult<_>>().map(Value::Array)
            }
            Some(Part::Nil) => Ok(Value::Nil),
            Some(Part::List(_)) | None => Err((ErrorKind::Parse, "no end of a reply").into()),
        }
    }
}

/// A server's error, as redis understands it.
pub(crate) fn server_said(text: &[u8]) -> RedisError {
    let line = [b"-", text, b"\r\n"].concat();
    match parse_redis_value(&line).and_then(Value::extract_error) {
        Err(error) => error,
        Ok(_) => (ErrorKind::Parse, "server answered an error that is none").into(),
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let text = |range: &Range<usize>| &self.buffer[range.clone()];
        Some(match self.places.next()? {
            Place::Bulk(range) => Part::Bulk(text(range)),
            Place::Simple(range) => Part::Simple(text(range)),
            Place::Error(range) => Part::Error(text(range)),
            Place::Integer(number) => Part::Integer(*number),
            Place::List(length) => Part::List(*length),
            Place::Nil => Part::Nil,
        })
    }
}

/// Where the rest of a line lies whose first byte is at a place; none if its end is not there yet.
fn line(buffer: &[u8], at: usize) -> Result<Option<Range<usize>>, NoReply> {
    let rest = buffer.get(at..).unwrap_or_default();
    let Some(end) = rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n') else {
        return match rest.len() < LINE_BYTES_MAX {
            true => Ok(None),
            false => Err(NoReply("a line without an end")),
        };
    };
    match end >= LINE_END.len() && rest[end - 1] == b'\r' {
        true => Ok(Some(at + 1..at + end - 1)),
        false => Err(NoReply("a line without a kind, or with half an end")),
    }
}

fn readable(buffer: &[u8], line: Range<usize>) -> Result<Range<usize>, NoReply> {
    match str::from_utf8(&buffer[line.clone()]) {
        Ok(_) => Ok(line),
        Err(_) => Err(NoReply("a line that is no UTF-8")),
    }
}

/// Where a text lies that begins at a place; none if its end is not there yet.
fn bulk(buffer: &[u8], begin: usize, length: usize) -> Result<Option<Range<usize>>, NoReply> {
    let end = begin + length;
    match buffer.get(end..end + LINE_END.len()) {
        None => Ok(None),
        Some(LINE_END) => Ok(Some(begin..end)),
        Some(_) => Err(NoReply("a text of another length than it said")),
    }
}

/// A length, or that there is nothing.
fn length(digits: &[u8], most: usize) -> Result<Option<usize>, NoReply> {
    let number = number(digits)?;
    if number == -1 {
        return Ok(None);
    }
    match usize::try_from(number) {
        Ok(length) if length <= most => Ok(Some(length)),
        Ok(_) | Err(_) => Err(NoReply("a length out of all bounds")),
    }
}

fn number(text: &[u8]) -> Result<i64, NoReply> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let appended = |number: i64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        // Downwards, because the least number has no positive counterpart.
        number.checked_mul(10)?.checked_sub(digit)
    };
    let negative = digits.iter().try_fold(0, appended).filter(|_| !digits.is_empty());
    let number = negative.and_then(|it| if is_negative { Some(it) } else { it.checked_neg() });
    number.ok_or(NoReply("a number that is none"))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use redis::{Value, parse_redis_value};

    use super::*;

    /// The reply, or what its first error says.
    type Read = Result<Value, String>;

    fn read_whole(bytes: &[u8]) -> Result<Option<Read>, NoReply> {
        let mut reader = ReplyReader::default();
        let is_whole = reader.read(bytes)?;
        Ok(is_whole.then(|| whole(&mut reader.parts(bytes))))
    }

    fn whole(parts: &mut Parts<'_>) -> Read {
        parts.value().map_err(|error| error.to_string())
    }

    fn reference(bytes: &[u8]) -> Read {
        let value = parse_redis_value(bytes).unwrap();
        value.extract_error().map_err(|error| error.to_string())
    }

    /// Replies as servers write them.
    fn written() -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop_oneof![
            vec(any::<u8>(), 0..40).prop_map(|text| {
                [format!("${}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat()
            }),
            "[ -~]{0,20}".prop_map(|text| format!("+{text}\r\n").into_bytes()),
            "[A-Z]{1,9} [ -~]{0,20}".prop_map(|text| format!("-{text}\r\n").into_bytes()),
            any::<i64>().prop_map(|number| format!(":{number}\r\n").into_bytes()),
            Just(b"+OK\r\n".to_vec()),
            Just(b"$-1\r\n".to_vec()),
            Just(b"*-1\r\n".to_vec()),
        ];
        leaf.prop_recursive(6, 60, 8, |inner| {
            vec(inner, 0..8).prop_map(|elements| {
                [format!("*{}\r\n", elements.len()).into_bytes(), elements.concat()].concat()
            })
        })
    }

    /// Bytes that look like replies, mostly.
    fn nonsense() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            vec(any::<u8>(), 0..4),
            prop::sample::select(vec!["$", "*", ":", "+", "-", "\r\n", "\r", "\n", "1", "-1"])
                .prop_map(|piece| piece.as_bytes().to_vec()),
            Just(b"*99999999999999999999\r\n".to_vec()),
            Just(b"$9223372036854775807\r\n".to_vec()),
            Just(b"*1048576\r\n".to_vec()),
            written(),
        ];
        vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_reply_is_what_the_reference_takes_it_for(reply in written()) {
            prop_assert_eq!(read_whole(&reply), Ok(Some(reference(&reply))));
        }

        #[test]
        fn cuts_change_nothing(
            reply in written(),
            more in vec(any::<u8>(), 0..9),
            step in 1..9_usize,
        ) {
            let mut reader = ReplyReader::default();
            let stream = [reply.clone(), more].concat();
            for end in (0..reply.len()).step_by(step) {
                prop_assert_eq!(reader.read(&stream[..end]), Ok(false));
            }
            prop_assert_eq!(reader.read(&stream), Ok(true));
            prop_assert_eq!(reader.end(), reply.len());
            let read = whole(&mut reader.parts(&stream));
            prop_assert_eq!(Ok(Some(read)), read_whole(&reply));
            reader.clear();
            prop_assert_eq!(reader.read(&reply), Ok(true));
        }

        #[test]
        fn nonsense_never_panics_and_never_passes_for_a_reply(bytes in nonsense()) {
            if let Ok(Some(read)) = read_whole(&bytes) {
                prop_assert_eq!(reference(&bytes), read);
            }
        }
    }

    #[test]
    fn what_no_server_answers_is_refused() {
        for bytes in [
            "%1\r\n",
            "\r\n",
            "+OK\n",
            "$\r\n",
            "$-\r\n",
            "$-2\r\n",
            "$536870913\r\n",
            "$3\r\nabcde",
            "*1048577\r\n",
            "*1048575\r\n*2\r\n",
            ":1.0\r\n",
            ":9223372036854775808\r\n",
            &"x".repeat(LINE_BYTES_MAX),
        ] {
            assert!(read_whole(bytes.as_bytes()).is_err(), "{bytes:.20}");
        }
    }

    #[test]
    fn lists_may_be_nested_as_deep_as_they_like_but_for_a_value() {
        let deep = "*1\r\n".repeat(100_000) + ":1\r\n";
        let mut reader = ReplyReader::default();
        assert_eq!(reader.read(deep.as_bytes()), Ok(true));
        assert_eq!(reader.parts(deep.as_bytes()).last(), Some(Part::Integer(1)));
        assert!(reader.parts(deep.as_bytes()).value().is_err());
    }
}
