//! The arguments of a command: read from front to back.

use baton_model::{StoreMillis, StreamId};
use bytes::Bytes;

use super::{refusal::Refusal, requests::integer};
use crate::state::{ahead, behind};

/// What is left of a command's arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a>(&'a [Bytes]);

impl<'a> Arguments<'a> {
    pub(crate) const fn new(arguments: &'a [Bytes]) -> Self {
        Self(arguments)
    }

    /// How many are left.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// All that are left.
    pub(crate) const fn rest(&self) -> &'a [Bytes] {
        self.0
    }

    /// Is the next one this word?
    pub(crate) fn is_next(&self, word: &str) -> bool {
        self.0.first().is_some_and(|next| next.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Takes the next one, if it is this word, and so many follow it.
    pub(crate) fn take_word(&mut self, word: &str, following: usize) -> bool {
        let is_it = self.is_next(word) && self.0.len() > following;
        if is_it {
            self.0 = &self.0[1..];
        }
        is_it
    }

    /// The next one. Which arguments there are is known from the command's arity.
    pub(crate) fn next(&mut self) -> Result<&'a Bytes, Refusal> {
        let (next, rest) = self.0.split_first().ok_or_else(Refusal::syntax)?;
        self.0 = rest;
        Ok(next)
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Refusal> {
        integer(self.next()?).ok_or_else(Refusal::not_an_integer)
    }

    /// A number that is refused in words of its own.
    pub(crate) fn integer_or(&mut self, why: &str) -> Result<i64, Refusal> {
        integer(self.next()?).ok_or_else(|| Refusal::err(why))
    }

    /// An id, whose number is 0 if there is none.
    pub(crate) fn id(&mut self) -> Result<StreamId, Refusal> {
        stream_id(self.next()?, 0).ok_or_else(Refusal::invalid_id)
    }

    /// Nothing is left.
    pub(crate) fn end(&self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::syntax()) }
    }
}

/// A number that cannot be below zero: what is, counts as zero.
pub(crate) fn at_least_zero(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A count of which a negative one means none.
pub(crate) fn count_of(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// A copy that does not keep the rest of the request alive.
pub(crate) fn kept(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// A time in milliseconds since 1970, as it is sent.
pub(crate) fn millis(time: StoreMillis) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// An id as it is written; `number` is its second half if that is left out.
pub(crate) fn stream_id(text: &[u8], number: u64) -> Option<StreamId> {
    let text = std::str::from_utf8(text).ok()?;
    match text.split_once('-') {
        Some((millis, number)) => {
            Some(StreamId { millis: millis.parse().ok()?, number: number.parse().ok()? })
        }
        None => Some(StreamId { millis: text.parse().ok()?, number }),
    }
}

/// Where a range begins.
pub(crate) fn first_of_range(text: &Bytes) -> Result<StreamId, Refusal> {
    let (id, is_left_out) = edge(text, 0)?;
    match (is_left_out, id) {
        (true, StreamId::END) => Err(Refusal::err("invalid start ID for the interval")),
        (true, id) => Ok(behind(id)),
        (false, id) => Ok(id),
    }
}

/// Where a range ends.
pub(crate) fn last_of_range(text: &Bytes) -> Result<StreamId, Refusal> {
    let (id, is_left_out) = edge(text, u64::MAX)?;
    match (is_left_out, id) {
        (true, StreamId::START) => Err(Refusal::err("invalid end ID for the interval")),
        (true, id) => Ok(ahead(id)),
        (false, id) => Ok(id),
    }
}

/// An edge of a range, and whether it is left out of it.
fn edge(text: &Bytes, number: u64) -> Result<(StreamId, bool), Refusal> {
    match &text[..] {
        b"-" => Ok((StreamId::START, false)),
        b"+" => Ok((StreamId::END, false)),
        [b'(', id @ ..] if !id.is_empty() => {
            stream_id(id, number).map(|id| (id, true)).ok_or_else(Refusal::invalid_id)
        }
        id => stream_id(id, number).map(|id| (id, false)).ok_or_else(Refusal::invalid_id),
    }
}
