//! `stream lag` and `stream groups`: who reads the streams, and how far they are behind.

use std::time::Duration;

use baton_model::{AppName, Lane, StreamId, whole_millis};
use baton_store::{ConsumerView, ForOperators, GroupView, LaneView};
use serde::Serialize;

use super::lanes::{chosen, views};
use crate::{
    Exit, Failure,
    arguments::Which,
    fleet::Look,
    output::{self, Column, Row, units},
    program::Desk,
};

/// How far a group is behind, as JSON shows it. A lane that nobody reads has no group.
#[derive(Debug, Serialize)]
struct Lag {
    app: String,
    lane: u16,
    length: u64,
    bytes: u64,
    group: Option<String>,
    /// Null where the store cannot tell.
    lag: Option<u64>,
    pending: Option<u64>,
    oldest_unread_ms: Option<u64>,
    consumers: Option<usize>,
    last_delivered: Option<StreamId>,
}

/// A group, as JSON shows it.
#[derive(Debug, Serialize)]
struct Group {
    app: String,
    lane: u16,
    group: String,
    lag: Option<u64>,
    pending: u64,
    dead_letters: u64,
    last_delivered: StreamId,
    /// How long none of its consumers has been heard of; null where it has none.
    idle_ms: Option<u64>,
    consumers: Vec<Consumer>,
}

#[derive(Debug, Serialize)]
struct Consumer {
    name: String,
    pending: u64,
    idle_ms: u64,
}

pub(super) async fn lag(desk: &Desk, which: Which) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let lanes = chosen(&look, which.app.as_deref(), which.lane)?;
    let mut lines = Vec::new();
    for (app, lane, view) in views(desk, lanes, which.group.as_deref()).await? {
        if view.groups.is_empty() && which.group.is_none() {
            lines.push(Lag::of(&app, lane, &view, None));
        }
        for group in &view.groups {
            let oldest = oldest_unread(desk, (&app, lane), &view, group).await?;
            let age = oldest.map(|id| look.now.0.saturating_sub(id.millis));
            lines.push(Lag::of(&app, lane, &view, Some((group, age))));
        }
    }
    output::list(&lines, desk.globals.output)?;
    Ok(Exit::Done)
}

pub(super) async fn groups(desk: &Desk, which: Which) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let lanes = chosen(&look, which.app.as_deref(), which.lane)?;
    let views = views(desk, lanes, which.group.as_deref()).await?;
    let lines = views.into_iter().flat_map(|(app, lane, view)| {
        view.groups.into_iter().map(move |group| Group::of(&app, lane, group))
    });
    output::list(&lines.collect::<Vec<_>>(), desk.globals.output)?;
    Ok(Exit::Done)
}

/// The oldest entry that a group has not acknowledged: delivered, or still to be.
async fn oldest_unread(
    desk: &Desk,
    (app, lane): (&AppName, Lane),
    view: &LaneView,
    group: &GroupView,
) -> Result<Option<StreamId>, Failure> {
    if group.oldest_pending.is_some() || Some(group.last_delivered) >= view.last {
        return Ok(group.oldest_pending);
    }
    let next = desk.store.entries(app, lane, group.last_delivered, 1).await?;
    Ok(next.first().map(|(id, _)| *id))
}

impl Lag {
    fn of(
        app: &AppName,
        lane: Lane,
        view: &LaneView,
        group: Option<(&GroupView, Option<u64>)>,
    ) -> Self {
        let (group, oldest_unread_ms) = group.unzip();
        Self {
            app: app.to_string(),
            lane: lane.0,
            length: view.length,
            bytes: view.bytes,
            group: group.map(|it| it.name.clone()),
            lag: group.and_then(|it| it.lag),
            pending: group.map(|it| it.pending),
            oldest_unread_ms: oldest_unread_ms.flatten(),
            consumers: group.map(|it| it.consumers.len()),
            last_delivered: group.map(|it| it.last_delivered),
        }
    }
}

impl Group {
    fn of(app: &AppName, lane: Lane, view: GroupView) -> Self {
        Self {
            app: app.to_string(),
            lane: lane.0,
            idle_ms: view.consumers.iter().map(|it| it.idle).min().map(whole_millis),
            group: view.name,
            lag: view.lag,
            pending: view.pending,
            dead_letters: view.dead_letters,
            last_delivered: view.last_delivered,
            consumers: view.consumers.into_iter().map(Consumer::of).collect(),
        }
    }
}

impl Consumer {
    fn of(view: ConsumerView) -> Self {
        Self { name: view.name, pending: view.pending, idle_ms: whole_millis(view.idle) }
    }
}

fn shown(number: Option<impl ToString>) -> String {
    number.map_or_else(String::new, |it| it.to_string())
}

fn time(ms: Option<u64>) -> String {
    ms.map_or_else(String::new, |ms| units::time(Duration::from_millis(ms)))
}

/// A number that the store cannot tell is not 0.
fn told(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), |it| it.to_string())
}

impl Row for Lag {
    const KIND: &'static str = "lag";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::number("lane"),
        Column::number("length"),
        Column::text("group"),
        Column::number("lag"),
        Column::number("pending"),
        Column::text("oldest unread"),
        Column::number("consumers"),
        Column::text("last delivered").wide(),
        Column::text("size").wide(),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.app.clone(),
            self.lane.to_string(),
            self.length.to_string(),
            self.group.clone().unwrap_or_default(),
            if self.group.is_some() { told(self.lag) } else { String::new() },
            shown(self.pending),
            time(self.oldest_unread_ms),
            shown(self.consumers),
            shown(self.last_delivered),
            units::bytes(self.bytes),
        ]
    }
}

impl Row for Group {
    const KIND: &'static str = "group";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::number("lane"),
        Column::text("group"),
        Column::number("consumers"),
        Column::number("lag"),
        Column::number("pending"),
        Column::number("dead letters"),
        Column::text("idle for"),
        Column::text("last delivered").wide(),
        Column::text("consumer: pending, idle for").wide(),
    ];

    fn cells(&self) -> Vec<String> {
        let each = self.consumers.iter().map(|it| {
            let idle = units::time(Duration::from_millis(it.idle_ms));
            format!("{}: {}, {idle}", it.name, it.pending)
        });
        vec![
            self.app.clone(),
            self.lane.to_string(),
            self.group.clone(),
            self.consumers.len().to_string(),
            told(self.lag),
            self.pending.to_string(),
            self.dead_letters.to_string(),
            time(self.idle_ms),
            self.last_delivered.to_string(),
            each.collect::<Vec<_>>().join("; "),
        ]
    }
}
