//! A command as such a program writes it: `{shardId, payload: {op, d}}` in MessagePack. What
//! Discord would make of it, the shard's courier judges, as it does of every command.

use baton_model::{AppShape, Lane, ShardNumber, StoreMillis, StreamId, limits::COMMAND_AGE_MAX};
use baton_store::{Command, CommandError, ensure_command_fits};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// What is larger is not even looked at: a frame may have 4096 bytes, and MessagePack is shorter.
const DATA_BYTES_MAX: usize = 16_384;

/// How deep a command may be nested. Discord's have a level or two; a stack has an end.
const DEPTH_MAX: usize = 32;

/// Why what stands there is no command.
#[derive(Debug, Error)]
pub enum UnfitCommand {
    /// It lacks the one field that is read.
    #[error("there is no field \"data\"")]
    NoData,
    /// It is too large to be one.
    #[error("field \"data\" has {0} bytes; expected at most {DATA_BYTES_MAX}")]
    TooMuch(usize),
    /// It is something else.
    #[error("field \"data\" is no {{shardId, payload: {{op, d}}}} in MessagePack")]
    Unreadable(#[source] rmp_serde::decode::Error),
    /// The app has no such shard.
    #[error("shard {0} does not exist; there are {1}")]
    NoShard(u32, u32),
    /// No shard could send it.
    #[error(transparent)]
    Unfit(CommandError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing {
    shard_id: u32,
    payload: Payload,
}

#[derive(Deserialize, Serialize)]
struct Payload {
    op: u8,
    d: Value,
}

/// Reads a command, and says to which lane it belongs. It is too late for it when it has waited
/// for as long as a command may.
///
/// # Errors
/// If it is none.
pub fn read(
    id: StreamId,
    data: Option<&Bytes>,
    shape: AppShape,
) -> Result<(Lane, Command), UnfitCommand> {
    let data = data.ok_or(UnfitCommand::NoData)?;
    if data.len() > DATA_BYTES_MAX {
        return Err(UnfitCommand::TooMuch(data.len()));
    }
    let Outgoing { shard_id, payload } = decoded(data).map_err(UnfitCommand::Unreadable)?;
    let shards = shape.shards.0.get();
    if shard_id >= shards {
        return Err(UnfitCommand::NoShard(shard_id, shards));
    }
    let frame = serde_json::to_vec(&payload);
    let frame = frame.unwrap_or_else(|error| unreachable!("a JSON value is JSON: {error}"));
    let shard = ShardNumber(shard_id);
    let age_max = u64::try_from(COMMAND_AGE_MAX.as_millis()).unwrap_or(u64::MAX);
    let expires = Some(StoreMillis(id.millis.saturating_add(age_max)));
    let command =
        Command { shard, expires, reply_to: String::new(), trace: None, frame: frame.into() };
    ensure_command_fits(&command).map_err(UnfitCommand::Unfit)?;
    Ok((shape.lanes.lane_of(shard), command))
}

fn decoded(data: &[u8]) -> Result<Outgoing, rmp_serde::decode::Error> {
    let mut decoder = rmp_serde::Deserializer::new(data);
    decoder.set_max_depth(DEPTH_MAX);
    Outgoing::deserialize(&mut decoder)
}

#[cfg(test)]
mod tests {
    use baton_model::{Generation, LaneCount, ShardCount};

    use super::*;
    use crate::brokers::msgpack;

    const ID: StreamId = StreamId { millis: 1_000, number: 0 };

    fn shape() -> AppShape {
        let (shards, lanes) = (ShardCount(6.try_into().unwrap()), LaneCount(4.try_into().unwrap()));
        AppShape { generation: Generation(0), shards, lanes }
    }

    fn read_json(json: &str) -> Result<(Lane, Command), UnfitCommand> {
        let mut data = Vec::new();
        msgpack::append_json(&mut data, json.as_bytes()).unwrap();
        read(ID, Some(&data.into()), shape())
    }

    #[test]
    fn a_command_goes_to_the_lane_of_its_shard() {
        let json = r#"{"payload":{"op":4,"d":{"guild_id":"1","n":-2,"f":0.5}},"shardId":5}"#;
        let (lane, command) = read_json(json).expect("a command");
        assert_eq!((lane, command.shard), (Lane(1), ShardNumber(5)));
        let frame: Value = serde_json::from_slice(&command.frame).unwrap();
        let sent: Value = serde_json::from_str(json).unwrap();
        assert_eq!(frame, sent["payload"]);
        assert_eq!(command.expires, Some(StoreMillis(3_601_000)));
        assert_eq!(command.reply_to, "");
    }

    #[test]
    fn what_is_no_command_is_refused_and_why_is_said() {
        let large = format!(r#"{{"shardId":0,"payload":{{"op":3,"d":"{}"}}}}"#, "x".repeat(4_096));
        for (json, why) in [
            (r#"{"shardId":6,"payload":{"op":3,"d":{}}}"#, "shard 6 does not exist; there are 6"),
            (r#"{"shardId":0,"payload":{"d":{}}}"#, "field \"data\" is no {shardId"),
            (r#"{"payload":{"op":3,"d":{}}}"#, "field \"data\" is no {shardId"),
            (r#"{"shardId":-1,"payload":{"op":3,"d":{}}}"#, "field \"data\" is no {shardId"),
            ("[]", "field \"data\" is no {shardId"),
            (&large, "command has 4111 bytes"),
        ] {
            let found = read_json(json).expect_err(json).to_string();
            assert!(found.starts_with(why), "{found}");
        }
        let junk = Bytes::from_static(&[0xc1]);
        assert!(matches!(read(ID, Some(&junk), shape()), Err(UnfitCommand::Unreadable(_))));
        assert!(matches!(read(ID, None, shape()), Err(UnfitCommand::NoData)));
        let mut deep = Vec::new();
        let lists = |count| ["[".repeat(count), "]".repeat(count)].concat();
        let nested =
            |count| format!(r#"{{"shardId":0,"payload":{{"op":3,"d":{}}}}}"#, lists(count));
        msgpack::append_json(&mut deep, nested(20).as_bytes()).unwrap();
        assert!(read(ID, Some(&deep.clone().into()), shape()).is_ok());
        deep.splice(deep.len() - 20.., [0x91; 15_000]);
        assert!(matches!(read(ID, Some(&deep.into()), shape()), Err(UnfitCommand::Unreadable(_))));
        let huge = Bytes::from(vec![0; DATA_BYTES_MAX + 1]);
        assert!(matches!(read(ID, Some(&huge), shape()), Err(UnfitCommand::TooMuch(16_385))));
    }
}
