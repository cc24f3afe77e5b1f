//! A place in a frame, and the steps JSON allows from there.
//!
//! It knows the punctuation of objects and what a value begins and ends with. It does not know
//! what an envelope is, and it never goes back.

use crate::{
    error::EnvelopeError,
    skip::{Landmark, find_landmark, find_nested_end, find_string_end},
    text::{Text, parse_digits},
};

/// A place in a frame.
pub(crate) struct Cursor<'a> {
    frame: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of a frame.
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        Self { frame, at: 0 }
    }

    /// Enters an object, up to its first value; none if it is empty, and then it is behind us.
    #[inline]
    pub(crate) fn first_key(&mut self) -> Result<Option<Text<'a>>, EnvelopeError> {
        self.enter_object()?;
        match self.peek()? {
            b'}' => self.leave_object(),
            b'"' => self.key(),
            _ => Err(self.unexpected("a key or }")),
        }
    }

    /// Goes from behind one value to the next one of the same object; none at its end.
    #[inline]
    pub(crate) fn next_key(&mut self) -> Result<Option<Text<'a>>, EnvelopeError> {
        match self.peek()? {
            b'}' => self.leave_object(),
            b',' => {
                self.at += 1;
                self.key()
            }
            _ => Err(self.unexpected(", or }")),
        }
    }

    /// Enters an object, to look for keys with [`Cursor::find_key`].
    pub(crate) fn enter_object(&mut self) -> Result<(), EnvelopeError> {
        self.expect(b'{', "an object")
    }

    /// Goes to the value of the next key that begins with one of two letters; none at the object's
    /// end. Keys of other letters may be among those found, keys of objects below never.
    ///
    /// The object's other members are passed over without a look at what they are.
    pub(crate) fn find_key(
        &mut self,
        initials: [u8; 2],
    ) -> Result<Option<Text<'a>>, EnvelopeError> {
        loop {
            match find_landmark(self.frame, self.at, initials) {
                None => return Err(self.truncated()),
                Some(Landmark::End(end)) => {
                    self.at = end + 1;
                    return Ok(None);
                }
                Some(Landmark::String(quote)) => self.at = quote,
            }
            let text = self.string()?;
            if self.peek()? == b':' {
                self.at += 1;
                return Ok(Some(text));
            }
        }
    }

    /// The first byte that is no whitespace; the cursor stands before it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<u8, EnvelopeError> {
        while let Some(&byte) = self.frame.get(self.at) {
            if !is_whitespace(byte) {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(self.truncated())
    }

    /// Where the next value begins.
    #[inline]
    pub(crate) fn value_at(&mut self) -> Result<usize, EnvelopeError> {
        self.peek()?;
        Ok(self.at)
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text<'a>, EnvelopeError> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        let end = find_string_end(self.frame, start).ok_or_else(|| self.truncated())?;
        self.at = end.quote + 1;
        Ok(Text::new(&self.frame[start..end.quote], end.spelling))
    }

    /// Reads a number or a literal, unchecked; empty if neither stands here.
    ///
    /// A token that the frame's end cuts off could be a part of another one, so what follows must
    /// be there and must be able to follow.
    #[inline]
    pub(crate) fn token(&mut self) -> Result<&'a [u8], EnvelopeError> {
        self.peek()?;
        let rest = &self.frame[self.at..];
        let length = rest.iter().position(|&byte| !is_token(byte));
        let length = length.ok_or_else(|| self.truncated())?;
        let (token, behind) = rest.split_at(length);
        self.at += length;
        if !token.is_empty() && !may_follow_a_token(behind[0]) {
            return Err(self.unexpected(", or }"));
        }
        Ok(token)
    }

    /// Skips a value of any kind.
    #[inline]
    pub(crate) fn skip_value(&mut self) -> Result<(), EnvelopeError> {
        match self.peek()? {
            b'"' => self.string().map(|_text| ()),
            b'{' | b'[' => {
                self.at += 1;
                self.leave_nested()
            }
            _ if self.token()?.is_empty() => Err(self.unexpected("a value")),
            _ => Ok(()),
        }
    }

    /// Skips the rest of the object or array that the cursor is in.
    pub(crate) fn leave_nested(&mut self) -> Result<(), EnvelopeError> {
        let end = find_nested_end(self.frame, self.at).ok_or_else(|| self.truncated())?;
        self.at = end + 1;
        Ok(())
    }

    #[inline]
    fn leave_object(&mut self) -> Result<Option<Text<'a>>, EnvelopeError> {
        self.at += 1;
        Ok(None)
    }

    #[inline]
    fn key(&mut self) -> Result<Option<Text<'a>>, EnvelopeError> {
        let key = self.string()?;
        self.expect(b':', "a colon")?;
        Ok(Some(key))
    }

    #[inline]
    fn expect(&mut self, byte: u8, name: &'static str) -> Result<(), EnvelopeError> {
        if self.peek()? != byte {
            return Err(self.unexpected(name));
        }
        self.at += 1;
        Ok(())
    }

    fn unexpected(&self, expected: &'static str) -> EnvelopeError {
        EnvelopeError::Unexpected { at: self.at, expected }
    }

    fn truncated(&self) -> EnvelopeError {
        EnvelopeError::Truncated { at: self.frame.len() }
    }
}

/// A token as a whole number, as JSON writes them: digits only, no leading zero.
pub(crate) fn integer(token: &[u8]) -> Option<u64> {
    match token {
        [b'0', _, ..] => None,
        _ => parse_digits(token),
    }
}

const fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

const fn may_follow_a_token(byte: u8) -> bool {
    is_whitespace(byte) || matches!(byte, b',' | b'}')
}
