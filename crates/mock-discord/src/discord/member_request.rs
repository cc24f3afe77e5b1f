//! Op 8 as clients write it: one guild, and either the beginning of a name or users' ids.

use baton_model::GuildId;
use serde::Deserialize;
use serde_json::Value;

use crate::load::{CHOSEN_MAX, MemberRequest, Whom};

/// The longest nonce. A longer one is ignored, as is one that is no text.
const NONCE_BYTES_MAX: usize = 32;

/// The fields of op 8. What is said of presences is left out: to be told of them takes an intent
/// that nobody is held to here.
#[derive(Deserialize)]
struct Raw {
    guild_id: Snowflake,
    query: Option<String>,
    limit: Option<usize>,
    user_ids: Option<OneOrMore>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Snowflake {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Snowflake),
    More(Vec<Snowflake>),
}

/// The request in the body of a frame; none if it lacks what belongs to it.
pub(super) fn read(d: &Value) -> Option<MemberRequest> {
    let Raw { guild_id, query, limit, user_ids, nonce } = Raw::deserialize(d).ok()?;
    let whom = match (user_ids, query, limit) {
        (Some(OneOrMore::One(id)), _, _) => Whom::Users(vec![id.into_text()]),
        (Some(OneOrMore::More(ids)), _, _) => {
            Whom::Users(ids.into_iter().take(CHOSEN_MAX).map(Snowflake::into_text).collect())
        }
        (None, Some(prefix), Some(0)) if prefix.is_empty() => Whom::All,
        (None, Some(prefix), Some(0)) => Whom::Named { prefix, most: CHOSEN_MAX },
        (None, Some(prefix), Some(limit)) => Whom::Named { prefix, most: limit.min(CHOSEN_MAX) },
        (None, Some(_), None) | (None, None, _) => return None,
    };
    let nonce = nonce.as_ref().and_then(Value::as_str);
    let nonce = nonce.filter(|nonce| nonce.len() <= NONCE_BYTES_MAX).map(str::to_owned);
    Some(MemberRequest { guild: guild_id.into_guild()?, whom, nonce })
}

impl Snowflake {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }

    fn into_guild(self) -> Option<GuildId> {
        match self {
            Self::Text(text) => text.parse().ok().map(GuildId),
            Self::Number(number) => Some(GuildId(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whom(d: &Value) -> Option<Whom> {
        read(d).map(|request| request.whom)
    }

    fn named(prefix: &str, most: usize) -> Option<Whom> {
        Some(Whom::Named { prefix: prefix.to_owned(), most })
    }

    #[test]
    fn only_an_empty_query_without_a_limit_asks_for_the_whole_guild() {
        let asked = |query: &str, limit: u32| {
            whom(&json!({"guild_id": "1", "query": query, "limit": limit}))
        };
        assert_eq!(asked("", 0), Some(Whom::All));
        assert_eq!(asked("", 5), named("", 5));
        assert_eq!(asked("a", 0), named("a", 100));
        assert_eq!(asked("a", 101), named("a", 100));
    }

    #[test]
    fn ids_are_texts_or_numbers_one_or_a_hundred() {
        let asked = |ids: Value| whom(&json!({"guild_id": 1, "user_ids": ids}));
        let users = |ids: &[&str]| Some(Whom::Users(ids.iter().map(ToString::to_string).collect()));
        assert_eq!(asked(json!("7")), users(&["7"]));
        assert_eq!(asked(json!([7, "8"])), users(&["7", "8"]));
        let Some(Whom::Users(ids)) = asked(json!((0..150).collect::<Vec<_>>())) else {
            panic!("these are users")
        };
        assert_eq!((ids.len(), ids[99].as_str()), (100, "99"));
    }

    #[test]
    fn what_lacks_a_field_is_no_request() {
        for d in [
            json!({}),
            json!({"guild_id": "1"}),
            json!({"guild_id": "1", "query": ""}),
            json!({"guild_id": "1", "limit": 0}),
            json!({"query": "", "limit": 0}),
            json!({"guild_id": ["1", "2"], "query": "", "limit": 0}),
            json!({"guild_id": "one", "query": "", "limit": 0}),
        ] {
            assert_eq!(read(&d), None, "{d}");
        }
    }

    #[test]
    fn a_nonce_that_is_none_is_ignored() {
        let nonce = |nonce: Value| {
            read(&json!({"guild_id": "1", "user_ids": [], "nonce": nonce})).unwrap().nonce
        };
        let longest = "x".repeat(32);
        assert_eq!(nonce(json!(longest)), Some(longest));
        assert_eq!(nonce(json!("x".repeat(33))), None);
        assert_eq!(nonce(json!(5)), None);
    }
}
