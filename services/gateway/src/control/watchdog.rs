//! Which shards' tasks make no progress.
//!
//! An instance's lease covers all its shards, so a task that hangs would keep its shard for ever.
//! Each task is asked for a sign of life again and again. What gives none for some time is started
//! afresh; what gives none even so is given up to the other instances.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use baton_model::{
    Moment, ShardKey,
    limits::{WATCHDOG_FREE, WATCHDOG_RESTART},
};

use crate::shard::Face;

/// How often tasks are looked after.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

const _: () = assert!(PERIOD.as_millis() * 2 < WATCHDOG_RESTART.as_millis());

/// What was seen of each task.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    last_look: Option<Moment>,
    /// Since when a task has given no sign, and whether it was started afresh since.
    silent: BTreeMap<ShardKey, Silence>,
    told: BTreeSet<ShardKey>,
}

#[derive(Debug, Clone, Copy)]
struct Silence {
    since: Moment,
    is_restarted: bool,
}

/// What follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    pub(super) to_restart: Vec<ShardKey>,
    /// All shards that others may have; none if they are the same as before.
    pub(super) stalled: Option<BTreeSet<ShardKey>>,
}

impl Watchdog {
    /// Looks at all tasks; each was asked for a sign of life at the last look.
    pub(super) fn look<'a>(
        &mut self,
        faces: impl Iterator<Item = (&'a ShardKey, &'a Arc<Face>)>,
        now: Moment,
    ) -> Findings {
        let turned = faces.map(|(shard, face)| (shard.clone(), face.turned_at()));
        self.judge(turned.collect(), now)
    }

    fn judge(&mut self, turned: BTreeMap<ShardKey, Moment>, now: Moment) -> Findings {
        let Some(asked_at) = self.last_look.replace(now) else {
            return Findings::default();
        };
        self.silent.retain(|shard, _| turned.contains_key(shard));
        let mut findings = Findings::default();
        for (shard, turned_at) in turned {
            if turned_at >= asked_at {
                self.silent.remove(&shard);
                continue;
            }
            let fresh = Silence { since: asked_at, is_restarted: false };
            let silence = self.silent.entry(shard.clone()).or_insert(fresh);
            if now.since(silence.since) >= WATCHDOG_RESTART && !silence.is_restarted {
                silence.is_restarted = true;
                findings.to_restart.push(shard);
            }
        }
        let stalled = self.silent.iter();
        let stalled = stalled.filter(|(_, silence)| now.since(silence.since) >= WATCHDOG_FREE);
        let stalled: BTreeSet<_> = stalled.map(|(shard, _)| shard.clone()).collect();
        if stalled != self.told {
            self.told.clone_from(&stalled);
            findings.stalled = Some(stalled);
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    fn shard(number: u32) -> ShardKey {
        let app = "app".parse().unwrap();
        ShardKey { app, generation: Generation(0), number: ShardNumber(number) }
    }

    /// Looks every second; shard 1 turns at each of them, shard 2 up to the given second.
    fn watched(last_turn: u64, seconds: u64) -> Vec<Findings> {
        let mut watchdog = Watchdog::default();
        (0..=seconds)
            .map(|second| {
                let at = |second| Moment::from_millis(second * 1_000 + 1);
                let turns = [(shard(1), at(second)), (shard(2), at(second.min(last_turn)))];
                watchdog.judge(turns.into(), at(second))
            })
            .collect()
    }

    #[test]
    fn a_task_that_stops_is_started_afresh_once_and_then_left_to_others() {
        let findings = watched(3, 20);
        let restarts: Vec<_> =
            (0..).zip(&findings).filter(|(_, found)| !found.to_restart.is_empty()).collect();
        assert_eq!(restarts.len(), 1);
        assert_eq!(restarts[0].1.to_restart, [shard(2)]);
        assert!((8..=10).contains(&restarts[0].0), "after {} s", restarts[0].0);
        let given_up: Vec<_> = (0..)
            .zip(&findings)
            .filter_map(|(at, found)| Some((at, found.stalled.clone()?)))
            .collect();
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].1, BTreeSet::from([shard(2)]));
        assert!((13..=15).contains(&given_up[0].0), "after {} s", given_up[0].0);
    }

    #[test]
    fn tasks_that_turn_are_left_alone() {
        assert!(watched(20, 20).iter().all(|found| *found == Findings::default()));
    }

    #[test]
    fn a_shard_that_turns_again_is_kept() {
        let mut watchdog = Watchdog::default();
        let at = |second: u64| Moment::from_millis(second * 1_000);
        for second in 0..=12 {
            watchdog.judge([(shard(2), at(0))].into(), at(second));
        }
        assert_eq!(watchdog.told, BTreeSet::from([shard(2)]));
        let found = watchdog.judge([(shard(2), at(13))].into(), at(13));
        assert_eq!(found.stalled, Some(BTreeSet::new()));
    }
}
