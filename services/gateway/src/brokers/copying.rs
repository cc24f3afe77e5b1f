//! A dispatch's copy: the frame in the shape that the package's own gateway publishes,
//! `{shardId, payload}` in MessagePack, where the payload is all of the frame.

use std::borrow::Cow;

use baton_model::{Dispatch, ShardNumber};
use baton_store::{Copied, Copies, EntryBody, InLane};
use bytes::Bytes;

use super::{BrokersSettings, CopyMode, msgpack};

/// The copies of an append's entries, and how many of them cannot be had.
///
/// Markers have none: their readers would not know them. What has none stands in the lane, in every
/// mode.
#[must_use]
pub fn copies_of(
    entries: &[EntryBody],
    shard: ShardNumber,
    settings: &BrokersSettings,
    entries_max: u64,
) -> (Copies, u64) {
    let mut unfit = 0;
    let mut copy_of = |body: &EntryBody| match body {
        EntryBody::Marker { .. } => None,
        EntryBody::Dispatch(dispatch) => match data(shard, &dispatch.frame) {
            Ok(data) => Some(Copied { stream: settings.stream(dispatch.name.as_str()), data }),
            Err(error) => {
                unfit += 1;
                let Dispatch { name, seq, .. } = dispatch;
                let (shard, error) = (shard.0, error.to_string());
                tracing::warn!(shard, seq = seq.0, %name, error, "an event has no copy");
                None
            }
        },
    };
    let each = entries.iter().map(&mut copy_of).collect();
    let lane = match settings.mode {
        CopyMode::Also => InLane::Also { entries_max },
        CopyMode::Instead => InLane::Instead,
    };
    (Copies { each, lane }, unfit)
}

/// What the copy of a frame holds.
///
/// # Errors
/// If the frame is no JSON, or has something in it that no reader of the package could decode.
pub fn data(shard: ShardNumber, frame: &[u8]) -> Result<Bytes, serde_json::Error> {
    pack(shard, frame).or_else(|error| match mended(frame) {
        Cow::Borrowed(_) => Err(error),
        Cow::Owned(mended) => pack(shard, &mended),
    })
}

fn pack(shard: ShardNumber, frame: &[u8]) -> Result<Bytes, serde_json::Error> {
    let mut out = Vec::with_capacity(frame.len() + 32);
    msgpack::append_small_map(&mut out, 2);
    msgpack::append_text(&mut out, "shardId");
    msgpack::append_whole(&mut out, shard.0.into());
    msgpack::append_text(&mut out, "payload");
    msgpack::append_json(&mut out, frame)?;
    Ok(Bytes::from(out))
}

/// A frame without halves of surrogate pairs, as somebody leaves them who cuts a text in the
/// middle of an emoji. JSON allows them, and UTF-8 has nothing for them; decoders put U+FFFD there.
fn mended(frame: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(frame);
    let mut at = 0;
    while at < frame.len() {
        at += match (frame[at], escaped_unit(frame, at)) {
            (b'\\', Some(0xd800..=0xdbff))
                if matches!(escaped_unit(frame, at + 6), Some(0xdc00..=0xdfff)) =>
            {
                12
            }
            (b'\\', Some(0xd800..=0xdfff)) => {
                mended.to_mut()[at..at + 6].copy_from_slice(br"\ufffd");
                6
            }
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    mended
}

/// The UTF-16 unit that an escape at this place stands for.
fn escaped_unit(frame: &[u8], at: usize) -> Option<u16> {
    let digits = frame.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use baton_model::{EventName, Marker, Seq, UnixMicros};
    use serde_json::{Value, json};

    use super::*;

    fn read(data: &Bytes) -> Value {
        rmp_serde::from_slice(data).expect("MessagePack")
    }

    fn dispatch(seq: u64, frame: &'static str) -> EntryBody {
        let (name, frame) =
            (EventName::new("MESSAGE_CREATE"), Bytes::from_static(frame.as_bytes()));
        let (guild, trace, at) = (None, None, UnixMicros(0));
        EntryBody::Dispatch(Dispatch { seq: Seq(seq), name, guild, at, trace, frame })
    }

    #[test]
    fn a_copy_holds_the_shard_and_all_of_the_frame() {
        let frame = r#"{"t":"MESSAGE_CREATE","s":7,"op":0,"d":{"id":"1","flags":0}}"#;
        let data = data(ShardNumber(300), frame.as_bytes()).unwrap();
        let payload = json!({"t": "MESSAGE_CREATE", "s": 7, "op": 0, "d": {"id": "1", "flags": 0}});
        assert_eq!(read(&data), json!({"shardId": 300, "payload": payload}));
    }

    #[test]
    fn half_an_emoji_is_no_reason_to_have_no_copy() {
        for (json, text) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\\ud83d \ud83d""#, "\\ud83d \u{fffd}"),
        ] {
            let data = data(ShardNumber(0), json.as_bytes())
                .unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!(read(&data)["payload"], text, "{json}");
        }
    }

    #[test]
    fn what_has_no_copy_is_counted_and_holds_nothing_up() {
        let (prefix, group_idle_max) = ("b:".to_owned(), Duration::ZERO);
        let settings = BrokersSettings { mode: CopyMode::Also, prefix, group_idle_max };
        let marker = Marker::StreamLost { upto: Seq(1) };
        let entries = [
            dispatch(1, "{}"),
            dispatch(2, "{"),
            EntryBody::Marker { seq: Seq(2), at: UnixMicros(0), marker },
            dispatch(3, "[]"),
        ];
        let (copies, unfit) = copies_of(&entries, ShardNumber(0), &settings, 9);
        let streams: Vec<_> =
            copies.each.iter().map(|it| it.as_ref().map(|it| it.stream.as_str())).collect();
        let there = Some("b:MESSAGE_CREATE");
        assert_eq!((streams, unfit), (vec![there, None, None, there], 1));
        assert_eq!(copies.lane, InLane::Also { entries_max: 9 });
        let settings = BrokersSettings { mode: CopyMode::Instead, ..settings };
        let (instead, _) = copies_of(&entries, ShardNumber(0), &settings, 9);
        assert_eq!(instead, Copies { lane: InLane::Instead, ..copies });
    }
}
