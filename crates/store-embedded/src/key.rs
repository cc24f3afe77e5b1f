//! What stands under a key: keys are how consumers name things.

use baton_model::{AppName, Lane};
use baton_store::key::Key;
use bytes::Bytes;

use crate::state::{HashOf, LaneAddress, StreamName, bytes_of};

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A stream of the state.
    Stream(StreamName),
    /// Results of a lane's commands for whoever waits under this name.
    Results(LaneAddress, String),
    /// The shapes of the apps.
    Apps,
    /// A hash that consumers write.
    Hash(HashOf),
    /// Something that is Baton's alone.
    Baton,
}

/// What all keys of the contract begin with.
const OURS: &[u8] = b"baton:{";

/// What stands under this key. Where the contract says nothing of a key, it is a consumer's.
pub(crate) fn place_of(key: &Bytes) -> Place {
    let Some(rest) = key.strip_prefix(OURS) else {
        return Place::Stream(StreamName::Other(key.clone()));
    };
    let named = std::str::from_utf8(rest).ok().and_then(|rest| rest.split_once("}:"));
    let Some((tag, noun)) = named else {
        return ours(key, rest);
    };
    if noun == "apps" {
        return Place::Apps;
    }
    if noun.starts_with("readers:") && tag.parse::<AppName>().is_ok() {
        return Place::Hash(HashOf::Readers);
    }
    if noun == "handlers" && tag.parse::<AppName>().is_ok() {
        return Place::Hash(HashOf::Handlers);
    }
    let Some(lane) = lane_of(tag) else { return Place::Baton };
    let found = match noun.split_once(':') {
        None if noun == "events" => Place::Stream(StreamName::Events(lane)),
        None if noun == "commands" => Place::Stream(StreamName::Commands(lane)),
        Some(("results", name)) => Place::Results(lane, name.to_owned()),
        Some(("reader", _)) => Place::Hash(HashOf::Readers),
        Some(("dead", _)) => Place::Stream(StreamName::Other(key.clone())),
        Some(_) | None => Place::Baton,
    };
    if is_written_so(&found, key) { found } else { Place::Baton }
}

/// A group may have any name, so the key of its dead letters need not be text.
fn ours(key: &Bytes, rest: &[u8]) -> Place {
    let at = rest.windows(2).position(|two| two == b"}:");
    let parts = at.map(|at| (std::str::from_utf8(&rest[..at]), &rest[at + 2..]));
    match parts {
        Some((Ok(tag), noun)) if noun.starts_with(b"dead:") && lane_of(tag).is_some() => {
            Place::Stream(StreamName::Other(key.clone()))
        }
        Some(_) | None => Place::Baton,
    }
}

fn lane_of(tag: &str) -> Option<LaneAddress> {
    let (app, lane) = tag.rsplit_once('.')?;
    let app: AppName = app.parse().ok()?;
    let lane = Lane(lane.parse().ok()?);
    Some(LaneAddress { app, lane })
}

/// One thing has one key: `baton:{bot.00}:events` is not the lane `bot.0`.
fn is_written_so(place: &Place, key: &Bytes) -> bool {
    match place {
        Place::Stream(name) => name.key() == key,
        Place::Results(LaneAddress { app, lane }, name) => {
            bytes_of(Key::Results(app, *lane, name)) == key
        }
        Place::Apps | Place::Hash(_) | Place::Baton => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: &'static [u8]) -> Place {
        place_of(&Bytes::from_static(key))
    }

    fn lane() -> LaneAddress {
        LaneAddress { app: "my.bot".parse().unwrap(), lane: Lane(3) }
    }

    #[test]
    fn keys_of_the_contract_are_told_apart() {
        let events = Place::Stream(StreamName::Events(lane()));
        assert_eq!(place(b"baton:{my.bot.3}:events"), events);
        let commands = Place::Stream(StreamName::Commands(lane()));
        assert_eq!(place(b"baton:{my.bot.3}:commands"), commands);
        let results = Place::Results(lane(), "me:{1}".to_owned());
        assert_eq!(place(b"baton:{my.bot.3}:results:me:{1}"), results);
        assert_eq!(place(b"baton:{main}:apps"), Place::Apps);
        assert_eq!(place(b"baton:{my.bot}:readers:a:b"), Place::Hash(HashOf::Readers));
        assert_eq!(place(b"baton:{my.bot.3}:reader:{x}"), Place::Hash(HashOf::Readers));
        assert_eq!(place(b"baton:{my.bot}:handlers"), Place::Hash(HashOf::Handlers));
    }

    #[test]
    fn dead_letters_and_what_is_not_ours_belong_to_consumers() {
        for key in [
            &b"mine"[..],
            b"",
            b"baton",
            b"baton:{my.bot.3}:dead:\xff",
            b"\xff",
            b"baton:{my.bot.3}:dead:workers",
        ] {
            let key = Bytes::copy_from_slice(key);
            assert_eq!(place_of(&key), Place::Stream(StreamName::Other(key)));
        }
    }

    #[test]
    fn whatever_else_looks_like_ours_is_ours() {
        for key in [
            &b"baton:{my.bot.03}:events"[..],
            b"baton:{my.bot}:identify:day",
            b"baton:{my.bot.3}:shard:0:7",
            b"baton:{BOT.3}:events",
            b"baton:{my.bot.3}:events:",
            b"baton:{",
            b"baton:{\xff.3}:dead:x",
            b"baton:{my.bot}:dead:x",
            b"baton:{main}:store",
            b"baton:{my.bot}:handlers:x",
            b"baton:{BOT}:handlers",
        ] {
            assert_eq!(place_of(&Bytes::copy_from_slice(key)), Place::Baton, "{key:?}");
        }
    }
}
