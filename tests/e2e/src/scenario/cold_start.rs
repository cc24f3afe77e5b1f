//! A cold start: every shard needs an IDENTIFY, and each bucket grants one in five seconds.

use std::{collections::BTreeMap, time::Duration};

use baton_mock_discord::Ledger;
use baton_model::limits::IDENTIFY_DISCORD_SPACING;
use tokio::time::{Instant, sleep};

use super::{
    Scenario,
    table::{Table, text},
};
use crate::processes::{Fleet, discord, valkey};

/// How many shards are started.
const SHARDS: u32 = 64;

/// By how many of a hundred all of it may take longer than an interval for each of a bucket.
const LONGER_PERCENT_MAX: u32 = 6;

/// How long it may take until the first IDENTIFY goes out, and anything else that is no waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// What Discord saw of it.
struct Seen {
    /// The first IDENTIFY, since Discord's zero.
    first: Duration,
    last: Duration,
    /// The least time between two of a bucket.
    closest: Duration,
}

/// Three instances start 64 shards where so many may IDENTIFY at once.
///
/// # Panics
/// If that takes longer than it may, or breaks a rule.
pub async fn play(name: &'static str, concurrency: u32) {
    let valkey = valkey();
    let settings = baton_mock_discord::Settings { max_concurrency: concurrency, ..discord() };
    let mut fleet = Fleet::over(&valkey, settings, SHARDS).await;
    let began = Instant::now();
    for instance in ["a", "b", "c"] {
        fleet.start(instance);
    }
    let scenario = Scenario::begin(name, &fleet).await;
    let rounds = SHARDS.div_ceil(concurrency);
    let most = IDENTIFY_DISCORD_SPACING * rounds * (100 + LONGER_PERCENT_MAX) / 100;
    let mut before_the_first = None;
    while fleet.identifies().await < SHARDS as usize {
        if before_the_first.is_none() && fleet.identifies().await > 0 {
            before_the_first = Some(began.elapsed());
        }
        assert!(began.elapsed() < most + PATIENCE, "it does not end\n{}", fleet.logs());
        sleep(Duration::from_millis(20)).await;
    }
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, SHARDS as usize, "one each");
    let ledger = fleet.discord.look(|discord| discord.ledger().clone()).await;
    let seen = seen(&ledger, concurrency);
    let before_the_first = before_the_first.unwrap_or_default();
    let waiting = seen.last.saturating_sub(seen.first);
    // The first of each bucket need not wait.
    let least = IDENTIFY_DISCORD_SPACING * (rounds - 1);
    let ratio = waiting.as_secs_f64() / least.as_secs_f64();
    let cells = [
        SHARDS.to_string(),
        text(before_the_first),
        text(waiting),
        text(least),
        format!("{ratio:.3}"),
        text(seen.closest),
    ];
    Table::ColdStarts.leave(name, &cells);
    let took = before_the_first + waiting;
    Table::Goals.goal(
        &format!("{name}: from the processes' start to the last IDENTIFY"),
        took,
        most,
    );
    assert!(seen.closest >= IDENTIFY_DISCORD_SPACING, "two of a bucket within {:?}", seen.closest);
    assert!(took <= most, "{took:?}, and {most:?} are the most\n{}", fleet.logs());
}

fn seen(ledger: &Ledger, concurrency: u32) -> Seen {
    let mut buckets: BTreeMap<u32, Vec<Duration>> = BTreeMap::new();
    for session in ledger.sessions.values() {
        let ready = session.sent.front().expect("a session begins with READY");
        let bucket = session.slice.0.0 % concurrency;
        buckets.entry(bucket).or_default().push(Duration::from_micros(ready.at));
    }
    for granted in buckets.values_mut() {
        granted.sort_unstable();
    }
    let all = || buckets.values().flatten().copied();
    let pairs = buckets.values().flat_map(|granted| granted.windows(2));
    Seen {
        first: all().min().unwrap_or_default(),
        last: all().max().unwrap_or_default(),
        closest: pairs.map(|pair| pair[1] - pair[0]).min().unwrap_or(Duration::MAX),
    }
}

#[cfg(test)]
mod tests {
    use baton_mock_discord::{
        SessionOrdinal, Slice,
        ledger::{FrameHash, Sent, SessionLedger},
    };
    use baton_model::{Seq, ShardCount, ShardNumber};

    use super::*;

    #[test]
    fn only_two_of_one_bucket_can_be_too_close() {
        let mut ledger = Ledger::default();
        let count = ShardCount(4.try_into().unwrap());
        for (shard, seconds) in [(0, 10), (1, 11), (2, 15), (3, 17)] {
            let mut session = SessionLedger::new(Slice(ShardNumber(shard), count), "id");
            let at = seconds * 1_000_000;
            session.sent.push_back(Sent { seq: Seq(1), hash: FrameHash::of(b""), at });
            ledger.sessions.insert(SessionOrdinal(u64::from(shard) + 1), session);
        }
        let Seen { first, last, closest } = seen(&ledger, 2);
        assert_eq!([first, last, closest], [10, 17, 5].map(Duration::from_secs));
    }
}
