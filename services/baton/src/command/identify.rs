//! `identify budget`: what is left of the day, and how long a cold start takes.

use std::time::Duration;

use baton_fleet::identifies_spendable;
use baton_model::{
    limits::{IDENTIFY_SPACING, identify_reserve},
    whole_millis,
};
use baton_store::ForOperators;
use serde::Serialize;

use crate::{
    Exit, Failure,
    fleet::Look,
    output::{self, Column, Row, units},
    program::Desk,
};

/// An app's budget, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    app: String,
    shards: u32,
    /// Null before any instance has asked Discord.
    total: Option<u32>,
    remaining: Option<u32>,
    reserve: Option<u32>,
    spendable: Option<u32>,
    reset_after_ms: Option<u64>,
    waiting: u32,
    enough_for_a_cold_start: Option<bool>,
    cold_start_ms_at_concurrency_1: u64,
}

pub(super) async fn budget(desk: &Desk) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let mut lines = Vec::new();
    for (app, shape) in &look.apps {
        let limit = desk.store.identify_limit(app).await?;
        let reports = look.instances.values().filter_map(|instance| instance.report.as_ref());
        let waiting = reports.filter_map(|it| it.apps.get(app)).map(|it| it.identify_waiting);
        let shards = shape.shards.0.get();
        let cold = IDENTIFY_SPACING * shards.saturating_sub(1);
        let spendable = limit.map(|it| identifies_spendable(it.total, it.remaining));
        lines.push(Line {
            app: app.to_string(),
            shards,
            total: limit.map(|it| it.total),
            remaining: limit.map(|it| it.remaining),
            reserve: limit.map(|it| identify_reserve(it.total)),
            spendable,
            reset_after_ms: limit.map(|it| whole_millis(it.reset_after)),
            waiting: waiting.sum(),
            enough_for_a_cold_start: spendable.map(|it| it >= shards),
            cold_start_ms_at_concurrency_1: whole_millis(cold),
        });
    }
    output::list(&lines, desk.globals.output)?;
    Ok(Exit::Done)
}

impl Row for Line {
    const KIND: &'static str = "identify_budget";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::number("shards"),
        Column::number("left today"),
        Column::number("of"),
        Column::number("reserve"),
        Column::text("renewed in"),
        Column::number("waiting"),
        Column::text("cold start"),
    ];

    fn cells(&self) -> Vec<String> {
        let number = |it: Option<u32>| it.map_or_else(|| "?".to_owned(), |it| it.to_string());
        let reset = self.reset_after_ms.map(|it| units::time(Duration::from_millis(it)));
        let cold = units::time(Duration::from_millis(self.cold_start_ms_at_concurrency_1));
        let cold = match self.enough_for_a_cold_start {
            Some(false) => "not enough left".to_owned(),
            Some(true) | None => format!("{cold} at concurrency 1"),
        };
        vec![
            self.app.clone(),
            self.shards.to_string(),
            number(self.remaining),
            number(self.total),
            number(self.reserve),
            reset.unwrap_or_default(),
            self.waiting.to_string(),
            cold,
        ]
    }
}
