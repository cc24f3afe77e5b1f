//! The entry: what stands in a stream, and the public contract with every consumer.
//!
//! An entry is a flat list of string fields, always the same ones in the same order, because a
//! stream stores repeated field names once. `docs/protocol.md` describes it for consumers in any
//! language; a test compares that page with [`ENTRY_FIELDS`].

use baton_model::{
    Dispatch, Epoch, EventName, GuildId, Marker, Seq, SessionNumber, ShardNumber, UnixMicros,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::fields::{FORMAT, Fields, FieldsError, decimal, malformed};

/// The fields of an entry, in their order.
pub const ENTRY_FIELDS: [&str; 10] = ["v", "t", "sh", "s", "sid", "ep", "at", "g", "tp", "d"];

/// One entry of a lane's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The shard that wrote it.
    pub shard: ShardNumber,
    /// The session it belongs to.
    pub session: SessionNumber,
    /// The lease under which it was written.
    pub epoch: Epoch,
    /// What it says.
    pub body: EntryBody,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryBody {
    /// An event, as Discord sent it.
    Dispatch(Dispatch),
    /// Something that Baton has to say.
    Marker {
        /// Its place among the session's dispatches.
        seq: Seq,
        /// When it was written.
        at: UnixMicros,
        /// What.
        marker: Marker,
    },
}

impl EntryBody {
    /// Its seq: Discord's, or a marker's place among Discord's.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Dispatch(dispatch) => dispatch.seq,
            Self::Marker { seq, .. } => *seq,
        }
    }

    /// The fields that differ from entry to entry, as they are sent: `t s at g tp d`.
    #[must_use]
    pub fn own_fields(&self) -> [Bytes; 6] {
        match self {
            Self::Dispatch(dispatch) => [
                Bytes::copy_from_slice(dispatch.name.as_str().as_bytes()),
                decimal(dispatch.seq.0),
                decimal(dispatch.at.0),
                dispatch.guild.map_or_else(Bytes::new, |guild| decimal(guild.0)),
                dispatch.trace.map_or_else(Bytes::new, |trace| {
                    Bytes::copy_from_slice(trace.as_str().as_bytes())
                }),
                dispatch.frame.clone(),
            ],
            Self::Marker { seq, at, marker } => [
                Bytes::copy_from_slice(marker.name().as_str().as_bytes()),
                decimal(seq.0),
                decimal(at.0),
                Bytes::new(),
                Bytes::new(),
                marker_body(marker),
            ],
        }
    }
}

fn marker_body(marker: &Marker) -> Bytes {
    let json = serde_json::to_vec(marker);
    Bytes::from(json.unwrap_or_else(|error| unreachable!("a marker is plain data: {error}")))
}

