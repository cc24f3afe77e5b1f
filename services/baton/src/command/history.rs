//! `history` and `shard history`: what instances and operators did, by the journal.

use std::time::Duration;

use baton_model::{InstanceId, ShardKey, Wish};
use baton_store::{Connecting, Doer, Happening, Journal, LettingGo, StreamId, Taking, What};
use serde::Serialize;

use super::intents::wanted;
use crate::{
    Exit, Failure,
    fleet::Look,
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
        What::Took { shard, .. } | What::Live { shard, .. } | What::LetGo { shard, .. } => {
            Some(shard)
        }
        What::Ordered { intent } => match &intent.wish {
            Wish::Pin { shard, .. } | Wish::Restart { shard, .. } => Some(shard),
            Wish::Drain { .. } | Wish::ReadToken { .. } => None,
        },
        What::DrainBegan { .. }
        | What::DrainEnded { .. }
        | What::DrainTakenBack { .. }
        | What::TokenRead { .. }
        | What::Unknown => None,
    }
}

fn concerns(happening: &Happening, id: InstanceId) -> bool {
    let other = match &happening.what {
        What::Took { from, .. } => *from,
        What::LetGo { to, .. } => *to,
        What::Ordered { intent } => match intent.wish {
            Wish::Drain { instance, .. } => Some(instance),
            Wish::Pin { to, .. } => Some(to),
            Wish::Restart { .. } | Wish::ReadToken { .. } => None,
        },
        What::Live { .. }
        | What::DrainBegan { .. }
        | What::DrainEnded { .. }
        | What::DrainTakenBack { .. }
        | What::TokenRead { .. }
        | What::Unknown => None,
    };
    happening.by == Doer::Instance(id) || other == Some(id)
}

impl Line {
    fn of(look: &Look, id: StreamId, happening: Happening) -> Self {
        let by = match &happening.by {
            Doer::Instance(id) => look.called(*id),
            Doer::Operator(name) => name.to_string(),
        };
        Self { id, by, told: told(look, &happening.what), happening }
    }
}

/// What was done, in an operator's words.
fn told(look: &Look, what: &What) -> String {
    match what {
        What::Took { shard, from, how, .. } => {
            let how = match how {
                Taking::Claimed => "claimed",
                Taking::Accepted => "accepted",
            };
            let from = from.map(|id| format!(" from {}", look.called(id)));
            format!("{shard} {how}{}", from.unwrap_or_default())
        }
        What::Live { shard, how, gap_ms, replayed, .. } => {
            let how = match how {
                Connecting::Resumed => format!("resumed, {replayed} replayed"),
                Connecting::Identified => "in a new session".to_owned(),
            };
            let gap = gap_ms.map(|ms| format!(", deaf for {ms} ms"));
            format!("{shard} live: {how}{}", gap.unwrap_or_default())
        }
        What::LetGo { shard, to, how, .. } => {
            let how = match how {
                LettingGo::Released => "given back",
                LettingGo::HandedOver => "handed over",
                LettingGo::Fenced => "lost to a later owner",
            };
            let to = to.map(|id| format!(" to {}", look.called(id)));
            format!("{shard} {how}{}", to.unwrap_or_default())
        }
        What::DrainBegan { instance, reason, shards } => {
            let shards = counted(*shards);
            format!("drain of {} began with {shards}: {reason}", look.called(*instance))
        }
        What::DrainEnded { instance, handed_over, released, ms } => format!(
            "drain of {} ended after {}: {handed_over} handed over, {released} given back",
            look.called(*instance),
            units::time(Duration::from_millis(*ms)),
        ),
        What::DrainTakenBack { instance } => {
            format!("drain of {} taken back", look.called(*instance))
        }
        What::Ordered { intent } => format!("wants {}", wanted(look, &intent.wish)),
        What::TokenRead { app, changed: true } => format!("token of {app} read: it is another one"),
        What::TokenRead { app, changed: false } => format!("token of {app} read: it is the same"),
        What::Unknown => "something that a newer Baton has a word for".to_owned(),
    }
}

fn counted(shards: u32) -> String {
    units::counted(usize::try_from(shards).unwrap_or(usize::MAX), "shard", "shards")
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
