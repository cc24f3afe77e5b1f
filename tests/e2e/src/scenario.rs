//! What came of a scenario, and the line it leaves in `docs/reliability.md`.

use std::{env, fs, path::PathBuf, time::Duration};

use baton_mock_discord::audit::Report;
use tokio::time::Instant;

use crate::{
    processes::Fleet,
    witness::{Move, Watching},
};

/// A scenario that is being played.
pub struct Scenario<'a> {
    name: &'static str,
    fleet: &'a Fleet,
    watching: Watching,
    began: Instant,
    identifies: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The comparison of the streams with what was sent.
    pub report: Report,
    /// Every change of hands.
    pub moves: Vec<Move>,
    /// IDENTIFYs since it began.
    pub identifies: usize,
}

impl<'a> Scenario<'a> {
    /// Begins: from here on changes of hands and IDENTIFYs count.
    pub async fn begin(name: &'static str, fleet: &'a Fleet) -> Self {
        let watching = fleet.watch();
        let identifies = fleet.identifies().await;
        Self { name, fleet, watching, began: Instant::now(), identifies }
    }

    /// The moment that its times are counted from, if not the beginning.
    pub fn counts_from_now(&mut self) {
        self.began = Instant::now();
    }

    /// Ends: everything comes to rest and is judged. Nothing may be lost, doubled, reordered or
    /// altered, and no rule of Discord's broken, whatever happened.
    ///
    /// # Panics
    /// If anything of that is.
    pub async fn end(self) -> Outcome {
        let report = self.fleet.judge().await;
        let moves = self.watching.moves().await;
        let identifies = self.fleet.identifies().await - self.identifies;
        let verdicts = self.fleet.verdicts().await;
        let logs = || self.fleet.logs();
        assert!(report.is_clean(), "{}: {report:?}\n{}", self.name, logs());
        assert!(verdicts.is_empty(), "{}: {verdicts:?}\n{}", self.name, logs());
        let outcome = Outcome { report, moves, identifies };
        outcome.leave_a_line(self.name, self.began);
        outcome
    }
}

impl Outcome {
    fn leave_a_line(&self, name: &str, began: Instant) {
        let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        let since = |at: &Move| at.at.saturating_duration_since(began);
        let first = self.moves.iter().map(since).min().map_or("–".to_owned(), seconds);
        let last = self.moves.iter().map(since).max().map_or("–".to_owned(), seconds);
        let gap = self.report.worst_gaps.values().max().copied().unwrap_or_default();
        let (gap, moves) = (seconds(gap), self.moves.len());
        let identifies = self.identifies;
        let line = format!("| {name} | {gap} | {first} | {last} | {moves} | {identifies} |");
        println!("{line}");
        if let Some(folder) = env::var_os("BATON_SCENARIO_LINES") {
            let file = PathBuf::from(folder).join(name.replace([' ', ',', '%'], "_"));
            fs::write(file, line + "\n").expect("the folder of lines can be written to");
        }
    }
}
