//! The bytes of a dispatch, computed from where it stands and from nothing else.
//!
//! The replay buffer keeps a [`Content`] of a few bytes per dispatch and no frames. Sending it
//! again computes the same bytes again, and so can anybody who knows the [`Source`].

use std::{fmt::Write as _, sync::Arc};

use baton_model::{EventName, Seq};
use bytes::Bytes;

use super::{MemberRequest, Mix, body::Scene, guilds, mix::Kind};
use crate::{SessionOrdinal, Slice, dice::Dice};

/// What all generated dispatches have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The seed of every byte.
    pub seed: u64,
    /// How many guilds the app is in, over all its shards.
    pub guilds: u32,
    /// How long a GUILD_CREATE is, from some hundred bytes to megabytes.
    pub guild_create_bytes: u32,
    /// How many members each guild has.
    pub guild_members: u32,
}

/// Where a dispatch stands: no two dispatches have this in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The shard of its session.
    pub slice: Slice,
    /// Its session.
    pub session: SessionOrdinal,
    /// Its number in there.
    pub seq: Seq,
}

/// What a dispatch is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The shard's guild of this index arrives, as each does after READY.
    Guild(u32),
    /// Something happens in one of its guilds.
    Event(Mix),
    /// Some of the members that a client asked for: one chunk of the answer.
    Members {
        /// What it asked.
        request: Arc<MemberRequest>,
        /// Which chunk.
        chunk: u32,
    },
    /// What a test or an operator asked for.
    Given {
        /// The event's name.
        name: EventName,
        /// The body, as JSON text.
        data: Arc<str>,
    },
}

impl Source {
    /// The whole frame of the dispatch that stands at `origin`.
    #[must_use]
    pub fn frame(&self, content: &Content, origin: Origin) -> Bytes {
        match content {
            Content::Guild(index) => {
                let data = self.guild(*index, origin);
                dispatch_frame("GUILD_CREATE", origin.seq, &data)
            }
            Content::Event(mix) => {
                let mut dice = self.dice(origin);
                let kind = mix.draw(&mut dice);
                dispatch_frame(kind.name, origin.seq, &self.event(kind, origin, &mut dice))
            }
            Content::Members { request, chunk } => {
                let data = self.chunk(request, *chunk);
                dispatch_frame("GUILD_MEMBERS_CHUNK", origin.seq, &data)
            }
            Content::Given { name, data } => dispatch_frame(name.as_str(), origin.seq, data),
        }
    }

    fn guild(&self, index: u32, origin: Origin) -> String {
        let id = guilds::id_of(origin.slice, u64::from(index));
        let head = format!(
            r#"{{"id":"{id}","name":"guild {index}","unavailable":false,"large":false,"member_count":{},"session":{},"roles":[],"channels":[],"description":""#,
            self.guild_members, origin.session,
        );
        let bytes = usize::try_from(self.guild_create_bytes).unwrap_or(usize::MAX);
        filled(head, bytes, &mut self.dice(origin))
    }

    fn event(&self, kind: Kind, origin: Origin, dice: &mut Dice) -> String {
        let (least, most) = kind.bytes;
        let bytes = usize::try_from(dice.between(least, most)).unwrap_or(0);
        let shard_guilds = u64::from(guilds::of_shard(self.guilds, origin.slice));
        let guild = guilds::id_of(origin.slice, dice.between(0, shard_guilds.saturating_sub(1)));
        let scene = Scene {
            guild,
            subject: guild.0 + dice.between(1, 1 << 20),
            channel: guild.0 + dice.between(1, 500),
            user: guild.0 + dice.between(1, 1 << 20),
            origin,
        };
        filled((kind.body)(&scene), bytes, dice)
    }

    fn dice(&self, origin: Origin) -> Dice {
        let Origin { slice, session, seq } = origin;
        Dice::of(&[self.seed, slice.id(), slice.count(), session.0, seq.0])
    }
}

/// A dispatch with Discord's keys in Discord's order, which clients rely on.
pub(crate) fn dispatch_frame(name: &str, seq: Seq, data: &str) -> Bytes {
    Bytes::from(format!(r#"{{"t":"{name}","s":{seq},"op":0,"d":{data}}}"#))
}

/// Completes a body whose last text is still open, so that it has `bytes` bytes in all.
fn filled(mut body: String, bytes: usize, dice: &mut Dice) -> String {
    const END: &str = "\"}";
    let bytes = bytes.max(body.len() + END.len());
    body.reserve(bytes - body.len());
    while body.len() + END.len() < bytes {
        let room = bytes - END.len() - body.len();
        let mut word = String::with_capacity(16);
        let written = write!(word, "{:016x}", dice.next());
        debug_assert!(written.is_ok(), "a string takes everything");
        body.push_str(&word[..room.min(word.len())]);
    }
    body + END
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Source =
        Source { seed: 7, guilds: 4, guild_create_bytes: 2_000_000, guild_members: 10 };

    fn origin(session: u64, seq: u64) -> Origin {
        let slice = Slice::checked(1, 2).unwrap();
        Origin { slice, session: SessionOrdinal(session), seq: Seq(seq) }
    }

    #[test]
    fn the_same_place_gives_the_same_bytes_and_no_other_does() {
        let event = Content::Event(Mix::Messages);
        let frame = SOURCE.frame(&event, origin(1, 5));
        assert_eq!(frame, SOURCE.frame(&event, origin(1, 5)));
        assert_ne!(frame, SOURCE.frame(&event, origin(2, 5)));
        let elsewhere = Source { seed: 8, ..SOURCE };
        assert_ne!(frame, elsewhere.frame(&event, origin(1, 5)));
    }

    #[test]
    fn frames_are_json_with_the_keys_in_discords_order() {
        for seq in 2..200 {
            let frame = SOURCE.frame(&Content::Event(Mix::Presences), origin(1, seq));
            let parsed: serde_json::Value = serde_json::from_slice(&frame).unwrap();
            assert_eq!(parsed["s"], seq);
            let text = std::str::from_utf8(&frame).unwrap();
            let at = |key| text.find(key).unwrap();
            assert!(at("\"t\":") < at("\"s\":") && at("\"s\":") < at("\"op\":"), "{text}");
            assert!(at("\"op\":") < at("\"d\":"), "{text}");
            let guild: u64 = parsed["d"]["guild_id"].as_str().unwrap().parse().unwrap();
            assert_eq!((guild >> 22) % 2, 1, "the event is another shard's");
        }
    }

    #[test]
    fn a_guild_is_as_long_as_it_was_ordered() {
        let frame = SOURCE.frame(&Content::Guild(0), origin(1, 2));
        assert_eq!(frame.len(), 2_000_000 + r#"{"t":"GUILD_CREATE","s":2,"op":0,"d":}"#.len());
        let small = Source { guild_create_bytes: 0, ..SOURCE };
        let frame = small.frame(&Content::Guild(0), origin(1, 2));
        assert!(serde_json::from_slice::<serde_json::Value>(&frame).is_ok());
    }
}
