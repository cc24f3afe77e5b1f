//! The members of generated guilds, and the chunks in which a client that asks is told of them.
//!
//! Nobody keeps them. A member's id follows from the guild's and from the member's index, the rest
//! from the seed, so a chunk is its request and a number until it is sent.

use baton_model::GuildId;
use serde_json::{Value, json};

use super::Source;
use crate::dice::Dice;

/// Members in a chunk.
const CHUNK_MAX: u32 = 1_000;

/// Members that a request gets which does not ask for the whole guild.
pub(crate) const CHOSEN_MAX: usize = 100;

/// Which members a client wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRequest {
    /// Of which guild.
    pub guild: GuildId,
    /// Which of them.
    pub whom: Whom,
    /// What the client wants to find again in the answer.
    pub nonce: Option<String>,
}

/// Which members of a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// The whole guild.
    All,
    /// Those whose name begins like this.
    Named {
        /// Like this.
        prefix: String,
        /// No more of them than this.
        most: usize,
    },
    /// These users; what is no member's id is told back.
    Users(Vec<String>),
}

impl Source {
    /// How many chunks answer a request. Where nobody is found, one says so.
    pub(crate) fn chunk_count(&self, whom: &Whom) -> u32 {
        match whom {
            Whom::All => self.guild_members.div_ceil(CHUNK_MAX).max(1),
            Whom::Named { .. } | Whom::Users(_) => 1,
        }
    }

    /// The body of GUILD_MEMBERS_CHUNK.
    pub(super) fn chunk(&self, request: &MemberRequest, index: u32) -> String {
        let MemberRequest { guild, whom, nonce } = request;
        let mut not_found = Vec::new();
        let indices: Vec<u32> = match whom {
            Whom::All => {
                let first = index.saturating_mul(CHUNK_MAX);
                (first..first.saturating_add(CHUNK_MAX).min(self.guild_members)).collect()
            }
            Whom::Named { prefix, most } => {
                let is_named = |member: &u32| self.name_of(*guild, *member).starts_with(prefix);
                (0..self.guild_members).filter(is_named).take(*most).collect()
            }
            Whom::Users(ids) => {
                let unknown = |id: &&String| self.index_of(*guild, id).is_none();
                not_found.extend(ids.iter().filter(unknown));
                ids.iter().filter_map(|id| self.index_of(*guild, id)).collect()
            }
        };
        let member = |index| self.member(*guild, index);
        let mut body = json!({
            "guild_id": guild.to_string(),
            "members": indices.into_iter().map(member).collect::<Vec<_>>(),
            "chunk_index": index,
            "chunk_count": self.chunk_count(whom),
        });
        if !not_found.is_empty() {
            body["not_found"] = json!(not_found);
        }
        if let Some(nonce) = nonce {
            body["nonce"] = json!(nonce);
        }
        body.to_string()
    }

    fn member(&self, guild: GuildId, index: u32) -> Value {
        json!({
            "user": {
                "id": (guild.0 + 1 + u64::from(index)).to_string(),
                "username": self.name_of(guild, index),
                "discriminator": "0", "global_name": null, "avatar": null, "bot": false,
            },
            "nick": null, "avatar": null, "roles": [], "premium_since": null,
            "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "deaf": false, "mute": false, "flags": 0, "pending": false,
        })
    }

    /// The member behind a user's id.
    fn index_of(&self, guild: GuildId, id: &str) -> Option<u32> {
        let id: u64 = id.parse().ok()?;
        let index = u32::try_from(id.checked_sub(guild.0 + 1)?).ok()?;
        (index < self.guild_members).then_some(index)
    }

    fn name_of(&self, guild: GuildId, index: u32) -> String {
        let drawn = Dice::of(&[self.seed, guild.0, u64::from(index)]).next();
        format!("{drawn:016x}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const GUILD: GuildId = GuildId(1 << 22);
    const SOURCE: Source =
        Source { seed: 7, guilds: 1, guild_create_bytes: 300, guild_members: 2_001 };

    fn chunk(whom: Whom, index: u32) -> Value {
        let request = MemberRequest { guild: GUILD, whom, nonce: None };
        serde_json::from_str(&SOURCE.chunk(&request, index)).unwrap()
    }

    fn field(chunk: &Value, name: &str) -> Vec<String> {
        let members = chunk["members"].as_array().unwrap().iter();
        members.map(|member| member["user"][name].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_whole_guild_comes_in_chunks_of_a_thousand_and_nobody_twice() {
        assert_eq!(SOURCE.chunk_count(&Whom::All), 3);
        let chunks: Vec<_> = (0..3).map(|index| chunk(Whom::All, index)).collect();
        let ids: Vec<_> = chunks.iter().map(|chunk| field(chunk, "id")).collect();
        assert_eq!(ids.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 1]);
        assert_eq!(ids.concat().iter().collect::<BTreeSet<_>>().len(), 2_001);
        assert_eq!((&chunks[2]["chunk_index"], &chunks[2]["chunk_count"]), (&json!(2), &json!(3)));
        let names: BTreeSet<_> = chunks.iter().flat_map(|chunk| field(chunk, "username")).collect();
        assert_eq!(names.len(), 2_001);
    }

    #[test]
    fn the_seed_and_the_guild_decide_who_is_in_it() {
        let request = |guild| MemberRequest { guild, whom: Whom::All, nonce: None };
        let here = SOURCE.chunk(&request(GUILD), 0);
        assert_eq!(here, SOURCE.chunk(&request(GUILD), 0));
        assert_ne!(here, SOURCE.chunk(&request(GuildId(2 << 22)), 0));
        assert_ne!(here, Source { seed: 8, ..SOURCE }.chunk(&request(GUILD), 0));
    }

    #[test]
    fn names_are_searched_by_how_they_begin() {
        let named = |prefix: &str, most| Whom::Named { prefix: prefix.to_owned(), most };
        let name = field(&chunk(Whom::All, 0), "username").remove(5);
        assert_eq!(field(&chunk(named(&name, 100), 0), "username"), [name]);
        let found = field(&chunk(named("a", 7), 0), "username");
        assert!(found.len() == 7 && found.iter().all(|name| name.starts_with('a')), "{found:?}");
        let nobody = chunk(named("x", 100), 0);
        assert_eq!((&nobody["members"], &nobody["chunk_count"]), (&json!([]), &json!(1)));
    }

    #[test]
    fn users_are_found_by_their_ids_and_others_told_back() {
        let id = |index: u64| (GUILD.0 + 1 + index).to_string();
        let asked = [id(2_000), id(2_001), "7".to_owned(), "someone".to_owned(), id(0)];
        let answer = chunk(Whom::Users(asked.to_vec()), 0);
        assert_eq!(field(&answer, "id"), [id(2_000), id(0)]);
        assert_eq!(answer["not_found"], json!([id(2_001), "7", "someone"]));
        assert_eq!(chunk(Whom::Users(vec![id(0)]), 0).get("not_found"), None);
    }
}
