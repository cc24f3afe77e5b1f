//! `stream gc`: consumer groups that nobody uses.
//!
//! A group holds its lane's stream back for as long as it lives, and costs memory for ever after.
//! Whether somebody still wants one cannot be seen: what speaks for it is a consumer that was
//! heard of, or a delivery that nobody has acknowledged. With neither, it is nobody's.

use std::time::Duration;

use baton_model::{AppName, Lane, whole_millis};
use baton_store::{ForOperators, GroupAddress, GroupView};
use serde::Serialize;

use super::lanes::{chosen, views};
use crate::{
    Exit, Failure,
    arguments::GcArguments,
    fleet::Look,
    output::{self, Column, Row, units},
    program::Desk,
};

/// A group that may be nobody's, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    app: AppName,
    lane: Lane,
    group: String,
    consumers: usize,
    pending: u64,
    /// How long none of its consumers has been heard of; null where it has none.
    idle_ms: Option<u64>,
    fate: Fate,
    /// Why it is not simply removed; null if nothing speaks for it.
    because: Option<String>,
}

/// What becomes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    Kept,
    ToRemove,
    Removed,
}

/// What speaks for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Nothing.
    None,
    /// A consumer that was heard of lately.
    HeardOf(Duration),
    /// Deliveries that nobody has acknowledged.
    Pending(u64),
    /// It has no consumer yet, or none any more: it may be new.
    NoConsumer,
}

pub(super) async fn gc(desk: &Desk, arguments: GcArguments) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let lanes = chosen(&look, arguments.app.as_deref(), arguments.lane)?;
    let mut lines = Vec::new();
    for (app, lane, view) in views(desk, lanes, arguments.group.as_deref()).await? {
        let groups = view.groups.iter().filter_map(|it| Line::of(&app, lane, it, &arguments));
        lines.extend(groups);
    }
    if arguments.apply {
        refuse_named(&lines, &arguments)?;
        for line in lines.iter_mut().filter(|line| line.fate == Fate::ToRemove) {
            line.remove(desk).await?;
        }
    }
    output::list(&lines, desk.globals.output)?;
    let left = lines.iter().filter(|line| line.fate == Fate::ToRemove).count();
    if left > 0 {
        let groups = units::counted(left, "group", "groups");
        desk.terminal.say(format_args!("{groups} would be removed; --apply removes them"));
    }
    Ok(Exit::Done)
}

/// Whoever names a group wants all of it gone, not the part that nobody uses.
fn refuse_named(lines: &[Line], arguments: &GcArguments) -> Result<(), Failure> {
    let kept = lines.iter().find(|line| line.fate == Fate::Kept);
    let Some((kept, group)) = kept.zip(arguments.group.as_deref()) else {
        return Ok(());
    };
    let because = kept.because.as_deref().unwrap_or_default();
    let Line { app, lane, .. } = kept;
    Err(Failure::Unsafe(format!("group {group:?} in lane {lane} of {app}: {because}")))
}

impl Line {
    /// None for a group that is in use, unless it is named.
    fn of(app: &AppName, lane: Lane, group: &GroupView, arguments: &GcArguments) -> Option<Self> {
        let sign = Sign::of(group, arguments.idle);
        let is_named = arguments.group.is_some();
        let fate = match sign {
            Sign::None => Fate::ToRemove,
            Sign::HeardOf(_) if !is_named => return None,
            Sign::NoConsumer if is_named => Fate::ToRemove,
            Sign::HeardOf(_) | Sign::Pending(_) if arguments.force => Fate::ToRemove,
            Sign::HeardOf(_) | Sign::Pending(_) | Sign::NoConsumer => Fate::Kept,
        };
        Some(Self {
            app: app.clone(),
            lane,
            group: group.name.clone(),
            consumers: group.consumers.len(),
            pending: group.pending,
            idle_ms: idle(group).map(whole_millis),
            fate,
            because: sign.told(),
        })
    }

    async fn remove(&mut self, desk: &Desk) -> Result<(), Failure> {
        let address = GroupAddress { app: &self.app, lane: self.lane, name: &self.group };
        // That somebody else has removed it is as good.
        desk.store.remove_group(address).await?;
        self.fate = Fate::Removed;
        Ok(())
    }
}

impl Sign {
    fn of(group: &GroupView, unused_after: Duration) -> Self {
        match idle(group) {
            None => Self::NoConsumer,
            Some(idle) if idle < unused_after => Self::HeardOf(idle),
            Some(_) if group.pending > 0 => Self::Pending(group.pending),
            Some(_) => Self::None,
        }
    }

    fn told(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::HeardOf(idle) => {
                Some(format!("a consumer was heard of {} ago", units::time(idle)))
            }
            Self::Pending(1) => Some("1 delivery is not acknowledged".to_owned()),
            Self::Pending(count) => Some(format!("{count} deliveries are not acknowledged")),
            Self::NoConsumer => Some("it has no consumer, and may be new".to_owned()),
        }
    }
}

fn idle(group: &GroupView) -> Option<Duration> {
    group.consumers.iter().map(|consumer| consumer.idle).min()
}

impl Row for Line {
    const KIND: &'static str = "unused_group";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::number("lane"),
        Column::text("group"),
        Column::number("consumers"),
        Column::number("pending"),
        Column::text("idle for"),
        Column::text("fate"),
        Column::text("because"),
    ];

    fn cells(&self) -> Vec<String> {
        let fate = match self.fate {
            Fate::Kept => "kept",
            Fate::ToRemove => "to remove",
            Fate::Removed => "removed",
        };
        let idle = self.idle_ms.map(|ms| units::time(Duration::from_millis(ms)));
        vec![
            self.app.to_string(),
            self.lane.to_string(),
            self.group.clone(),
            self.consumers.to_string(),
            self.pending.to_string(),
            idle.unwrap_or_default(),
            fate.to_owned(),
            self.because.clone().unwrap_or_default(),
        ]
    }
}
