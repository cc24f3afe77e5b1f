//! What a world is like: how many of everything, and how fast.

use std::{collections::BTreeSet, fmt, num::NonZeroU16, time::Duration};

use baton_gateway::supervisor::App;
use baton_mock_discord::load::{Burst, Mix, Pace};
use baton_model::{Generation, LaneCount, ShardCount};

use crate::{process::AppShape, seeded::Seeded};

/// What is drawn before anything happens.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) instances: u64,
    pub(crate) app: AppShape,
    pub(crate) guilds_per_shard: u32,
    pub(crate) pace: Pace,
    /// How often Discord wants to hear a heartbeat.
    pub(crate) heartbeat: Duration,
    /// How many of a hundred messages between instances get lost.
    pub(crate) messages_lost: u64,
}

impl Shape {
    pub(crate) fn drawn(seeded: &mut Seeded) -> Self {
        let small = |number: u64| u16::try_from(number).ok().and_then(NonZeroU16::new);
        let small = |number| small(number).unwrap_or(NonZeroU16::MIN);
        let shards = small(seeded.between(1, 6));
        let shape = baton_model::AppShape {
            generation: Generation(0),
            shards: ShardCount(shards.into()),
            lanes: LaneCount(small(seeded.between(1, 2))),
        };
        let app = App { shape, buckets: small(seeded.between(1, 3)) };
        let name = "app".parse().unwrap_or_else(|error| unreachable!("a name: {error}"));
        let burst = Burst { one_turn_in: 20, events: 30 };
        Self {
            instances: seeded.between(1, 4),
            app: AppShape { name, app, left_out: BTreeSet::new() },
            guilds_per_shard: *seeded.pick(&[4, 8, 16]).unwrap_or(&8),
            pace: Pace {
                mix: Mix::Presences,
                every_ms: seeded.between(400, 3_000),
                events: 1,
                burst: seeded.hits(30).then_some(burst),
            },
            heartbeat: Duration::from_millis(
                *seeded.pick(&[15_000, 20_000, 41_250]).unwrap_or(&41_250),
            ),
            messages_lost: *seeded.pick(&[0, 10, 100]).unwrap_or(&0),
        }
    }

    pub(crate) const fn shards(&self) -> u32 {
        self.app.app.shape.shards.0.get()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let App { shape: baton_model::AppShape { shards, lanes, .. }, buckets } = self.app.app;
        let (instances, guilds, pace) = (self.instances, self.guilds_per_shard, self.pace);
        write!(
            f,
            "a world of {instances} instances, {shards} shards, {} lanes, {buckets} buckets, \
             {guilds} guilds a shard, an event every {} ms, a heartbeat every {:?}, \
             {} % of messages lost",
            lanes.0, pace.every_ms, self.heartbeat, self.messages_lost
        )
    }
}
