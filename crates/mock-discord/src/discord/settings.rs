//! What a simulated Discord is like. Where the real one's ways are not known, it is a setting.

use std::{num::NonZeroU32, time::Duration};

use baton_model::ShardCount;

/// Everything that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The tokens of the apps that there are, one each.
    pub tokens: Vec<String>,
    /// How many guilds each app is in, over all its shards.
    pub guilds: u32,
    /// How long a GUILD_CREATE is.
    pub guild_create_bytes: u32,
    /// How many members each guild has.
    pub guild_members: u32,
    /// A shard may not have more guilds than this (4011).
    pub guilds_per_shard_max: u32,
    /// The shard count that `GET /gateway/bot` recommends.
    pub shards: ShardCount,
    /// An IDENTIFY may not name a larger shard count than this (4010).
    pub shards_max: ShardCount,
    /// Which compressions there are (others: 4002).
    pub compressions: Compressions,
    /// How many buckets IDENTIFYs fall into: `shard % max_concurrency`.
    pub max_concurrency: u32,
    /// IDENTIFYs a day.
    pub identifies_a_day: u32,
    /// What HELLO asks for. A client that is silent for half as long again is closed.
    pub heartbeat_interval: Duration,
    /// How long a session without a connection may be resumed.
    pub session_timeout: Duration,
    /// What happens to a connection whose session is resumed on another.
    pub resumed_elsewhere: ResumedElsewhere,
    /// How dispatches are numbered.
    pub seq_step: SeqStep,
    /// The intents that there are (others: 4013).
    pub intents_known: u64,
    /// Those of them that apps were granted (others: 4014).
    pub intents_granted: u64,
    /// How often a shard may connect in ten seconds before it is called a storm.
    pub connections_in_10_s_max: usize,
    /// How many dispatches the ledger remembers; beyond that it forgets the oldest.
    pub ledger_max: usize,
    /// Where clients connect, as REST tells them.
    pub gateway_url: String,
    /// Where they resume, as READY tells them.
    pub resume_url: String,
}

/// Which compressions there are. A client may always do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compressions {
    /// `zlib-stream` and `zstd-stream`, as at Discord.
    Any,
    /// None at all.
    None,
    /// `zlib-stream`.
    Zlib,
    /// `zstd-stream`.
    Zstd,
}

/// What happens to a connection whose session is resumed on another. Not known of the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResumedElsewhere {
    /// It is closed with this code.
    Close(u16),
    /// It stays open and hears nothing but acknowledgements.
    Leave,
}

/// How dispatches of a session are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeqStep {
    /// One by one, as has been seen.
    One,
    /// By seeded steps of up to this, as nobody has promised otherwise.
    UpTo(u64),
}

impl Compressions {
    /// Whether a url may ask for this one.
    pub(super) fn have(self, asked: &str) -> bool {
        match self {
            Self::Any => matches!(asked, "zlib-stream" | "zstd-stream"),
            Self::None => false,
            Self::Zlib => asked == "zlib-stream",
            Self::Zstd => asked == "zstd-stream",
        }
    }
}

impl Default for Settings {
    /// A small app on a Discord like the real one.
    fn default() -> Self {
        Self {
            tokens: vec!["token".to_owned()],
            guilds: 2,
            guild_create_bytes: 30_000,
            guild_members: 1_500,
            guilds_per_shard_max: 2_500,
            shards: crate::Slice::WHOLE.1,
            shards_max: ShardCount(NonZeroU32::MAX),
            compressions: Compressions::Any,
            max_concurrency: 1,
            identifies_a_day: 1_000,
            heartbeat_interval: Duration::from_millis(41_250),
            session_timeout: Duration::from_secs(90),
            resumed_elsewhere: ResumedElsewhere::Close(4_000),
            seq_step: SeqStep::One,
            intents_known: (1 << 26) - 1,
            intents_granted: (1 << 26) - 1,
            connections_in_10_s_max: 10,
            ledger_max: usize::MAX,
            gateway_url: "ws://127.0.0.1:4000".to_owned(),
            resume_url: "ws://127.0.0.1:4001".to_owned(),
        }
    }
}
