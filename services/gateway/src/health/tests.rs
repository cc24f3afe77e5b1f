//! What is wrong, case by case, and what the probes make of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{Epoch, Generation, Moment, ShardKey, ShardNumber, limits::RING_BYTES_MAX};
use baton_shard::{Actor, State};
use baton_store::Safety;

use super::*;
use crate::{
    app::Condition,
    lane_face::BrokersCounts,
    memory::{Look, Memory},
};

const NOW: Moment = Moment::from_millis(1_000_000);

/// An instance that does its work.
fn well() -> Seen {
    Seen {
        now: NOW,
        has_ended: false,
        phase: Phase::Up,
        is_planner: false,
        confirmed_until: Some(NOW + Duration::from_secs(3)),
        store: Some(Safety::Safe),
        apps: BTreeMap::from([("bot".parse().unwrap(), Condition::Running)]),
        shapes: BTreeMap::new(),
        stored_apps: BTreeSet::new(),
        unusable_apps: BTreeMap::new(),
        shards: vec![shard(0, State::Live), shard(1, State::Live)],
        late: Duration::ZERO,
        late_lately: Duration::ZERO,
        ring_bytes_max: RING_BYTES_MAX,
        memory: Some(Look {
            memory: Memory { resident_bytes: 850, limit_bytes: 1_000 },
            share_percent: 85,
        }),
        dispatches: 0,
        brokers: BrokersCounts::default(),
    }
}

fn shard(number: u32, state: State) -> ShardSeen {
    let app = "bot".parse().unwrap();
    ShardSeen {
        shard: ShardKey { app, generation: Generation(0), number: ShardNumber(number) },
        state,
        state_for: Duration::from_secs(5),
        waits_for: Actor::Discord,
        epoch: Some(Epoch(1)),
        live_for: None,
        deaf_for: None,
        lag: Duration::ZERO,
        turned_ago: Duration::from_secs(1),
        ring_bytes: 0,
        dispatches: 0,
        heartbeat: None,
    }
}

fn deaf(number: u32, state: State, seconds: u64) -> ShardSeen {
    ShardSeen { deaf_for: Some(Duration::from_secs(seconds)), ..shard(number, state) }
}

fn rejected() -> Condition {
    Condition::Rejected { code: 4014, remedy: "enable the intents" }
}

type Change = fn(&mut Seen);

