//! What an entry is, as far as its turn depends on it.

use baton_model::Marker;
use baton_store::{Entry, EntryBody, FieldsError};
use bytes::Bytes;
use serde::Deserialize;

use super::{
    input::Arrival,
    turns::{Line, Order},
};
use crate::settings::Settings;

/// What has come.
pub(crate) enum Intake {
    /// Nobody wants to see it.
    Unwanted,
    /// Something to be handled, in this line.
    Wanted(Entry, Line),
    /// Nothing that this version of the protocol knows.
    Unreadable(FieldsError),
}

pub(crate) fn take_in(arrival: &Arrival, settings: &Settings) -> Intake {
    if !is_wanted(arrival, settings) {
        return Intake::Unwanted;
    }
    match Entry::decode(arrival.fields.iter().map(|(name, value)| (name.as_ref(), value.clone()))) {
        Ok(entry) => {
            let line = line_of(&entry);
            Intake::Wanted(entry, line)
        }
        Err(error) => Intake::Unreadable(error),
    }
}

/// By its name only. What has none is not unwanted: somebody should hear of it.
fn is_wanted(arrival: &Arrival, settings: &Settings) -> bool {
    let Some(wanted) = &settings.wanted else {
        return true;
    };
    let name = arrival.fields.iter().find(|(field, _)| field.as_ref() == b"t");
    name.is_none_or(|(_, name)| std::str::from_utf8(name).is_ok_and(|name| wanted.contains(name)))
}

fn line_of(entry: &Entry) -> Line {
    let order = match &entry.body {
        EntryBody::Marker { marker, .. } => marker_order(marker),
        EntryBody::Dispatch(dispatch) => match dispatch.guild {
            Some(guild) => Order::Guild(guild.0),
            None => channel_of(&dispatch.frame).map_or(Order::Shard, Order::Channel),
        },
    };
    Line { shard: entry.shard, order }
}

/// A trimmed stream is no shard's business, so no shard has to wait for it.
const fn marker_order(marker: &Marker) -> Order {
    match marker {
        Marker::Trimmed { .. } => Order::Shard,
        Marker::SessionStarted { .. }
        | Marker::Gap { .. }
        | Marker::StreamLost { .. }
        | Marker::GenerationSwitched { .. } => Order::Marker,
    }
}

/// The channel of an event outside guilds. Few are, so that reading them twice costs little.
fn channel_of(frame: &Bytes) -> Option<u64> {
    #[derive(Deserialize)]
    struct Frame<'a> {
        #[serde(borrow)]
        d: Body<'a>,
    }
    #[derive(Deserialize)]
    struct Body<'a> {
        channel_id: Option<&'a str>,
    }
    let frame: Frame<'_> = serde_json::from_slice(frame).ok()?;
    frame.d.channel_id?.parse().ok()
}

#[cfg(test)]
mod tests {
    use baton_model::ShardNumber;

    use super::*;
    use crate::machine::examples::{arrival, entry};

    fn order(body: &str) -> Order {
        let mut entry = entry(0, 1, None);
        if let EntryBody::Dispatch(dispatch) = &mut entry.body {
            dispatch.frame = Bytes::from(format!(r#"{{"t":"X","s":1,"op":0,"d":{body}}}"#));
        }
        line_of(&entry).order
    }

    #[test]
    fn what_has_no_guild_goes_by_its_channel_or_else_by_its_shard() {
        assert_eq!(order(r#"{"channel_id":"7","content":"hi"}"#), Order::Channel(7));
        for body in ["{}", r#"{"channel_id":null}"#, "[]", "null", r#"{"channel_id":"x"}"#] {
            assert_eq!(order(body), Order::Shard, "{body}");
        }
        let line = line_of(&entry(3, 1, Some(9)));
        assert_eq!(line, Line { shard: ShardNumber(3), order: Order::Guild(9) });
    }

    #[test]
    fn only_what_is_wanted_is_read() {
        let wanted = ["MESSAGE_CREATE".to_owned()].into_iter().collect();
        let settings = Settings { wanted: Some(wanted), ..Settings::default() };
        let mut arrival = arrival(1, &entry(0, 1, None));
        assert!(matches!(take_in(&arrival, &settings), Intake::Wanted(..)));
        arrival.fields[3].1 = Bytes::from_static(b"no number");
        assert!(matches!(take_in(&arrival, &settings), Intake::Unreadable(_)));
        arrival.fields[1].1 = Bytes::from_static(b"TYPING_START");
        assert!(matches!(take_in(&arrival, &settings), Intake::Unwanted));
        arrival.fields.remove(1);
        assert!(matches!(take_in(&arrival, &settings), Intake::Unreadable(_)), "it has no name");
    }
}
