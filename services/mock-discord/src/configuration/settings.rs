//! What the simulated Discord is like.

use std::{num::NonZeroU32, time::Duration};

use baton_mock_discord::{Compressions, Settings};
use baton_model::ShardCount;

use super::{
    mistakes::{Expected, Mistakes},
    reading::{duration, one_of, whole},
};
use crate::arguments::Arguments;

/// As many as Discord's largest bots have, and the largest that the fleet is made for.
const SHARDS_MAX: u32 = 16_384;

/// Discord wants more shards beyond this (4011).
const GUILDS_PER_SHARD_MAX: u32 = 2_500;

/// The largest guilds are some megabytes.
const GUILD_BYTES_MAX: u32 = 16 * 1_024 * 1_024;

const HEARTBEAT_MS_MAX: u64 = 3_600_000;

/// Some 40 GB of books: whoever wants more wants to be told that it is not kept.
const LEDGER_MAX: u64 = 1_000_000_000;

const COMPRESSIONS: [(&str, Compressions); 4] = [
    ("any", Compressions::Any),
    ("none", Compressions::None),
    ("zlib", Compressions::Zlib),
    ("zstd", Compressions::Zstd),
];

/// Everything that is a setting. Urls are the server's to set.
pub(super) fn read(arguments: &Arguments, mistakes: &mut Mistakes) -> Option<Settings> {
    let a = arguments;
    let shards = mistakes.take("--shards-max", &a.shards_max, count(1..=SHARDS_MAX));
    let guilds = mistakes.take("--guilds", &a.guilds, count(0..=GUILDS_PER_SHARD_MAX));
    let guild_bytes = mistakes.take("--guild-bytes", &a.guild_bytes, count(0..=GUILD_BYTES_MAX));
    let tokens = tokens(&a.token, mistakes);
    let compressions = mistakes.take("--compression", &a.compression, one_of(&COMPRESSIONS));
    let buckets = mistakes.take("--max-concurrency", &a.max_concurrency, count(1..=SHARDS_MAX));
    let a_day = mistakes.take("--identify-limit", &a.identify_limit, count(1..=u32::MAX));
    let interval = duration(1..=HEARTBEAT_MS_MAX);
    let heartbeat_ms = mistakes.take("--heartbeat-interval", &a.heartbeat_interval, interval);
    let ledger_max = mistakes.take("--ledger-max", &a.ledger_max, whole(1..=LEDGER_MAX));
    let shards = ShardCount(NonZeroU32::new(shards?)?);
    Some(Settings {
        tokens: tokens?,
        guilds: guilds? * shards.0.get(),
        guild_create_bytes: guild_bytes?,
        guilds_per_shard_max: GUILDS_PER_SHARD_MAX,
        shards,
        shards_max: shards,
        compressions: compressions?,
        max_concurrency: buckets?,
        identifies_a_day: a_day?,
        heartbeat_interval: Duration::from_millis(heartbeat_ms?),
        ledger_max: usize::try_from(ledger_max?).unwrap_or(usize::MAX),
        ..Settings::default()
    })
}

const _: () = assert!(SHARDS_MAX.checked_mul(GUILDS_PER_SHARD_MAX).is_some());

fn count(bounds: std::ops::RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, Expected> {
    let read = whole(u64::from(*bounds.start())..=u64::from(*bounds.end()));
    move |text| Ok(u32::try_from(read(text)?).unwrap_or(u32::MAX))
}

/// The tokens, without repeating one in a mistake: some of them may be real.
fn tokens(given: &[String], mistakes: &mut Mistakes) -> Option<Vec<String>> {
    let is_visible =
        |token: &String| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    let is_new = |at: usize| !given[..at].contains(&given[at]);
    if !given.is_empty() && given.iter().all(is_visible) && (0..given.len()).all(is_new) {
        return Some(given.to_vec());
    }
    let expected = "at least one, each of visible letters and none twice";
    mistakes.note("--token".to_owned(), Expected(expected.to_owned()));
    None
}