/// What is done to a well instance, and the reasons that follow.
const CASES: &[(Change, &[(Level, &str)])] = &[
    (|_| {}, &[]),
    (|seen| seen.brokers.refused_ago = Some(Duration::from_secs(300)), &[]),
    (
        |seen| seen.brokers.refused_ago = Some(Duration::from_secs(299)),
        &[(
            Level::Degraded,
            "the store refuses copies for @discordjs/brokers: their events stand in the lanes \
             only; see the log for why",
        )],
    ),
    (
        // All else would be what follows.
        |seen| {
            seen.has_ended = true;
            seen.confirmed_until = None;
        },
        &[(
            Level::Fatal,
            "the instance has ended, and its process has not; end it, and look for its last lines \
             in the log",
        )],
    ),
    (
        |seen| seen.confirmed_until = None,
        &[(
            Level::Unhealthy,
            "the store has not acknowledged a beat yet; see that the store is up and reached",
        )],
    ),
    (
        |seen| seen.confirmed_until = Some(NOW - Duration::from_secs(7)),
        &[(
            Level::Unhealthy,
            "leases have been unconfirmed for 7 s: the store acknowledges no beats; see that the \
             store is up and reached",
        )],
    ),
    (
        |seen| seen.confirmed_until = Some(NOW),
        &[(
            Level::Unhealthy,
            "leases have been unconfirmed for 0 s: the store acknowledges no beats; see that the \
             store is up and reached",
        )],
    ),
    (
        |seen| seen.store = Some(Safety::Unsafe { reason: "1 of 3 sentinels; start two".into() }),
        &[(Level::Unhealthy, "no lease is taken from the store: 1 of 3 sentinels; start two")],
    ),
    (
        |seen| seen.store = None,
        &[(
            Level::Unhealthy,
            "no lease is taken from the store: it has not said yet whether it is safe; wait",
        )],
    ),
    (|seen| seen.apps.clear(), &[(Level::Unhealthy, "no app is configured; add one")]),
    (
        |seen| drop(seen.apps.insert("bot".parse().unwrap(), rejected())),
        &[(Level::Unhealthy, "discord rejects app bot with close code 4014; enable the intents")],
    ),
    (
        |seen| drop(seen.apps.insert("other".parse().unwrap(), rejected())),
        &[(Level::Degraded, "discord rejects app other with close code 4014; enable the intents")],
    ),
    (
        |seen| {
            let because = "no token source has a token; add one".to_owned();
            seen.apps.insert("other".parse().unwrap(), Condition::Starting { because });
        },
        &[(Level::Degraded, "app other does not run yet: no token source has a token; add one")],
    ),
    (
        |seen| {
            let because = "intents is unknown".to_owned();
            seen.unusable_apps.insert("other".parse().unwrap(), because);
        },
        &[(Level::Degraded, "app other cannot be run as the store has it: intents is unknown")],
    ),
    (|seen| seen.late_lately = Duration::from_millis(999), &[]),
    (
        |seen| seen.late_lately = Duration::from_millis(1_000),
        &[(
            Level::Unhealthy,
            "the shards' runtime was 1.0 s late; give the process more cpu, or less capacity",
        )],
    ),
    (
        |seen| seen.late_lately = Duration::from_secs(31),
        &[(
            Level::Unhealthy,
            "the shards' runtime was 31.0 s late; give the process more cpu, or less capacity",
        )],
    ),
    (
        |seen| {
            seen.late = Duration::from_secs(30);
            seen.late_lately = seen.late;
        },
        &[(Level::Fatal, "the shards' runtime has hung for 30 s; restart the process")],
    ),
    (|seen| seen.memory = None, &[]),
    (
        |seen| {
            let memory = Memory { resident_bytes: 851, limit_bytes: 1_000 };
            seen.memory = Some(Look { memory, share_percent: 85 });
        },
        &[(
            Level::Unhealthy,
            "memory is above 85 % of its limit: 851 of 1000 bytes; raise the limit, or lower the \
             capacity",
        )],
    ),
    (|seen| seen.shards[0].ring_bytes = RING_BYTES_MAX / 100 * 79, &[]),
    (
        // Neither of them alone.
        |seen| {
            for shard in &mut seen.shards {
                shard.ring_bytes = RING_BYTES_MAX / 100 * 41;
            }
        },
        &[(
            Level::Degraded,
            "the ring is 81 % full: the store takes events slower than they come; see that it is \
             reached and fast enough",
        )],
    ),
    (|seen| seen.shards[0] = deaf(0, State::Resuming, 59), &[]),
    (
        |seen| {
            seen.shards[0] = deaf(0, State::Resuming, 60);
            seen.shards[1] = deaf(1, State::AwaitingPermit, 90);
            seen.shards.push(deaf(2, State::AwaitingPermit, 70));
        },
        &[(
            Level::Degraded,
            "3 shards without events for over 60 s (2 awaiting permit, 1 resuming), bot/0.1 for \
             the longest; see its lines in the log",
        )],
    ),
    (|seen| seen.shards[1].turned_ago = Duration::from_millis(4_999), &[]),
    (
        |seen| seen.shards[1].turned_ago = Duration::from_secs(5),
        &[(
            Level::Degraded,
            "1 task without progress, that of bot/0.1 first: others may take what a restart does \
             not help; report it with the log",
        )],
    ),
    (
        // The worst comes first.
        |seen| {
            seen.shards[0] = deaf(0, State::BackingOff, 60);
            seen.store = None;
            seen.late = Duration::from_secs(31);
        },
        &[
            (Level::Fatal, "the shards' runtime has hung for 31 s; restart the process"),
            (
                Level::Unhealthy,
                "no lease is taken from the store: it has not said yet whether it is safe; wait",
            ),
            (
                Level::Degraded,
                "1 shard without events for over 60 s (1 backing off), bot/0.0 for the longest; \
                 see its lines in the log",
            ),
        ],
    ),
];

