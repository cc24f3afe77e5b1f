//! `history` and `shard history`: what instances and operators did, by the journal.

use baton_model::{InstanceId, ShardKey, Wish};
use baton_store::{Doer, ForOperators, Happening, StreamId, What};
use serde::Serialize;

use crate::{
    Exit, Failure,
    fleet::{Find, Look, doer, told},
    output::{self, Column, Row, units},
    program::Desk,
};

/// Read in one go.
const READ_AT_ONCE: usize = 1_000;

/// A happening, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    id: StreamId,
    #[serde(flatten)]
    happening: Happening,
    #[serde(skip)]
    by: String,
    #[serde(skip)]
    told: String,
}

/// What befell one shard.
pub(super) async fn of_shard(
    desk: &Desk,
    look: &Look,
    shard: &ShardKey,
    last: usize,
) -> Result<Exit, Failure> {
    list(desk, look, last, |happening| shard_of(&happening.what) == Some(shard)).await
}

/// What befell the whole fleet, or what one instance had a part in.
pub(super) async fn of_fleet(
    desk: &Desk,
    instance: Option<String>,
    last: usize,
) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let Some(instance) = instance else {
        return list(desk, &look, last, |_| true).await;
    };
    // One that is long gone is known by its whole id.
    let id = instance.parse().or_else(|_| look.find_instance(&instance))?;
    list(desk, &look, last, |happening| concerns(happening, id)).await
}

async fn list(
    desk: &Desk,
    look: &Look,
    last: usize,
    is_meant: impl Fn(&Happening) -> bool,
) -> Result<Exit, Failure> {
    let (mut lines, mut unreadable, mut before) = (Vec::new(), 0, StreamId::END);
    while lines.len() < last {
        let read = desk.store.recent(before, READ_AT_ONCE).await?;
        let Some((oldest, _)) = read.last() else {
            break;
        };
        before = *oldest;
        for (id, found) in read {
            match found {
                Ok(happening) if is_meant(&happening) => lines.push(Line::of(look, id, happening)),
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
    }
    lines.truncate(last);
    lines.reverse();
    output::list(&lines, desk.globals.output)?;
    if unreadable > 0 {
        let notes = units::counted(unreadable, "note", "notes");
        desk.terminal.say(format_args!("{notes} cannot be read; a newer Baton has written there"));
    }
    Ok(Exit::Done)
}

const fn shard_of(what: &What) -> Option<&ShardKey> {
    match what {
        What::Took { shard, .. }
        | What::Live { shard, .. }
        | What::LetGo { shard, .. }
        | What::LeaseBroken { shard, .. } => Some(shard),
        What::Ordered { intent } => match &intent.wish {
            Wish::Pin { shard, .. } | Wish::Restart { shard, .. } => Some(shard),
            Wish::Drain { .. } | Wish::ReadToken { .. } => None,
        },
        What::DrainBegan { .. }
        | What::DrainEnded { .. }
        | What::DrainTakenBack { .. }
        | What::Restored { .. }
        | What::TokenRead { .. }
        | What::AppPut { .. }
        | What::AppRemoved { .. }
        | What::Unknown => None,
    }
}

fn concerns(happening: &Happening, id: InstanceId) -> bool {
    let other = match &happening.what {
        What::Took { from, .. } => *from,
        What::LetGo { to, .. } => *to,
        What::LeaseBroken { from, .. } => Some(*from),
        What::Ordered { intent } => match intent.wish {
            Wish::Drain { instance, .. } => Some(instance),
            Wish::Pin { to, .. } => Some(to),
            Wish::Restart { .. } | Wish::ReadToken { .. } => None,
        },
        What::Live { .. }
        | What::DrainBegan { .. }
        | What::DrainEnded { .. }
        | What::DrainTakenBack { .. }
        | What::Restored { .. }
        | What::TokenRead { .. }
        | What::AppPut { .. }
        | What::AppRemoved { .. }
        | What::Unknown => None,
    };
    happening.by == Doer::Instance(id) || other == Some(id)
}

impl Line {
    fn of(look: &Look, id: StreamId, happening: Happening) -> Self {
        let by = doer(look, &happening.by);
        Self { id, by, told: told(look, &happening.what), happening }
    }
}

impl Row for Line {
    const KIND: &'static str = "happening";
    const COLUMNS: &'static [Column] =
        &[Column::text("at"), Column::text("by"), Column::text("what"), Column::text("id").wide()];

    fn cells(&self) -> Vec<String> {
        let at = units::moment(self.happening.at);
        vec![at, self.by.clone(), self.told.clone(), self.id.to_string()]
    }
}
