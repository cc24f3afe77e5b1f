//! `rebalance`: what the planner would move when it is calm, now.

use baton_fleet::plan::{Balance, Move, MoveReason};
use baton_model::{PinUntil, Wish};
use serde::Serialize;

use super::intents::intend;
use crate::{
    Exit, Failure,
    fleet::{Look, Situation},
    output::{self, Column, Row, units},
    program::Desk,
};

/// One move, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    shard: String,
    from: String,
    to: String,
    reason: &'static str,
}

pub(super) async fn rebalance(desk: &Desk, apply: bool) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let plan = Situation::of(&look).plan(Balance::Now);
    let lines: Vec<_> = plan.moves.iter().map(|it| Line::of(&look, it)).collect();
    output::list(&lines, desk.globals.output)?;
    if plan.moves.is_empty() {
        desk.terminal.say("nothing to move");
    }
    if !apply || plan.moves.is_empty() {
        return Ok(Exit::Done);
    }
    for Move { shard, to, .. } in &plan.moves {
        let wish = Wish::Pin { shard: shard.clone(), to: *to, until: PinUntil::Arrived };
        intend(desk, wish, "rebalance").await?;
    }
    let moves = units::counted(plan.moves.len(), "move is", "moves are");
    desk.terminal.say(format_args!("{moves} on the way; `baton wait --for balanced` waits"));
    Ok(Exit::Done)
}

impl Line {
    fn of(look: &Look, movement: &Move) -> Self {
        Self {
            shard: movement.shard.to_string(),
            from: look.called(movement.from),
            to: look.called(movement.to),
            reason: match movement.reason {
                MoveReason::Pinned => "pinned",
                MoveReason::Leaving => "leaving",
                MoveReason::Balance => "balance",
            },
        }
    }
}

impl Row for Line {
    const KIND: &'static str = "move";
    const COLUMNS: &'static [Column] =
        &[Column::text("shard"), Column::text("from"), Column::text("to"), Column::text("reason")];

    fn cells(&self) -> Vec<String> {
        vec![self.shard.clone(), self.from.clone(), self.to.clone(), self.reason.to_owned()]
    }
}
