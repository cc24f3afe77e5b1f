//! Running a seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    laws::Violation,
    trace::Trace,
    world::{Ending, World},
};

/// What is kept of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Its digest.
    Digest,
    /// Every line of it.
    Lines,
}

/// Runs one seed to its end, or to the first law that is broken. A machine that panics has broken
/// the law that it asserts.
#[must_use]
pub fn run(seed: u64, record: Record) -> Ending {
    let trace = match record {
        Record::Digest => Trace::digest_only(),
        Record::Lines => Trace::readable(),
    };
    let mut world = World::new(seed, trace);
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run()));
    let violation = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(violation)) => Some(violation),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            let what = text.unwrap_or_else(|| "a machine panicked".to_owned());
            Some(Violation { at: world.now, law: "assertion", what })
        }
    };
    let lines = world.take_lines();
    let sessions = &world.discord.ledger().sessions;
    Ending {
        digest: world.trace.digest(),
        violation,
        lines,
        events: world.events,
        dispatches: sessions.values().map(|session| session.sent.len()).sum(),
        grants: world.laws.grants,
    }
}
