//! `conflict`: who believed to be the one, and how it ended.

use baton_store::{Conflict, ForOperators, StreamId};
use serde::Serialize;

use crate::{
    Exit, Failure,
    fleet::Look,
    output::{self, Column, Row},
    program::Desk,
};

/// Read in one go.
const READ_AT_ONCE: usize = 500;

/// A conflict, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    conflict: Conflict,
    #[serde(skip)]
    between: String,
}

pub(super) async fn list(desk: &Desk, last: usize) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let mut conflicts: Vec<Conflict> = Vec::new();
    let mut after = StreamId::default();
    loop {
        let read = desk.store.conflicts(after, READ_AT_ONCE).await?;
        let Some((newest, _)) = read.last() else {
            break;
        };
        after = *newest;
        for (_, conflict) in read {
            // Both sides may have written it down.
            if conflicts.iter().all(|known| known.id != conflict.id) {
                conflicts.push(conflict);
            }
        }
    }
    let skipped = conflicts.len().saturating_sub(last);
    let lines: Vec<_> = conflicts.into_iter().skip(skipped).map(|it| Line::of(&look, it)).collect();
    output::list(&lines, desk.globals.output)?;
    Ok(Exit::Done)
}

impl Line {
    fn of(look: &Look, conflict: Conflict) -> Self {
        let between: Vec<_> = conflict.instances.iter().map(|id| look.called(*id)).collect();
        Self { between: between.join(", "), conflict }
    }
}

impl Row for Line {
    const KIND: &'static str = "conflict";
    const COLUMNS: &'static [Column] = &[
        Column::text("at"),
        Column::text("kind"),
        Column::text("shard"),
        Column::text("between"),
        Column::text("resolution"),
        Column::text("epochs").wide(),
        Column::text("id").wide(),
    ];

    fn cells(&self) -> Vec<String> {
        let conflict = &self.conflict;
        let shard = conflict.shard.as_ref().map(ToString::to_string);
        let epochs: Vec<_> = conflict.epochs.iter().map(ToString::to_string).collect();
        vec![
            output::units::moment(conflict.at),
            conflict.kind.as_str().to_owned(),
            shard.unwrap_or_default(),
            self.between.clone(),
            conflict.resolution.clone(),
            epochs.join(" "),
            conflict.id.to_string(),
        ]
    }
}
