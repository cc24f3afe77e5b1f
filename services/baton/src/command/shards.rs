//! `shard`: what becomes of each.

use std::time::Duration;

use baton_model::{Holding, LeaseRow, PinUntil, RestartHow, ShardKey, Wish};
use serde::Serialize;

use super::{history, intents::intend, moving};
use crate::{
    Exit, Failure,
    arguments::ShardCommand,
    fleet::{Find, Look},
    output::{self, Column, Row, units},
    program::Desk,
};

/// A shard, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    shard: String,
    app: String,
    generation: u32,
    number: u32,
    lane: Option<u16>,
    holding: &'static str,
    state: Option<&'static str>,
    owner: Option<String>,
    owner_id: Option<String>,
    offered_to: Option<String>,
    wanted_at: Option<String>,
    epoch: Option<u64>,
    held_for_ms: Option<u64>,
    session: bool,
    session_number: Option<u64>,
    session_for_ms: Option<u64>,
    last_seq: Option<u64>,
}

pub(super) async fn shard(desk: &Desk, command: ShardCommand) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    match command {
        ShardCommand::Ls { owner, state, app } => {
            let owner = owner.map(|owner| look.find_instance(&owner)).transpose()?;
            let mut shown: Vec<_> = look.shards.iter().collect();
            shown.retain(|(shard, _)| owner.is_none() || look.owner(shard) == owner);
            shown.retain(|(shard, _)| app.as_ref().is_none_or(|app| shard.app.as_str() == app));
            let mut lines: Vec<_> = shown.into_iter().map(|it| Line::of(&look, it)).collect();
            if let Some(state) = &state {
                lines.retain(|line| line.condition() == state);
            }
            output::list(&lines, desk.globals.output)?;
            Ok(Exit::Done)
        }
        ShardCommand::Show { shard } => {
            let shard = look.find_shard(&shard)?;
            let line = Line::of(&look, (&shard, &look.shards[&shard]));
            output::one(Line::KIND, &line, desk.globals.output, Line::details)?;
            Ok(Exit::Done)
        }
        ShardCommand::History { shard, last } => {
            let shard = look.find_shard(&shard)?;
            history::of_shard(desk, &look, &shard, last).await
        }
        ShardCommand::Move(arguments) => moving::shard(desk, &look, arguments).await,
        ShardCommand::Unpin { shard } => unpin(desk, &look, &shard).await,
        ShardCommand::Restart { shard, identify, yes } => {
            let shard = look.find_shard(&shard)?;
            restart(desk, &look, shard, identify, yes).await
        }
    }
}

async fn unpin(desk: &Desk, look: &Look, shard: &str) -> Result<Exit, Failure> {
    let shard = look.find_shard(shard)?;
    let subject = baton_model::Subject::Pin(shard.clone());
    super::intents::withdraw(desk, look, &subject).await?;
    desk.terminal.say(format_args!("{shard} goes where the planner wants it"));
    Ok(Exit::Done)
}

async fn restart(
    desk: &Desk,
    look: &Look,
    shard: ShardKey,
    identify: bool,
    yes: bool,
) -> Result<Exit, Failure> {
    if look.owner(&shard).is_none() {
        return Err(Failure::Conflict(format!(
            "nobody holds {shard}; there is nothing to restart"
        )));
    }
    let how = if identify { RestartHow::Identify } else { RestartHow::Resume };
    if identify && !yes {
        let question = format!(
            "{shard} begins a new session: it costs an IDENTIFY, and what Discord has not sent yet \
             is lost. Go on?"
        );
        desk.confirm(&question, "--yes")?;
    }
    intend(desk, Wish::Restart { shard: shard.clone(), how }, "").await?;
    desk.terminal.say(format_args!("{shard} connects anew as soon as its holder has seen this"));
    Ok(Exit::Done)
}

impl Line {
    fn of(look: &Look, (shard, row): (&ShardKey, &Option<LeaseRow>)) -> Self {
        let held = row.as_ref();
        let session = held.and_then(|row| row.session.as_ref());
        let since = |millis: u64| look.now.0.saturating_sub(millis);
        let offered_to = match held.map(|row| &row.holding) {
            Some(Holding::Offered { to, .. }) => Some(look.called(*to)),
            Some(Holding::Owned { .. } | Holding::Free) | None => None,
        };
        let owner = look.owner(shard);
        let epoch = held.map(|row| row.epoch.0);
        Self {
            shard: shard.to_string(),
            app: shard.app.to_string(),
            generation: shard.generation.0,
            number: shard.number.0,
            lane: look.address(shard).map(|address| address.lane.0),
            holding: holding(held),
            state: look.state(shard).map(baton_model::ShardState::as_str),
            owner: owner.map(|id| look.called(id)),
            owner_id: owner.map(|id| id.to_string()),
            offered_to,
            wanted_at: look.targets.get(shard).map(|id| look.called(*id)),
            epoch,
            // Epochs are the store's milliseconds, unless two grants came within one.
            held_for_ms: owner.and(epoch).map(since),
            session: session.is_some(),
            session_number: session.map(|session| session.number.0),
            session_for_ms: session.map(|session| since(session.number.0)),
            last_seq: session.map(|session| session.last_seq.0),
        }
    }

    /// In one word what it is about: what its holder says, or what its row does.
    fn condition(&self) -> &str {
        match (self.holding, self.state) {
            ("owned", Some(state)) => state,
            (holding, _) => holding,
        }
    }
}

fn holding(row: Option<&LeaseRow>) -> &'static str {
    match row.map(|row| &row.holding) {
        Some(Holding::Owned { .. }) => "owned",
        Some(Holding::Offered { .. }) => "offered",
        Some(Holding::Free) => "free",
        None => "new",
    }
}

impl Row for Line {
    const KIND: &'static str = "shard";
    const COLUMNS: &'static [Column] = &[
        Column::text("shard"),
        Column::text("state"),
        Column::text("owner"),
        Column::text("held for"),
        Column::text("session for"),
        Column::number("seq"),
        Column::text("going to"),
        Column::number("lane").wide(),
        Column::number("epoch").wide(),
        Column::number("session").wide(),
    ];

    fn cells(&self) -> Vec<String> {
        let number = |it: Option<u64>| it.map_or_else(String::new, |it| it.to_string());
        let time = |it: Option<u64>| {
            it.map_or_else(String::new, |it| units::time(Duration::from_millis(it)))
        };
        let going_to = self.offered_to.clone().or_else(|| self.wanted_at.clone());
        vec![
            self.shard.clone(),
            self.condition().to_owned(),
            self.owner.clone().unwrap_or_default(),
            time(self.held_for_ms),
            time(self.session_for_ms),
            number(self.last_seq),
            going_to.unwrap_or_default(),
            number(self.lane.map(u64::from)),
            number(self.epoch),
            number(self.session_number),
        ]
    }
}

/// How long a pin is wanted.
pub(super) const fn pin_until(is_lasting: bool) -> PinUntil {
    if is_lasting { PinUntil::TakenBack } else { PinUntil::Arrived }
}
