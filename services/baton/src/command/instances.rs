//! `instance`: who is there.

use std::time::Duration;

use baton_model::InstanceId;
use baton_store::ForOperators;
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::InstanceCommand,
    fleet::{Find, Instance, Look, Standing},
    output::{self, Column, Row, units},
    program::Desk,
};

/// An instance, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    name: String,
    standing: Standing,
    phase: &'static str,
    present: bool,
    planner: bool,
    version: String,
    zone: String,
    tier: u8,
    weight: u16,
    capacity: u32,
    shards: usize,
    stalled: usize,
    up_for_ms: u64,
    beat: u64,
    health: Option<String>,
    reasons: Vec<String>,
    pid: Option<u32>,
    resident_bytes: Option<u64>,
    ring_bytes: Option<u64>,
    ring_bytes_max: Option<u64>,
    dispatches: Option<u64>,
    lag_ms_worst: Option<u64>,
}

pub(super) async fn instance(desk: &Desk, command: InstanceCommand) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    match command {
        InstanceCommand::Ls => {
            let lines: Vec<_> = look.instances.iter().map(|it| Line::of(&look, it)).collect();
            output::list(&lines, desk.globals.output)?;
        }
        InstanceCommand::Show { instance } => {
            let id = look.find_instance(&instance)?;
            let found = look.instances.get_key_value(&id);
            let found = found.unwrap_or_else(|| unreachable!("it was found there"));
            output::one(Line::KIND, &Line::of(&look, found), desk.globals.output, Line::details)?;
        }
        InstanceCommand::Forget { instance } => forget(desk, &look, &instance).await?,
    }
    Ok(Exit::Done)
}

/// A beat that has moved meanwhile keeps its instance: whoever beats is not to be forgotten.
async fn forget(desk: &Desk, look: &Look, text: &str) -> Result<(), Failure> {
    let id = look.find_instance(text)?;
    let instance = &look.instances[&id];
    let name = instance.name();
    if instance.is_there() {
        let refusal = format!("instance {name} is there; drain it, and end its process");
        return Err(Failure::Refused(refusal));
    }
    desk.store.forget(id, instance.member.beat).await?;
    let poll = desk.store.poll().await?;
    if poll.members.iter().any(|member| member.id == id) {
        return Err(Failure::Conflict(format!("instance {name} beats again; it stays")));
    }
    desk.terminal.say(format_args!("{name} is forgotten; its shards go to the others"));
    Ok(())
}

impl Line {
    fn of(look: &Look, (id, instance): (&InstanceId, &Instance)) -> Self {
        let record = &instance.member.record;
        let report = instance.report.as_ref();
        let worst = |report: &baton_model::InstanceReport| {
            report.apps.values().map(|app| app.lag_ms_worst).max().unwrap_or(0)
        };
        let reasons = report.map(|report| report.reasons.iter().map(ToString::to_string));
        Self {
            id: id.to_string(),
            name: instance.name(),
            standing: instance.standing(),
            phase: record.phase.as_str(),
            present: instance.is_there(),
            planner: look.planner == Some(*id),
            version: record.version.to_string(),
            zone: record.zone.to_string(),
            tier: record.tier.0,
            weight: record.weight.0.get(),
            capacity: record.capacity.0,
            shards: look.held_by(*id).count(),
            stalled: record.stalled.len(),
            up_for_ms: look.now.0.saturating_sub(record.joined_at.0),
            beat: instance.member.beat.0,
            health: report.map(|report| report.health.as_str().to_owned()),
            reasons: reasons.map(Iterator::collect).unwrap_or_default(),
            pid: report.map(|report| report.pid),
            resident_bytes: report.and_then(|report| report.resident_bytes),
            ring_bytes: report.map(|report| report.ring_bytes),
            ring_bytes_max: report.map(|report| report.ring_bytes_max),
            dispatches: report.map(|report| report.dispatches),
            lag_ms_worst: report.map(worst),
        }
    }
}

impl Row for Line {
    const KIND: &'static str = "instance";
    const COLUMNS: &'static [Column] = &[
        Column::text("name"),
        Column::text("id"),
        Column::text("standing"),
        Column::number("shards"),
        Column::text("health"),
        Column::text("version"),
        Column::text("zone"),
        Column::number("tier"),
        Column::text("up for"),
        Column::text("role"),
        Column::number("lag").wide(),
        Column::number("weight").wide(),
        Column::number("capacity").wide(),
        Column::number("stalled").wide(),
        Column::number("memory").wide(),
        Column::number("ring").wide(),
        Column::number("events").wide(),
        Column::text("reasons").wide(),
    ];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
        let bytes = |amount: Option<u64>| amount.map_or_else(String::new, units::bytes);
        let lag = self.lag_ms_worst.map_or_else(String::new, |lag| format!("{lag} ms"));
        vec![
            self.name.clone(),
            self.id.chars().take(8).collect(),
            self.standing.to_string(),
            self.shards.to_string(),
            self.health.clone().unwrap_or_default(),
            self.version.clone(),
            self.zone.clone(),
            self.tier.to_string(),
            units::time(Duration::from_millis(self.up_for_ms)),
            if self.planner { "planner" } else { "" }.to_owned(),
            lag,
            self.weight.to_string(),
            self.capacity.to_string(),
            self.stalled.to_string(),
            bytes(self.resident_bytes),
            bytes(self.ring_bytes),
            number(self.dispatches),
            self.reasons.join("; "),
        ]
    }
}
