//! How an instance is, and what somebody should do about it. Pure.
//!
//! Everything that is asked of an instance from outside is answered from one [`Seen`]: what is
//! wrong is found once, by [`Health::of`], and the two probes only say what follows. The levels
//! are ordered by what helps: time or an operator, and at the end only a new process.
//!
//! The one idea: *whether the process should be restarted has nothing to do with others*. Valkey or
//! Discord being away is no reason, for a restart would only lose what is held in memory.

mod causes;
mod seen;

use std::fmt;

use baton_model::Phase;
use serde::Serialize;

pub use self::seen::{Seen, ShardSeen};

/// How well an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is wrong.
    Healthy,
    /// It does its work, and takes more; something needs a look.
    Degraded,
    /// It cannot do all of its work, or take more. A restart would not help.
    Unhealthy,
    /// It has ended or hangs: only a new process helps.
    Fatal,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// How bad it is.
    pub level: Level,
    /// What is wrong, and what to do, in one line.
    pub text: String,
}

/// An instance's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The worst of the reasons' levels.
    pub level: Level,
    /// What is wrong, the worst first.
    pub reasons: Vec<Reason>,
}

/// What a probe is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Pass,
    /// No, and why: a line each, never none.
    Fail(Vec<String>),
}

impl Level {
    /// All levels, the best first.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Degraded, Self::Unhealthy, Self::Fatal];

    /// The level as operators read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Fatal => "fatal",
        }
    }
}

impl Health {
    /// Finds out what is wrong.
    #[must_use]
    pub fn of(seen: &Seen) -> Self {
        let mut reasons = causes::all(seen);
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level));
        let worst = reasons.iter().map(|reason| reason.level).max();
        Self { level: worst.unwrap_or(Level::Healthy), reasons }
    }

    /// Should the process be left to run? If not, only a new one helps.
    #[must_use]
    pub fn livez(&self) -> Verdict {
        self.up_to(Level::Unhealthy)
    }

    /// Can the instance be given shards? An orchestrator may go on with the next one then.
    #[must_use]
    pub fn readyz(&self, phase: Phase) -> Verdict {
        let leaving = match phase {
            Phase::Up => return self.up_to(Level::Degraded),
            Phase::Joining => "the instance is joining: no app is known yet; see its conditions",
            Phase::Draining => {
                "the instance is draining: its shards go to others; wait for its end"
            }
            Phase::Down => "the instance is down: all its shards are gone; wait for its end",
        };
        let others = self.reasons.iter().map(|reason| reason.text.clone());
        Verdict::Fail(std::iter::once(leaving.to_owned()).chain(others).collect())
    }

    /// Passes unless something is worse than `level`.
    fn up_to(&self, level: Level) -> Verdict {
        if self.level <= level {
            return Verdict::Pass;
        }
        let worse = self.reasons.iter().filter(|reason| reason.level > level);
        Verdict::Fail(worse.map(|reason| reason.text.clone()).collect())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
