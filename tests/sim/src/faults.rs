//! What goes wrong, and when: drawn from the seed before anything happens.

use std::time::Duration;

use baton_mock_discord::Fault as AtDiscord;
use baton_model::{Moment, ShardNumber};

use crate::seeded::Seeded;

/// No fault begins before this: the fleet is on its feet by then, or nearly.
const FIRST: u64 = 15_000;

/// None begins after this.
const LAST: u64 = 95_000;

/// Something that goes wrong. Whom it hits is a number that is taken modulo those who are there.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The process dies. Whether others see its connections end at once depends on what dies.
    Crash(Whom, Death),
    /// The process stands still, SIGSTOP to SIGCONT.
    Stop(Whom, Duration),
    /// Nothing passes between it and the store.
    CutFromStore(Whom, Cut, Duration),
    /// Answers take up to this long.
    SlowStore(Whom, Duration, Duration),
    /// So many of a hundred requests, or their answers, get lost.
    LossyStore(Whom, u64, Duration),
    /// Nothing passes between it and Discord.
    CutFromDiscord(Whom, Duration),
    /// Another instance starts.
    Join,
    /// An instance is told to leave.
    Drain(Whom),
    /// One of its shards' tasks is found stuck, and another takes its place.
    StuckTask(Whom),
    /// The store answers nothing; requests wait.
    StoreFrozen(Duration),
    /// The store says that it might lose what it grants.
    StoreUnsafe(Duration),
    /// The rings of its shards may hold no more than so many bytes each.
    TightRings(Whom, usize, Duration),
    /// The store turns requests away.
    StoreRefuses(Duration),
    /// Another primary, which lacks what came last.
    FailOver { lost: Duration, outage: Duration },
    /// The store forgets everything.
    Wipe,
    /// Something at Discord.
    Discord(AtDiscord),
    /// Discord is well again.
    DiscordWell,
}

impl Fault {
    /// Whether every session can be resumed after it: it ends no session, hides no heartbeat from
    /// Discord for long, and lets the store forget nothing.
    pub(crate) fn is_gentle(&self) -> bool {
        match self {
            Self::Crash(_, Death::OfTheProcess)
            | Self::CutFromStore(..)
            | Self::SlowStore(..)
            | Self::LossyStore(..)
            | Self::Join
            | Self::Drain(_)
            | Self::StuckTask(_)
            | Self::StoreFrozen(_)
            | Self::StoreUnsafe(_)
            | Self::TightRings(..)
            | Self::StoreRefuses(_)
            | Self::Discord(
                AtDiscord::Reconnect { .. }
                | AtDiscord::DropTcp { .. }
                | AtDiscord::DeadResumeHost {}
                | AtDiscord::AskHeartbeat { .. }
                | AtDiscord::Latency { .. }
                | AtDiscord::Invalidate { resumable: true, .. },
            )
            | Self::DiscordWell => true,
            Self::Stop(_, length) => *length < Duration::from_secs(5),
            Self::Crash(_, Death::OfTheHost)
            | Self::CutFromDiscord(..)
            | Self::FailOver { .. }
            | Self::Wipe
            | Self::Discord(_) => false,
        }
    }
}

/// Which of the instances that are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whom(pub(crate) u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// The kernel closes its connections.
    OfTheProcess,
    /// Nobody closes anything.
    OfTheHost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Connections break, and everybody knows.
    Reset,
    /// Packets vanish. Before, answers take up to this long.
    BlackHole { slow_for: Duration },
}

/// All that goes wrong in a world, in order.
pub(crate) fn schedule(seeded: &mut Seeded, shards: u32) -> Vec<(Moment, Fault)> {
    let mut faults = Vec::new();
    for _ in 0..seeded.between(1, 9) {
        let at = seeded.between(FIRST, LAST);
        draw(seeded, shards, at, &mut faults);
    }
    faults.sort_by_key(|(at, _)| *at);
    faults
}

fn draw(seeded: &mut Seeded, shards: u32, at: u64, faults: &mut Vec<(Moment, Fault)>) {
    let when = Moment::from_millis(at);
    let whom = Whom(seeded.next());
    let mut note = |fault| faults.push((when, fault));
    match seeded.between(0, 20) {
        0 => note(Fault::Crash(whom, Death::OfTheProcess)),
        1 => note(Fault::Crash(whom, Death::OfTheHost)),
        2 => {
            note(Fault::Crash(whom, Death::OfTheProcess));
            let back = Moment::from_millis(at + seeded.between(100, 8_000));
            faults.push((back, Fault::Join));
        }
        3 | 4 => note(Fault::Stop(whom, seeded.millis(1_000, 40_000))),
        5 => note(Fault::CutFromStore(whom, Cut::Reset, seeded.millis(500, 25_000))),
        6 | 7 => {
            let slow_for = seeded.millis(0, 6_000);
            note(Fault::CutFromStore(
                whom,
                Cut::BlackHole { slow_for },
                seeded.millis(500, 25_000),
            ));
        }
        8 => note(Fault::SlowStore(whom, seeded.millis(50, 2_500), seeded.millis(1_000, 25_000))),
        9 => note(Fault::LossyStore(whom, seeded.between(5, 60), seeded.millis(1_000, 25_000))),
        10 => note(Fault::CutFromDiscord(whom, seeded.millis(500, 25_000))),
        11 => note(Fault::Join),
        12 | 13 => {
            note(Fault::Drain(whom));
            if seeded.hits(60) {
                let after = Moment::from_millis(at.saturating_sub(seeded.between(0, 6_000)));
                faults.push((after, Fault::Join));
            }
        }
        14 => note(Fault::StoreFrozen(seeded.millis(200, 25_000))),
        15 => note(Fault::StoreRefuses(seeded.millis(200, 25_000))),
        16 | 17 => {
            let lost = seeded.millis(0, 2_500);
            note(Fault::FailOver { lost, outage: seeded.millis(100, 4_000) });
        }
        18 => note(Fault::Wipe),
        19 => note(Fault::StuckTask(whom)),
        _ => {
            note(Fault::Discord(at_discord(seeded, shards)));
            if seeded.hits(50) {
                let well = Moment::from_millis(at + seeded.between(500, 30_000));
                faults.push((well, Fault::DiscordWell));
            }
        }
    }
}

fn at_discord(seeded: &mut Seeded, shards: u32) -> AtDiscord {
    let one = ShardNumber(u32::try_from(seeded.between(0, u64::from(shards) - 1)).unwrap_or(0));
    let shard = seeded.hits(50).then_some(one);
    match seeded.between(0, 14) {
        0 | 1 => AtDiscord::Reconnect { shard },
        2 => AtDiscord::Invalidate { resumable: false, shard },
        3 => AtDiscord::Invalidate { resumable: true, shard },
        4 => AtDiscord::DropTcp { shard },
        5 => AtDiscord::HalfOpen { shard },
        6 => AtDiscord::DeadResumeHost {},
        7 => AtDiscord::SilentAfterHello {},
        8 => AtDiscord::SilentAfterUpgrade {},
        9 => AtDiscord::NoAck {},
        10 => AtDiscord::Outage { ms: seeded.between(500, 15_000) },
        11 => AtDiscord::Latency { ms: seeded.between(10, 400) },
        12 => AtDiscord::ShortReplay { keep: 5 },
        13 => AtDiscord::InvalidSession { percent: 40 },
        _ => AtDiscord::AskHeartbeat { shard },
    }
}
