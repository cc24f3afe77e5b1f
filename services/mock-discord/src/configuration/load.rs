//! How fast events come: a rate and bursts, as a pace of turns.

use baton_mock_discord::load::{Burst, EVENTS_A_TURN_MAX, Mix, Pace};
use baton_model::ShardCount;

use super::{
    mistakes::{Expected, Mistakes},
    reading::{duration, one_of, thousandths, whole},
};
use crate::arguments::Arguments;

/// Dispatches a second over all shards. Some way above what one core writes, since a Discord that
/// cannot keep up with what it owes falls ever further behind and answers nobody.
const TOTAL_RATE_MAX: u64 = 100_000;

/// Dispatches of one burst. The turn that it takes the place of brings its own besides.
const BURST_MAX: u64 = 10_000;

const _: () = assert!(BURST_MAX < EVENTS_A_TURN_MAX as u64);

const BURST_PERIOD_MS_MAX: u64 = 24 * 3_600_000;

const MIXES: [(&str, Mix); 3] = [
    ("messages", Mix::Messages),
    ("presences", Mix::Presences),
    ("member_updates", Mix::MemberUpdates),
];

/// How far a pace may be from the rate that was asked for: a two-hundredth, for shorter turns.
const TOLERANCE_PARTS: u64 = 200;

/// Dispatches of ordinary turns, and how long a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turns {
    every_ms: u64,
    events: u32,
}

/// A burst as it is written: so many dispatches at once, every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bursts {
    events: u32,
    every_ms: u64,
}

/// The pace of every shard; none of it where nothing is to come.
pub(super) fn read(
    arguments: &Arguments,
    shards: Option<ShardCount>,
    mistakes: &mut Mistakes,
) -> Option<Option<Pace>> {
    let Arguments { rate: rate_text, burst: burst_text, mix, .. } = arguments;
    let mix = mistakes.take("--mix", mix, one_of(&MIXES));
    let shards = shards.map_or(1, |shards| u64::from(shards.0.get()));
    let rate = mistakes.take("--rate", rate_text, |text| rate(text, shards));
    let bursts = match burst_text {
        None => Some(None),
        Some(text) => mistakes.take("--burst", text, bursts).map(Some),
    };
    let (mix, rate, bursts) = (mix?, rate?, bursts?);
    let turns = turns(rate);
    if let Some(bursts) = bursts {
        check(bursts, rate, shards)
            .and_then(|()| compare(bursts, turns))
            .map_err(|expected| {
                let burst_text = burst_text.as_deref().unwrap_or_default();
                mistakes
                    .note(format!("--burst {burst_text:?} with --rate {rate_text:?}"), expected);
            })
            .ok()?;
    }
    Some(pace(mix, turns, bursts))
}

/// Bursts and the rate together are no more than is possible.
fn check(bursts: Bursts, rate: u64, shards: u64) -> Result<(), Expected> {
    let of_bursts = u64::from(bursts.events) * 1_000_000 / bursts.every_ms;
    let most = TOTAL_RATE_MAX / shards;
    if rate + of_bursts <= most * 1_000 {
        return Ok(());
    }
    Err(Expected(format!("both together to make {most} a second or less, for {shards} shards")))
}

/// A burst takes the place of a turn, so there is none between two of them.
fn compare(bursts: Bursts, turns: Option<Turns>) -> Result<(), Expected> {
    match turns {
        Some(Turns { every_ms, .. }) if bursts.every_ms < every_ms => {
            Err(Expected(format!("bursts no more often than the rate's {every_ms}ms")))
        }
        Some(_) | None => Ok(()),
    }
}

fn pace(mix: Mix, turns: Option<Turns>, bursts: Option<Bursts>) -> Option<Pace> {
    let Some(Turns { every_ms, events }) = turns else {
        return bursts.map(|Bursts { events, every_ms }| Pace {
            mix,
            every_ms,
            events,
            burst: None,
        });
    };
    let burst = bursts.map(|bursts| {
        let turns = u32::try_from(bursts.every_ms / every_ms).unwrap_or(u32::MAX);
        // A burst takes the place of a turn and brings what that would have brought.
        Burst { one_turn_in: turns, events: bursts.events.saturating_add(events) }
    });
    Some(Pace { mix, every_ms, events, burst })
}

/// Reads a rate, in dispatches per thousand seconds.
fn rate(text: &str, shards: u64) -> Result<u64, Expected> {
    let most = TOTAL_RATE_MAX / shards;
    thousandths(text).filter(|rate| *rate <= most * 1_000).ok_or_else(|| {
        Expected(format!(
            "a number from 0 to {most} such as 2.5, for {shards} shards make up to \
             {TOTAL_RATE_MAX} dispatches a second",
        ))
    })
}

fn bursts(text: &str) -> Result<Bursts, Expected> {
    let read = || {
        let (events, every) = text.split_once('/')?;
        let events = u32::try_from(whole(1..=BURST_MAX)(events).ok()?).ok()?;
        Some(Bursts { events, every_ms: duration(1..=BURST_PERIOD_MS_MAX)(every).ok()? })
    };
    read().ok_or_else(|| {
        Expected(format!("1 to {BURST_MAX} dispatches and a time up to 24h, such as 500/60s"))
    })
}

/// The shortest turns that come close enough to a rate of dispatches per thousand seconds. In a
/// million milliseconds every such rate is a whole number, so there the search ends.
fn turns(rate: u64) -> Option<Turns> {
    const WHOLE_MS: u64 = 1_000_000;
    if rate == 0 {
        return None;
    }
    (1..=WHOLE_MS).find_map(|every_ms| {
        let events = (rate * every_ms + WHOLE_MS / 2) / WHOLE_MS;
        let error = (events * WHOLE_MS).abs_diff(rate * every_ms);
        let is_close = error * TOLERANCE_PARTS <= rate * every_ms;
        is_close.then_some(Turns { every_ms, events: u32::try_from(events).ok()? })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn turns_are_as_short_as_they_can_be() {
        let told = [0, 1, 1_000, 20_000, 1_000_000, 2_500_000]
            .map(|rate| turns(rate).map(|Turns { every_ms, events }| (events, every_ms)));
        let expected = [None, Some((1, 995_025)), Some((1, 996)), Some((1, 50)), Some((1, 1))];
        assert_eq!(told[..5], expected);
        assert_eq!(told[5], Some((5, 2)));
    }

    #[test]
    fn a_burst_comes_on_top_of_the_rate() {
        let turns = Some(Turns { every_ms: 50, events: 1 });
        let bursts = Some(Bursts { events: 500, every_ms: 60_000 });
        let burst = Some(Burst { one_turn_in: 1_200, events: 501 });
        let mix = Mix::Messages;
        assert_eq!(pace(mix, turns, bursts), Some(Pace { mix, every_ms: 50, events: 1, burst }));
        let alone = Pace { mix, every_ms: 60_000, events: 500, burst: None };
        assert_eq!(pace(mix, None, bursts), Some(alone));
        assert_eq!(pace(mix, None, None), None);
    }

    fn config() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn every_rate_is_met_within_half_a_percent(rate in 1..=TOTAL_RATE_MAX * 1_000) {
            let Turns { every_ms, events } = turns(rate).unwrap();
            let met = f64::from(events) * 1e6 / every_ms as f64;
            prop_assert!((met / rate as f64 - 1.0).abs() <= 0.005, "{met} for {rate}");
        }
    }
}