impl Entry {
    /// All fields, in their order.
    #[must_use]
    pub fn encode(&self) -> [(&'static str, Bytes); 10] {
        let [t, s, at, g, tp, d] = self.body.own_fields();
        let values = [
            decimal(u64::from(FORMAT)),
            t,
            decimal(u64::from(self.shard.0)),
            s,
            decimal(self.session.0),
            decimal(self.epoch.0),
            at,
            g,
            tp,
            d,
        ];
        let mut values = values.into_iter();
        ENTRY_FIELDS.map(|field| (field, values.next().unwrap_or_default()))
    }

    /// Reads an entry from its fields. Their order does not matter; unknown ones are ignored.
    ///
    /// # Errors
    /// If a field is missing or malformed, or the format is a newer one.
    pub fn decode<'a, F>(fields: F) -> Result<Self, FieldsError>
    where
        F: IntoIterator<Item = (&'a [u8], Bytes)>,
    {
        let fields = Fields::read(&ENTRY_FIELDS, fields)?;
        let name = fields.text("t")?;
        let seq = Seq(fields.number("s")?);
        let at = UnixMicros(fields.number("at")?);
        let body = if name.starts_with(Marker::PREFIX) {
            EntryBody::Marker { seq, at, marker: marker(&fields.bytes("d")?, &name)? }
        } else {
            EntryBody::Dispatch(Dispatch {
                seq,
                at,
                name: EventName::new(&name),
                guild: fields.optional_number("g")?.map(GuildId),
                trace: fields.trace()?,
                frame: fields.bytes("d")?,
            })
        };
        Ok(Self {
            shard: ShardNumber(fields.number("sh")?),
            session: SessionNumber(fields.number("sid")?),
            epoch: Epoch(fields.number("ep")?),
            body,
        })
    }
}

fn marker(body: &[u8], name: &str) -> Result<Marker, FieldsError> {
    match serde_json::from_slice::<Marker>(body) {
        Ok(marker) if marker.name().as_str() == name => Ok(marker),
        Ok(_) | Err(_) => Err(malformed("d", body, "the body of the marker named in t")),
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Generation, SessionStart, StreamId};
    use proptest::prelude::*;

    use super::*;

    fn any_marker() -> impl Strategy<Value = Marker> {
        let start = prop_oneof![
            Just(SessionStart::First),
            Just(SessionStart::Invalidated),
            Just(SessionStart::Restarted)
        ];
        let previous = proptest::option::of((any::<u64>(), any::<u64>()));
        prop_oneof![
            (start, previous).prop_map(|(start, previous)| Marker::SessionStarted {
                start,
                previous: previous.map(|(number, seq)| (SessionNumber(number), Seq(seq))),
            }),
            any::<(u64, u64)>().prop_map(|(a, b)| Marker::Gap { after: Seq(a), before: Seq(b) }),
            any::<u64>().prop_map(|upto| Marker::StreamLost { upto: Seq(upto) }),
            any::<(u64, u64, u64)>().prop_map(|(millis, number, entries)| Marker::Trimmed {
                before: StreamId { millis, number },
                entries,
            }),
            any::<(u32, u32)>().prop_map(|(from, to)| Marker::GenerationSwitched {
                from: Generation(from),
                to: Generation(to)
            }),
        ]
    }

    fn body() -> impl Strategy<Value = EntryBody> {
        let dispatch = (
            any::<u64>(),
            "[A-Z_]{1,30}".prop_filter("no marker", |name| !name.starts_with(Marker::PREFIX)),
            any::<Option<u64>>(),
            any::<u64>(),
            proptest::option::of("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
            proptest::collection::vec(any::<u8>(), 0..200),
        );
        prop_oneof![
            dispatch.prop_map(|(seq, name, guild, at, trace, frame)| {
                EntryBody::Dispatch(Dispatch {
                    seq: Seq(seq),
                    name: EventName::new(&name),
                    guild: guild.map(GuildId),
                    at: UnixMicros(at),
                    trace: trace.map(|text| text.parse().unwrap()),
                    frame: Bytes::from(frame),
                })
            }),
            (any::<u64>(), any::<u64>(), any_marker()).prop_map(|(seq, at, marker)| {
                EntryBody::Marker { seq: Seq(seq), at: UnixMicros(at), marker }
            }),
        ]
    }

    fn entry() -> impl Strategy<Value = Entry> {
        (any::<u32>(), any::<u64>(), any::<u64>(), body()).prop_map(
            |(shard, session, epoch, body)| Entry {
                shard: ShardNumber(shard),
                session: SessionNumber(session),
                epoch: Epoch(epoch),
                body,
            },
        )
    }

    fn borrowed(fields: &[(&'static str, Bytes)]) -> Vec<(&'static [u8], Bytes)> {
        fields.iter().map(|(name, value)| (name.as_bytes(), value.clone())).collect()
    }

    proptest! {
        #[test]
        fn an_entry_reads_as_it_was_written(entry in entry()) {
            prop_assert_eq!(Entry::decode(borrowed(&entry.encode())), Ok(entry));
        }

        #[test]
        fn order_and_unknown_fields_do_not_matter(entry in entry(), turn in 0_usize..10) {
            let mut fields = borrowed(&entry.encode());
            fields.rotate_left(turn);
            fields.push((b"new", Bytes::from_static(b"?")));
            prop_assert_eq!(Entry::decode(fields), Ok(entry));
        }

        #[test]
        fn a_missing_field_is_named(entry in entry(), gone in 0_usize..10) {
            let mut fields = borrowed(&entry.encode());
            fields.remove(gone);
            let is_marker = matches!(entry.body, EntryBody::Marker { .. });
            match Entry::decode(fields) {
                Err(FieldsError::Missing(field)) => prop_assert_eq!(&*field, ENTRY_FIELDS[gone]),
                Ok(_) => prop_assert!(is_marker && matches!(ENTRY_FIELDS[gone], "g" | "tp")),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }

        #[test]
        fn arbitrary_bytes_in_a_number_are_an_error_that_names_the_field(
            entry in entry(), place in 0_usize..4, junk in "[^0-9]{1,8}"
        ) {
            let field = ["sh", "s", "sid", "ep"][place];
            let mut fields = entry.encode();
            let value = fields.iter_mut().find(|(name, _)| *name == field);
            value.unwrap().1 = Bytes::from(junk.clone().into_bytes());
            let error = Entry::decode(borrowed(&fields)).unwrap_err();
            let (field, expected) = (field.into(), "a whole number".into());
            prop_assert_eq!(error, FieldsError::Malformed { field, found: junk, expected });
        }
    }

    #[test]
    fn a_newer_format_is_refused() {
        let fields = [(b"v".as_slice(), Bytes::from_static(b"2"))];
        assert_eq!(Entry::decode(fields), Err(FieldsError::Format(2)));
    }

    #[test]
    fn a_marker_whose_name_and_body_differ_is_refused() {
        let marker = Marker::Gap { after: Seq(1), before: Seq(3) };
        let body = EntryBody::Marker { seq: Seq(2), at: UnixMicros(0), marker };
        let (shard, session, epoch) = (ShardNumber(0), SessionNumber(1), Epoch(1));
        let mut fields = Entry { shard, session, epoch, body }.encode();
        fields[1].1 = Bytes::from_static(b"BATON_STREAM_LOST");
        let error = Entry::decode(borrowed(&fields)).unwrap_err();
        let is_of_body = matches!(&error, FieldsError::Malformed { field, .. } if field == "d");
        assert!(is_of_body, "{error}");
    }
}