fn changed(change: Change) -> Seen {
    let mut seen = well();
    change(&mut seen);
    seen
}

#[test]
fn everything_that_is_wrong_is_said_in_a_line_with_what_to_do() {
    for (change, expected) in CASES {
        let health = Health::of(&changed(*change));
        let found: Vec<_> =
            health.reasons.iter().map(|reason| (reason.level, reason.text.as_str())).collect();
        assert_eq!(found, *expected);
        assert!(found.iter().all(|(_, text)| !text.contains('\n')), "{found:?}");
        let worst = found.iter().map(|(level, _)| *level).max();
        assert_eq!(health.level, worst.unwrap_or(Level::Healthy));
    }
}

#[test]
fn an_instance_is_ready_unless_it_is_unhealthy_and_alive_unless_that_is_fatal() {
    for (change, expected) in CASES {
        let health = Health::of(&changed(*change));
        let texts = |least| {
            let worse = expected.iter().filter(|(level, _)| *level >= least);
            worse.map(|(_, text)| (*text).to_owned()).collect::<Vec<_>>()
        };
        let verdict = |texts: Vec<String>| match texts.is_empty() {
            true => Verdict::Pass,
            false => Verdict::Fail(texts),
        };
        assert_eq!(health.readyz(Phase::Up), verdict(texts(Level::Unhealthy)));
        assert_eq!(health.livez(), verdict(texts(Level::Fatal)));
    }
}

#[test]
fn only_an_instance_that_is_up_is_ready_however_well_it_is() {
    let ready = Phase::ALL.map(|phase| Health::of(&well()).readyz(phase));
    assert_eq!(ready[1], Verdict::Pass);
    for (verdict, word) in [(0, "joining"), (2, "draining"), (3, "down")] {
        let Verdict::Fail(reasons) = &ready[verdict] else {
            panic!("{word} is not ready");
        };
        assert!(reasons.len() == 1 && reasons[0].contains(word), "{reasons:?}");
    }
}

#[test]
fn an_instance_that_joins_says_all_that_it_waits_for() {
    let seen = changed(|seen| {
        seen.confirmed_until = None;
        seen.shards[0] = deaf(0, State::Connecting, 100);
    });
    let Verdict::Fail(reasons) = Health::of(&seen).readyz(Phase::Joining) else {
        panic!("it is not ready");
    };
    assert_eq!(reasons.len(), 3, "{reasons:?}");
}

/// Whether the process should run on is no matter of Valkey or Discord, in whatever combination.
#[test]
fn nothing_that_others_do_ends_the_process() {
    let theirs: [Change; 8] = [
        |seen| seen.confirmed_until = None,
        |seen| seen.store = None,
        |seen| seen.store = Some(Safety::Unsafe { reason: "away".into() }),
        |seen| seen.apps.clear(),
        |seen| drop(seen.apps.insert("bot".parse().unwrap(), rejected())),
        |seen| seen.shards[0] = deaf(0, State::Fatal, 100_000),
        |seen| seen.shards[1] = deaf(1, State::BackingOff, 100_000),
        |seen| seen.shards[1].ring_bytes = RING_BYTES_MAX * 2,
    ];
    for choice in 0..1_u32 << theirs.len() {
        let mut seen = well();
        for (bit, change) in (0..).zip(theirs) {
            if choice & (1 << bit) != 0 {
                change(&mut seen);
            }
        }
        assert_eq!(Health::of(&seen).livez(), Verdict::Pass, "{seen:?}");
    }
}

#[test]
fn the_documentation_explains_every_level() {
    let documentation =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md"));
    for level in Level::ALL {
        assert!(documentation.contains(&format!("\n| {level} | ")), "{level}");
    }
}
