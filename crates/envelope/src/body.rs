//! The guild an event belongs to: where it stands, and the search for it in the body.
//!
//! The search jumps from one of the body's own keys to the next that could be a wanted one. It
//! never fails for what a guild id looks like; it fails only where it cannot tell what follows.

use baton_model::GuildId;

use crate::{
    cursor::{Cursor, integer},
    error::EnvelopeError,
    op::Op,
    text::Text,
};

/// The key of the body under which the guild's id stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuildKey {
    /// None: the frame belongs to no guild.
    Nowhere,
    /// `guild_id`.
    GuildId,
    /// `id`: the body is the guild itself.
    Id,
}

impl GuildKey {
    pub(crate) fn of(op: Op, name: Option<&str>) -> Self {
        let (Op::Dispatch, Some(name)) = (op, name) else {
            return Self::Nowhere;
        };
        match name {
            "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE" => Self::Id,
            // A session and a user belong to no guild; READY is also the longest frame of a
            // session's start. Any other event may gain a guild without our noticing.
            "READY" | "RESUMED" | "USER_UPDATE" => Self::Nowhere,
            _ => Self::GuildId,
        }
    }
}

/// What is looked for in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `guild_id`.
    GuildId,
    /// `id`.
    Id,
    /// Both, because what tells which comes after the body.
    Either,
}

impl Wanted {
    /// What the wanted keys begin with.
    const fn initials(self) -> [u8; 2] {
        match self {
            Self::GuildId => *b"gg",
            Self::Id => *b"ii",
            Self::Either => *b"gi",
        }
    }
}

/// What was found in the body; the outer `Option` says whether the key was there.
#[derive(Default)]
pub(crate) struct Body {
    guild_id: Option<Option<GuildId>>,
    id: Option<Option<GuildId>>,
    /// Where the search has left the cursor.
    pub(crate) rest: Rest,
}

/// How much of the body is behind the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rest {
    /// The search stopped between two of the body's members.
    Unread,
    /// The whole body.
    #[default]
    Read,
}

impl Body {
    /// Searches the body that the cursor stands before.
    pub(crate) fn search(cursor: &mut Cursor<'_>, wanted: Wanted) -> Result<Self, EnvelopeError> {
        let mut body = Self::default();
        if cursor.peek()? != b'{' {
            cursor.skip_value()?;
            return Ok(body);
        }
        cursor.enter_object()?;
        while let Some(key) = cursor.find_key(wanted.initials())? {
            body.read_value(&key, cursor)?;
            if body.has(wanted) {
                body.rest = Rest::Unread;
                return Ok(body);
            }
        }
        Ok(body)
    }

    /// The guild, if it stands under this key.
    pub(crate) fn guild(&self, key: GuildKey) -> Option<GuildId> {
        match key {
            GuildKey::Nowhere => None,
            GuildKey::GuildId => self.guild_id.flatten(),
            GuildKey::Id => self.id.flatten(),
        }
    }

    fn read_value(&mut self, key: &Text<'_>, cursor: &mut Cursor<'_>) -> Result<(), EnvelopeError> {
        if self.guild_id.is_none() && key.is("guild_id") {
            self.guild_id = Some(read_snowflake(cursor)?);
        } else if self.id.is_none() && key.is("id") {
            self.id = Some(read_snowflake(cursor)?);
        }
        // Any other value lies on the way to the next key.
        Ok(())
    }

    fn has(&self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::GuildId => self.guild_id.is_some(),
            Wanted::Id => self.id.is_some(),
            Wanted::Either => self.guild_id.is_some() && self.id.is_some(),
        }
    }
}

fn read_snowflake(cursor: &mut Cursor<'_>) -> Result<Option<GuildId>, EnvelopeError> {
    let number = match cursor.peek()? {
        b'"' => cursor.string()?.number(),
        b'0'..=b'9' => integer(cursor.token()?),
        _ => {
            cursor.skip_value()?;
            None
        }
    };
    Ok(number.map(GuildId))
}
