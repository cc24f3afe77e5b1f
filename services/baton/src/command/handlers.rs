//! `handler ls`: how the handlers of consumers fare, as they tell it themselves.

use std::time::Duration;

use baton_model::whole_millis;
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::{HandlerCommand, OfHandlers},
    fleet::{Find, HandlerSight, HandlerStanding, Handlers, Look},
    output::{self, Column, Row, units},
    program::Desk,
};

/// A handler at one consumer, as JSON shows it.
#[derive(Debug, Serialize)]
struct Handler {
    app: String,
    group: String,
    handler: String,
    consumer: String,
    standing: HandlerStanding,
    handled: u64,
    failed: u64,
    failed_in_a_row: u64,
    running: u64,
    /// What one run has taken on the average; null before the first.
    run_ms: Option<u64>,
    /// How long ago that was told.
    age_ms: u64,
    /// The error of its last run, if that failed.
    error: Option<String>,
}

pub(super) async fn handler(desk: &Desk, command: HandlerCommand) -> Result<Exit, Failure> {
    let HandlerCommand::Ls(which) = command;
    let seen = seen(desk, &which).await?;
    for (app, name, error) in &seen.unreadable {
        desk.terminal.say(format!("report {name:?} of app {app} cannot be read: {error}"));
    }
    let lines: Vec<_> = seen.told.into_iter().map(Handler::of).collect();
    output::list(&lines, desk.globals.output)?;
    Ok(Exit::Done)
}

/// What is told of the handlers that are meant.
pub(super) async fn seen(desk: &Desk, which: &OfHandlers) -> Result<Handlers, Failure> {
    let look = Look::take(&desk.store).await?;
    if let Some(app) = &which.app
        && !look.apps.keys().any(|known| known.as_str() == app)
    {
        return Err(look.no_such_app(app));
    }
    let mut seen = Handlers::take(&desk.store, &look).await?;
    let is_of_app = |app: &str| which.app.as_deref().is_none_or(|meant| meant == app);
    let is_of_group = |group: &str| which.group.as_deref().is_none_or(|meant| meant == group);
    seen.told.retain(|it| is_of_app(it.app.as_str()) && is_of_group(&it.group));
    seen.unreadable.retain(|(app, ..)| is_of_app(app.as_str()));
    match which.group.as_deref().filter(|_| seen.told.is_empty()) {
        Some(group) => Err(Failure::NotFound(format!(
            "no consumer of group {group:?} tells of its handlers; `baton handler ls` lists those \
             that do"
        ))),
        None => Ok(seen),
    }
}

impl Handler {
    fn of(sight: HandlerSight) -> Self {
        let told = sight.handler;
        let runs = told.handled.saturating_add(told.failed);
        Self {
            app: sight.app.to_string(),
            group: sight.group,
            handler: told.name.to_string(),
            consumer: sight.consumer,
            standing: sight.standing,
            handled: told.handled,
            failed: told.failed,
            failed_in_a_row: told.failed_in_a_row,
            running: told.running,
            run_ms: told.busy_ms.checked_div(runs),
            age_ms: whole_millis(sight.age),
            error: told.error.map(|error| error.to_string()),
        }
    }
}

impl Row for Handler {
    const KIND: &'static str = "handler";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::text("group"),
        Column::text("handler"),
        Column::text("consumer"),
        Column::text("standing"),
        Column::number("handled"),
        Column::number("failed"),
        Column::number("in a row").wide(),
        Column::number("running").wide(),
        Column::number("ms a run").wide(),
        Column::text("told").wide(),
        Column::text("error"),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.app.clone(),
            self.group.clone(),
            self.handler.clone(),
            self.consumer.clone(),
            self.standing.to_string(),
            self.handled.to_string(),
            self.failed.to_string(),
            self.failed_in_a_row.to_string(),
            self.running.to_string(),
            self.run_ms.map_or_else(String::new, |ms| ms.to_string()),
            format!("{} ago", units::time(Duration::from_millis(self.age_ms))),
            self.error.clone().unwrap_or_default(),
        ]
    }
}
