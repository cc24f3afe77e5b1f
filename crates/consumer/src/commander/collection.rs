//! The chunks of one request for members, until all are there. Pure.

use std::collections::BTreeSet;

use baton_model::GuildId;
use serde::Deserialize;
use twilight_model::{gateway::presence::Presence, guild::Member};

/// Members of a guild, as Discord has told of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Members {
    /// The members.
    pub members: Vec<Member>,
    /// Their presences, if those were asked for.
    pub presences: Vec<Presence>,
    /// Ids that were asked for and are no members'.
    pub not_found: Vec<String>,
}

/// What has come of them.
#[derive(Debug)]
pub(super) struct Collection {
    guild: GuildId,
    nonce: String,
    members_max: usize,
    came: BTreeSet<u32>,
    expected: u32,
    members: Members,
}

/// How a collection stands after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Incomplete,
    Complete,
    /// There are more than are wanted.
    TooMany,
}

/// As much of a chunk as says whose it is.
#[derive(Deserialize)]
struct Label {
    d: LabelBody,
}

#[derive(Deserialize)]
struct LabelBody {
    guild_id: twilight_model::id::Id<twilight_model::id::marker::GuildMarker>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct Chunk {
    d: ChunkBody,
}

#[derive(Deserialize)]
struct ChunkBody {
    chunk_index: u32,
    chunk_count: u32,
    members: Vec<Member>,
    #[serde(default)]
    presences: Vec<Presence>,
    #[serde(default)]
    not_found: Vec<String>,
}

impl Collection {
    pub(super) fn new(guild: GuildId, nonce: String, members_max: usize) -> Self {
        let (came, expected, members) = (BTreeSet::new(), 0, Members::default());
        Self { guild, nonce, members_max, came, expected, members }
    }

    /// Takes the frame of a `GUILD_MEMBERS_CHUNK`, whosever request it answers.
    ///
    /// # Errors
    /// If it is ours and cannot be read.
    pub(super) fn take(&mut self, frame: &[u8]) -> Result<Standing, serde_json::Error> {
        if !self.is_ours(frame) {
            return Ok(Standing::Incomplete);
        }
        let Chunk { d: chunk } = serde_json::from_slice(frame)?;
        self.expected = chunk.chunk_count;
        // One that comes twice was taken before.
        if !self.came.insert(chunk.chunk_index) {
            return Ok(Standing::Incomplete);
        }
        if self.members.members.len() + chunk.members.len() > self.members_max {
            return Ok(Standing::TooMany);
        }
        self.members.members.extend(chunk.members);
        self.members.presences.extend(chunk.presences);
        self.members.not_found.extend(chunk.not_found);
        let is_complete = self.came() >= self.expected();
        Ok(if is_complete { Standing::Complete } else { Standing::Incomplete })
    }

    pub(super) fn came(&self) -> usize {
        self.came.len()
    }

    pub(super) const fn members_max(&self) -> usize {
        self.members_max
    }

    pub(super) fn expected(&self) -> usize {
        usize::try_from(self.expected).unwrap_or(usize::MAX)
    }

    pub(super) fn into_members(self) -> Members {
        self.members
    }

    fn is_ours(&self, frame: &[u8]) -> bool {
        serde_json::from_slice(frame).is_ok_and(|Label { d }| {
            d.nonce.as_ref() == Some(&self.nonce) && d.guild_id.get() == self.guild.0
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const GUILD: u64 = 7;

    fn chunk(guild: u64, nonce: &str, index: u32, ids: &[u64]) -> Vec<u8> {
        let member = |id: &u64| -> Value {
            json!({
                "user": {
                    "id": id.to_string(), "username": "x", "discriminator": "0",
                    "global_name": null, "avatar": null, "bot": false,
                },
                "nick": null, "avatar": null, "roles": [], "premium_since": null,
                "joined_at": "2024-01-01T00:00:00.000000+00:00",
                "deaf": false, "mute": false, "flags": 0, "pending": false,
            })
        };
        let body = json!({
            "guild_id": guild.to_string(), "nonce": nonce, "chunk_index": index, "chunk_count": 2,
            "members": ids.iter().map(member).collect::<Vec<_>>(), "not_found": ["5"],
        });
        json!({"t": "GUILD_MEMBERS_CHUNK", "s": 1, "op": 0, "d": body}).to_string().into_bytes()
    }

    fn collection(members_max: usize) -> Collection {
        Collection::new(GuildId(GUILD), "mine".to_owned(), members_max)
    }

    #[test]
    fn all_chunks_in_any_order_are_the_members_and_one_that_comes_twice_counts_once() {
        let mut all = collection(4);
        for (index, ids, standing) in [
            (1, [3, 4], Standing::Incomplete),
            (1, [3, 4], Standing::Incomplete),
            (0, [1, 2], Standing::Complete),
        ] {
            assert_eq!(all.take(&chunk(GUILD, "mine", index, &ids)).unwrap(), standing);
        }
        let members = all.into_members();
        let ids: Vec<_> = members.members.iter().map(|member| member.user.id.get()).collect();
        assert_eq!((ids, members.not_found.len()), (vec![3, 4, 1, 2], 2));
    }

    #[test]
    fn what_others_have_asked_for_is_left_to_them() {
        let mut all = collection(4);
        for frame in [chunk(GUILD, "other", 0, &[1]), chunk(8, "mine", 0, &[1]), b"x".to_vec()] {
            assert_eq!(all.take(&frame).unwrap(), Standing::Incomplete);
        }
        assert_eq!((all.came(), all.expected()), (0, 0));
    }

    #[test]
    fn more_than_are_wanted_are_not_kept() {
        let mut all = collection(2);
        assert_eq!(all.take(&chunk(GUILD, "mine", 0, &[1, 2])).unwrap(), Standing::Incomplete);
        assert_eq!(all.take(&chunk(GUILD, "mine", 1, &[3])).unwrap(), Standing::TooMany);
    }

    #[test]
    fn a_chunk_of_ours_that_cannot_be_read_is_an_error() {
        let frame = br#"{"d":{"guild_id":"7","nonce":"mine","members":5}}"#;
        assert!(collection(2).take(frame).is_err());
    }
}
