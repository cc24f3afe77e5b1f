//! The lines that scenarios leave for `docs/reliability.md`.

use std::{env, fs, path::PathBuf, time::Duration};

/// The variable that names the folder for lines. Without it they are only printed.
const VARIABLE: &str = "BATON_SCENARIO_LINES";

/// A table of that page. `scripts/scenarios` knows their heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// What a scenario cost its shards.
    Costs,
    /// When who noticed, and when all was well again.
    Times,
    /// What a cold start took.
    ColdStarts,
    /// What was asked for, and what was measured.
    Goals,
    /// For how long shards were without events while they changed hands.
    HandOvers,
    /// What was asked for of hand-overs, and what was measured.
    Measures,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Costs => "costs",
            Self::Times => "times",
            Self::ColdStarts => "cold-starts",
            Self::Goals => "goals",
            Self::HandOvers => "hand-overs",
            Self::Measures => "measures",
        }
    }

    /// Leaves a line: what it is about, and the other cells.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn leave(self, about: &str, cells: &[String]) {
        let line = format!("| {about} | {} |", cells.join(" | "));
        println!("{}: {line}", self.name());
        if let Some(folder) = env::var_os(VARIABLE) {
            let folder = PathBuf::from(folder).join(self.name());
            fs::create_dir_all(&folder).expect("a folder");
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            let file = folder.join(about.chars().map(plain).collect::<String>());
            fs::write(file, line + "\n").expect("the folder of lines can be written to");
        }
    }

    /// Leaves a line of this table: what was asked for, and what came of it.
    pub fn goal(self, about: &str, measured: Duration, most: Duration) {
        let verdict = if measured <= most { "yes" } else { "**no**" };
        self.leave(about, &[format!("≤ {}", text(most)), text(measured), verdict.to_owned()]);
    }

    /// Leaves a line about something that may not happen at all.
    pub fn never(about: &str, count: usize) {
        let verdict = if count == 0 { "yes" } else { "**no**" };
        Self::Goals.leave(about, &["0".to_owned(), count.to_string(), verdict.to_owned()]);
    }
}

/// A time as it stands in a table.
#[must_use]
pub fn text(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// The time that so many of a hundred do not exceed; none of none.
#[must_use]
pub fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        let at = |percent| percentile(&times, percent);
        assert_eq!(
            [50, 99, 100].map(at),
            [100, 198, 200].map(|ms| Some(Duration::from_millis(ms)))
        );
        assert_eq!(percentile(&times[..1], 50), Some(Duration::from_millis(200)));
        assert_eq!(percentile(&[], 50), None);
    }
}
