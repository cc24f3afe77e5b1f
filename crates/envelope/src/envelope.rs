//! The envelope of a frame, and how its parts are gathered in whatever order they come.

use std::borrow::Cow;

use baton_model::{GuildId, Seq};

use crate::{
    body::{Body, GuildKey, Rest, Wanted},
    cursor::{Cursor, integer},
    error::EnvelopeError,
    op::Op,
    text::Text,
};

/// What can be known of a frame without parsing its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// What the frame is for.
    pub op: Op,
    /// The dispatch's number; only dispatches have one.
    pub seq: Option<Seq>,
    /// The event's name; only dispatches have one. Borrowed from the frame unless it is written
    /// with escapes.
    pub name: Option<Cow<'a, str>>,
    /// The event's guild, if it has one.
    ///
    /// It stands in the body, `d`, on its outermost level: in `id` where the body *is* the guild
    /// (`GUILD_CREATE`, `GUILD_UPDATE`, `GUILD_DELETE`), in `guild_id` for all other events.
    /// `READY`, `RESUMED` and `USER_UPDATE` belong to no guild, and their bodies are not searched.
    pub guild: Option<GuildId>,
}

impl<'a> Envelope<'a> {
    /// Reads a frame's envelope, and no more of the frame than that takes.
    ///
    /// ```
    /// use baton_envelope::{Envelope, Op};
    /// use baton_model::{GuildId, Seq};
    ///
    /// let frame = br#"{"t":"TYPING_START","s":3,"op":0,"d":{"guild_id":"41","user_id":"7"}}"#;
    /// let envelope = Envelope::read(frame)?;
    /// assert_eq!(envelope.op, Op::Dispatch);
    /// assert_eq!(envelope.seq, Some(Seq(3)));
    /// assert_eq!(envelope.name.as_deref(), Some("TYPING_START"));
    /// assert_eq!(envelope.guild, Some(GuildId(41)));
    /// # Ok::<(), baton_envelope::EnvelopeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`EnvelopeError`], and the crate's documentation for what is looked at.
    pub fn read(frame: &'a [u8]) -> Result<Self, EnvelopeError> {
        let mut cursor = Cursor::new(frame);
        let mut parts = Parts::default();
        let mut key = cursor.first_key()?;
        while let Some(name) = key {
            parts.read_value(&name, &mut cursor)?;
            if parts.are_complete() {
                break;
            }
            key = cursor.next_key()?;
        }
        parts.into_envelope()
    }
}

/// What has been read so far; the outer `Option` of each part says whether its key has been seen.
#[derive(Default)]
struct Parts<'a> {
    op: Option<Op>,
    seq: Option<Option<Seq>>,
    name: Option<Option<Cow<'a, str>>>,
    body: Option<Body>,
}

impl<'a> Parts<'a> {
    fn read_value(&mut self, key: &Text<'a>, cursor: &mut Cursor<'a>) -> Result<(), EnvelopeError> {
        if self.name.is_none() && key.is("t") {
            self.name = Some(read_name(cursor)?);
        } else if self.seq.is_none() && key.is("s") {
            self.seq = Some(read_seq(cursor)?);
        } else if self.op.is_none() && key.is("op") {
            self.op = Some(read_op(cursor)?);
        } else if self.body.is_none() && key.is("d") {
            self.read_body(cursor)?;
        } else {
            cursor.skip_value()?;
        }
        Ok(())
    }

    fn read_body(&mut self, cursor: &mut Cursor<'a>) -> Result<(), EnvelopeError> {
        let wanted = match self.guild_key() {
            Some(GuildKey::Nowhere) => {
                self.body = Some(Body::default());
                return cursor.skip_value();
            }
            Some(GuildKey::GuildId) => Wanted::GuildId,
            Some(GuildKey::Id) => Wanted::Id,
            None => Wanted::Either,
        };
        let body = Body::search(cursor, wanted)?;
        let rest = body.rest;
        self.body = Some(body);
        match rest {
            Rest::Unread if !self.are_complete() => cursor.leave_nested(),
            Rest::Unread | Rest::Read => Ok(()),
        }
    }

    /// Whether nothing that may follow can change the answer.
    fn are_complete(&self) -> bool {
        let body_is_settled = self.body.is_some() || self.guild_key() == Some(GuildKey::Nowhere);
        self.op.is_some() && self.seq.is_some() && self.name.is_some() && body_is_settled
    }

    /// Where the guild stands; none while that cannot be told.
    fn guild_key(&self) -> Option<GuildKey> {
        match (self.op, &self.name) {
            (Some(op), Some(name)) => Some(GuildKey::of(op, name.as_deref())),
            (Some(_) | None, Some(_) | None) => None,
        }
    }

    fn into_envelope(self) -> Result<Envelope<'a>, EnvelopeError> {
        let op = self.op.ok_or(EnvelopeError::OpMissing)?;
        let name = self.name.flatten();
        let body = self.body.unwrap_or_default();
        Ok(Envelope {
            op,
            seq: self.seq.flatten(),
            guild: body.guild(GuildKey::of(op, name.as_deref())),
            name,
        })
    }
}

fn read_op(cursor: &mut Cursor<'_>) -> Result<Op, EnvelopeError> {
    let at = cursor.value_at()?;
    let number = integer(cursor.token()?).ok_or(EnvelopeError::Op { at })?;
    Ok(Op::from(number))
}

fn read_seq(cursor: &mut Cursor<'_>) -> Result<Option<Seq>, EnvelopeError> {
    let at = cursor.value_at()?;
    let token = cursor.token()?;
    if token == b"null" {
        return Ok(None);
    }
    let number = integer(token).ok_or(EnvelopeError::Seq { at })?;
    Ok(Some(Seq(number)))
}

fn read_name<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, EnvelopeError> {
    let at = cursor.value_at()?;
    if cursor.peek()? == b'"' {
        let name = cursor.string()?.decode();
        return name.map(Some).ok_or(EnvelopeError::Name { at });
    }
    match cursor.token()? {
        b"null" => Ok(None),
        _ => Err(EnvelopeError::Name { at }),
    }
}
