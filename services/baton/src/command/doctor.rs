//! `doctor`: what could go wrong before it does, a row a check.
//!
//! It tells what it finds and what would mend it, and mends nothing. What is judged is pure; this
//! shell asks the store and Discord.

mod fleet;
mod gateway;
mod store;

use std::time::{SystemTime, UNIX_EPOCH};

use baton_model::StoreMillis;
use baton_store::{ForOperators, StoreError};
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::{DoctorArguments, Globals},
    at::{AtStore, Diagnosed},
    fleet::Look,
    output::{self, Column, Row},
    terminal::Terminal,
};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    /// It works, and might not when it matters.
    Warning,
    /// Something does not work, or a promise cannot be kept.
    Failure,
}

/// A check and how it came out, as JSON shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    outcome: Outcome,
    about: &'static str,
    found: String,
    /// What to do; nothing where all is well.
    remedy: String,
}

/// Looks at everything, and ends with 3 if anything has failed.
pub(crate) async fn doctor(
    globals: &Globals,
    terminal: Terminal,
    arguments: &DoctorArguments,
) -> Result<Exit, Failure> {
    let mut checks = match AtStore::chosen(globals, terminal).await {
        Ok(store) => at_the_store(&store).await.unwrap_or_else(|error| unreachable(&error)),
        Err(Failure::Store(error)) => unreachable(&error),
        Err(failure) => return Err(failure),
    };
    if let Some(file) = &arguments.gateway_config {
        checks.extend(gateway::checks(file, arguments.kill_timeout).await);
    }
    output::list(&checks, globals.output)?;
    Ok(exit(&checks))
}

/// A warning is for somebody to read; a script has to react to a failure.
fn exit(checks: &[Check]) -> Exit {
    match checks.iter().map(|check| check.outcome).max() {
        Some(Outcome::Failure) => Exit::Degraded,
        Some(Outcome::Ok | Outcome::Warning) | None => Exit::Done,
    }
}

async fn at_the_store(store: &AtStore) -> Result<Vec<Check>, StoreError> {
    let diagnosis = store.diagnose().await?;
    let before = local_millis();
    let look = Look::take(store).await?;
    let seen = store::Seen { before, now: look.now, after: local_millis() };
    let mut unread = Vec::new();
    for (app, shape) in &look.apps {
        for lane in shape.lanes.lanes() {
            let view = store.lane(app, lane).await?;
            if view.groups.is_empty() {
                unread.push(format!("{app}/{lane}", lane = lane.0));
            }
        }
    }
    let mut checks = match &diagnosis {
        Diagnosed::Valkey(diagnosis) => store::checks(diagnosis, &look.safety, seen),
        Diagnosed::Process(folder) => store::of_process(folder, &look.safety, seen),
    };
    checks.extend(fleet::checks(&look, &unread));
    Ok(checks)
}

fn unreachable(error: &StoreError) -> Vec<Check> {
    let remedy = "see that it runs, that its url and login are right, and read docs/valkey.md";
    vec![Check::failure("store", error.to_string(), remedy)]
}

/// This machine's clock. One before 1970 is far enough off to be found out.
fn local_millis() -> StoreMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    StoreMillis(0).after(since)
}

impl Check {
    fn ok(about: &'static str, found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, about, found: found.into(), remedy: String::new() }
    }

    fn warning(about: &'static str, found: impl Into<String>, remedy: &str) -> Self {
        let remedy = remedy.to_owned();
        Self { outcome: Outcome::Warning, about, found: found.into(), remedy }
    }

    fn failure(about: &'static str, found: impl Into<String>, remedy: &str) -> Self {
        Self { outcome: Outcome::Failure, ..Self::warning(about, found, remedy) }
    }
}

impl Row for Check {
    const KIND: &'static str = "check";
    const COLUMNS: &'static [Column] = &[
        Column::text("outcome"),
        Column::text("about"),
        Column::text("found"),
        Column::text("remedy"),
    ];

    fn cells(&self) -> Vec<String> {
        let outcome = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::Failure => "failure",
        };
        vec![outcome.to_owned(), self.about.to_owned(), self.found.clone(), self.remedy.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_is_no_success() {
        let [fine, doubtful] = [Check::ok("a", ""), Check::warning("b", "", "")];
        assert_eq!(exit(&[doubtful.clone(), fine.clone()]), Exit::Done);
        assert_eq!(exit(&[Check::failure("c", "", ""), doubtful, fine]), Exit::Degraded);
    }
}
