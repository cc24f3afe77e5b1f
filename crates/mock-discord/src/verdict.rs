//! Verdicts: which rule was broken, by whom, when, how often.
//!
//! Discord punishes and forgets. The simulated one remembers, so that a test can ask for *no*
//! verdict at the end, whatever the client got away with.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};

use baton_model::Moment;
use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Slice};

/// Verdicts kept in full. A client in a tight loop earns millions; the counts still tell.
const KEPT_MAX: usize = 1_000;

/// A rule that clients are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// One IDENTIFY per bucket in five seconds.
    IdentifyTooEarly,
    /// No more IDENTIFYs in a day than `session_start_limit` grants.
    IdentifyPastDailyLimit,
    /// A heartbeat in every interval.
    HeartbeatMissing,
    /// At most 120 frames in a minute.
    SendLimit,
    /// At most 4096 bytes in a frame.
    PayloadTooLarge,
    /// RESUME only what was started with the same token.
    ForeignSession,
    /// RESUME only from a number that was sent.
    InvalidSeq,
    /// A session is not taken to and fro between two living connections.
    SessionContested,
    /// Connections are not opened in a loop.
    ConnectionStorm,
    /// Only ops that Discord takes.
    UnknownOp,
    /// Every frame is a JSON object with an op and the fields that belong to it.
    Malformed,
    /// JSON travels in text frames.
    NotText,
    /// IDENTIFY or RESUME comes before everything but heartbeats.
    NotAuthenticated,
    /// IDENTIFY or RESUME comes once.
    AlreadyAuthenticated,
    /// A token that is valid.
    WrongToken,
    /// A shard that lies within its count.
    WrongShard,
    /// As many shards as the guilds need.
    ShardingRequired,
    /// Version 10.
    WrongVersion,
    /// Encoding `json`.
    WrongEncoding,
    /// No compression, or one that there is.
    WrongCompression,
    /// Only intents that there are.
    InvalidIntents,
    /// Only intents that the app was granted.
    DisallowedIntents,
    /// REST requests about a bot carry its token.
    RestUnauthorized,
}

/// One rule broken once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The rule.
    pub rule: Rule,
    /// The connection, if it was one.
    pub connection: Option<ConnectionId>,
    /// The shard it spoke for, if it had said so.
    pub slice: Option<Slice>,
    /// When, in microseconds since the simulated Discord's zero.
    pub at: u64,
}

/// All verdicts so far.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verdicts {
    /// How often each rule was broken.
    pub counts: BTreeMap<Rule, u64>,
    /// The latest of them, oldest first.
    pub latest: VecDeque<Verdict>,
}

impl Verdicts {
    /// How often this rule was broken.
    #[must_use]
    pub fn count(&self, rule: Rule) -> u64 {
        self.counts.get(&rule).copied().unwrap_or(0)
    }

    pub(crate) fn pass(&mut self, rule: Rule, who: Culprit, now: Moment) {
        *self.counts.entry(rule).or_default() += 1;
        if self.latest.len() == KEPT_MAX {
            self.latest.pop_front();
        }
        let Culprit { connection, slice } = who;
        self.latest.push_back(Verdict { rule, connection, slice, at: now.as_nanos() / 1_000 });
    }
}

/// Who broke a rule, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Culprit {
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) slice: Option<Slice>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_go_on_where_the_list_ends() {
        let mut verdicts = Verdicts::default();
        for at in 0..1_001 {
            verdicts.pass(Rule::UnknownOp, Culprit::default(), Moment::from_millis(at));
        }
        assert_eq!(verdicts.count(Rule::UnknownOp), 1_001);
        assert_eq!(verdicts.count(Rule::WrongToken), 0);
        assert_eq!(verdicts.latest.len(), 1_000);
        assert_eq!(verdicts.latest[0].at, 1_000);
    }

    #[test]
    fn a_rule_is_called_the_same_everywhere() {
        assert_eq!(Rule::IdentifyTooEarly.to_string(), "identify_too_early");
        let json = serde_json::to_string(&Rule::IdentifyTooEarly).unwrap();
        assert_eq!(json, "\"identify_too_early\"");
    }
}
