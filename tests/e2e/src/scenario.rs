//! What came of a scenario, and the lines it leaves in `docs/reliability.md`.

pub mod cold_start;
pub mod half_open;
pub mod hand_over;
mod streams;
pub mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_gateway::clock::unix_micros;
use baton_mock_discord::{ConnectionId, audit::Report, verdict::Rule};
use baton_model::{ShardNumber, UnixMicros};

pub use self::streams::Streams;
use self::table::{Table, percentile, text};
use crate::{
    processes::Fleet,
    witness::{Move, Watching},
};

/// A scenario that is being played.
pub struct Scenario<'a> {
    name: &'static str,
    fleet: &'a Fleet,
    watching: Watching,
    concerned: BTreeSet<ShardNumber>,
    excused: BTreeSet<Rule>,
    forgiven: BTreeMap<Rule, u64>,
    identifies: usize,
    connections: BTreeSet<ConnectionId>,
    began: UnixMicros,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The comparison of the streams with what was sent.
    pub report: Report,
    /// Every change of hands, and how long after the beginning.
    pub moves: Vec<(Duration, Move)>,
    /// IDENTIFYs since it began.
    pub identifies: usize,
    /// Connections that were open when it began and are not any more.
    pub dropped: usize,
    /// What the streams show of the time since it began.
    pub streams: Streams,
    /// How often rules were broken that this scenario is excused from.
    pub verdicts: BTreeMap<Rule, u64>,
}

impl<'a> Scenario<'a> {
    /// Begins: from here on changes of hands, IDENTIFYs, dropped connections and the time count.
    pub async fn begin(name: &'static str, fleet: &'a Fleet) -> Self {
        let watching = fleet.watch();
        let concerned = fleet.shape().shards.shards().collect();
        let (identifies, connections) = (fleet.identifies().await, fleet.connections().await);
        Self {
            name,
            fleet,
            watching,
            concerned,
            excused: BTreeSet::new(),
            forgiven: BTreeMap::new(),
            identifies,
            connections,
            began: unix_micros(),
        }
    }

    /// Whose pauses count, if not those of all shards.
    #[must_use]
    pub fn about(self, concerned: BTreeSet<ShardNumber>) -> Self {
        Self { concerned, ..self }
    }

    /// Which rules cannot but be broken here. How often is told in the end.
    #[must_use]
    pub fn excused_from(self, rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { excused: rules.into_iter().collect(), ..self }
    }

    /// Which rules were broken how often before it began, and is not what it is about.
    #[must_use]
    pub fn forgiving(self, forgiven: BTreeMap<Rule, u64>) -> Self {
        Self { forgiven, ..self }
    }

    /// Ends: everything comes to rest and is judged. Nothing may be lost, doubled, reordered or
    /// altered, and no rule of Discord's broken, whatever happened.
    ///
    /// # Panics
    /// If anything of that is.
    pub async fn end(self) -> Outcome {
        let report = self.fleet.judge().await;
        let since = |it: Move| (streams::between(self.began, it.at), it);
        let moves = self.watching.moves().await.into_iter().map(since).collect();
        let identifies = self.fleet.identifies().await - self.identifies;
        let open = self.fleet.connections().await;
        let dropped = self.connections.difference(&open).count();
        let mut verdicts = self.fleet.verdicts().await;
        verdicts.retain(|rule, count| self.forgiven.get(rule) != Some(count));
        let streams = Streams::since(self.began, self.fleet).await;
        let logs = || self.fleet.logs();
        assert!(report.is_clean(), "{}: {report:?}\n{}", self.name, logs());
        let is_clean = verdicts.keys().all(|rule| self.excused.contains(rule));
        assert!(is_clean, "{}: {verdicts:?}\n{}", self.name, logs());
        let outcome = Outcome { report, moves, identifies, dropped, streams, verdicts };
        outcome.leave_lines(self.name, &self.concerned);
        outcome
    }
}

impl Outcome {
    /// When the first shard changed hands.
    #[must_use]
    pub fn noticed(&self) -> Option<Duration> {
        self.moves.iter().map(|(after, _)| *after).min()
    }

    /// When each shard that was resumed, or began a new session, had done so for the last time.
    #[must_use]
    pub fn back(&self, concerned: &BTreeSet<ShardNumber>) -> Vec<Duration> {
        let back = self.streams.back.iter().filter(|(shard, _)| concerned.contains(shard));
        back.map(|(_, after)| *after).collect()
    }

    fn leave_lines(&self, name: &str, concerned: &BTreeSet<ShardNumber>) {
        let gap = |shard| self.report.worst_gaps.get(shard).copied().unwrap_or_default();
        let gaps: Vec<_> = concerned.iter().map(gap).collect();
        let of = |times: &[Duration], percent| {
            percentile(times, percent).map_or_else(|| "–".to_owned(), text)
        };
        let count = |count: usize| count.to_string();
        let broken: u64 = self.verdicts.values().sum();
        let cells = [
            of(&gaps, 50),
            of(&gaps, 99),
            of(&gaps, 100),
            count(self.moves.len()),
            count(self.identifies),
            count(self.dropped),
            broken.to_string(),
        ];
        Table::Costs.leave(name, &cells);
        let back = self.back(concerned);
        if self.moves.is_empty() && back.is_empty() {
            return;
        }
        let moves: Vec<_> = self.moves.iter().map(|(after, _)| *after).collect();
        let first = self.noticed().map_or_else(|| "–".to_owned(), text);
        let cells = [first, of(&moves, 99), of(&moves, 100), of(&back, 50), of(&back, 100)];
        Table::Times.leave(name, &cells);
    }
}
