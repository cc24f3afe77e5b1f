//! `dead`: what consumer groups have given up on.
//!
//! Dead letters are the consumers' own: they are shown as they are, and given back or dropped when
//! that is asked for.

use std::time::Duration;

use baton_model::{StreamId, limits::DEAD_LETTERS_AT_ONCE_MAX};
use baton_store::{DeadLetter, ForOperators, GroupAddress, Redelivery};
use serde::Serialize;

use super::lanes::{chosen, the_lane, views};
use crate::{
    Exit, Failure,
    arguments::{DeadCommand, Letters, Which},
    fleet::Look,
    output::{self, Column, Row, units},
    program::Desk,
};

/// A dead letter, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    app: String,
    lane: u16,
    group: String,
    id: StreamId,
    age_ms: u64,
    fields: Vec<Field>,
}

/// A field of it. What is not UTF-8 is shown as well as it can be.
#[derive(Debug, Serialize)]
struct Field {
    name: String,
    value: String,
    bytes: usize,
}

pub(super) async fn dead(desk: &Desk, command: DeadCommand) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    match command {
        DeadCommand::Ls { which, first } => list(desk, &look, which, first).await,
        DeadCommand::Show { group, id, place } => {
            let (app, lane) = the_lane(&look, &place)?;
            let address = GroupAddress { app: &app, lane, name: &group };
            let letter = find(desk, address, id).await?;
            let line = Line::of(&look, address, &letter);
            output::one(Line::KIND, &line, desk.globals.output, Line::text)?;
            Ok(Exit::Done)
        }
        DeadCommand::Replay(letters) => {
            let (app, lane) = the_lane(&look, &letters.place)?;
            let address = GroupAddress { app: &app, lane, name: &letters.group };
            let ids = meant(desk, address, &letters).await?;
            replay(desk, address, &ids).await
        }
        DeadCommand::Drop { letters, yes } => {
            let (app, lane) = the_lane(&look, &letters.place)?;
            let address = GroupAddress { app: &app, lane, name: &letters.group };
            let ids = meant(desk, address, &letters).await?;
            drop_some(desk, address, &ids, yes).await
        }
    }
}

/// Those that are named, or all there are.
async fn meant(
    desk: &Desk,
    address: GroupAddress<'_>,
    letters: &Letters,
) -> Result<Vec<StreamId>, Failure> {
    if letters.all { everything(desk, address).await } else { Ok(letters.ids.clone()) }
}

async fn list(desk: &Desk, look: &Look, which: Which, first: usize) -> Result<Exit, Failure> {
    let lanes = chosen(look, which.app.as_deref(), which.lane)?;
    let mut lines = Vec::new();
    for (app, lane, view) in views(desk, lanes, None).await? {
        let known = view.groups.into_iter().map(|group| group.name);
        let names = which.group.as_ref().map_or_else(|| known.collect(), |it| vec![it.clone()]);
        for name in &names {
            let address = GroupAddress { app: &app, lane, name };
            let letters = desk.store.dead_letters(address, StreamId::START, first).await?;
            lines.extend(letters.iter().map(|letter| Line::of(look, address, letter)));
        }
    }
    output::list(&lines, desk.globals.output)?;
    Ok(Exit::Done)
}

/// Gives back what can be given back; the rest stays, each with its reason.
async fn replay(desk: &Desk, address: GroupAddress<'_>, ids: &[StreamId]) -> Result<Exit, Failure> {
    if ids.is_empty() {
        return Err(none(address));
    }
    let (mut replayed, mut left) = (0, Vec::new());
    for id in ids {
        match desk.store.redeliver(address, *id).await? {
            Redelivery::Pending => replayed += 1,
            Redelivery::NoLetter => left.push(format!("{id}: there is no such dead letter")),
            Redelivery::NamesNoEntry => {
                left.push(format!("{id}: no field \"id\" names the entry that it is about"));
            }
            Redelivery::EntryGone(entry) => left.push(format!(
                "{id}: entry {entry} is not in the stream any more; `baton dead show` has what was \
                 written down of it"
            )),
            Redelivery::NoGroup => {
                let name = address.name;
                let gone = format!("there is no group {name:?} any more; nobody would take it");
                return Err(Failure::NotFound(gone));
            }
        }
    }
    let letters = units::counted(ids.len(), "dead letter", "dead letters");
    desk.terminal.say(format_args!("{replayed} of {letters} given back to {}", address.name));
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::Conflict(left.join("\n")))
}

async fn drop_some(
    desk: &Desk,
    address: GroupAddress<'_>,
    ids: &[StreamId],
    yes: bool,
) -> Result<Exit, Failure> {
    let Some(first) = ids.first() else {
        return Err(none(address));
    };
    let letters = units::counted(ids.len(), "dead letter", "dead letters");
    if !yes {
        let question = format!("Drop {letters} of {}, {first} the first, for good?", address.name);
        desk.confirm(&question, "--yes")?;
    }
    let dropped = desk.store.drop_dead_letters(address, ids).await?;
    if dropped == 0 {
        return Err(none(address));
    }
    desk.terminal.say(format_args!("{dropped} of {letters} dropped"));
    Ok(Exit::Done)
}

async fn find(desk: &Desk, address: GroupAddress<'_>, id: StreamId) -> Result<DeadLetter, Failure> {
    let ahead = match id.number.checked_sub(1) {
        Some(number) => StreamId { number, ..id },
        None => StreamId { millis: id.millis.saturating_sub(1), number: u64::MAX },
    };
    let found = desk.store.dead_letters(address, ahead, 1).await?;
    let found = found.into_iter().find(|letter| letter.id == id);
    found.ok_or_else(|| none(address))
}

async fn everything(desk: &Desk, address: GroupAddress<'_>) -> Result<Vec<StreamId>, Failure> {
    let (mut ids, mut after) = (Vec::new(), StreamId::START);
    loop {
        let some = desk.store.dead_letters(address, after, DEAD_LETTERS_AT_ONCE_MAX).await?;
        let Some(last) = some.last() else {
            return Ok(ids);
        };
        after = last.id;
        ids.extend(some.into_iter().map(|letter| letter.id));
    }
}

fn none(address: GroupAddress<'_>) -> Failure {
    let GroupAddress { app, lane, name } = address;
    Failure::NotFound(format!(
        "group {name:?} has no such dead letter in lane {lane} of {app}; `baton dead ls` lists them"
    ))
}

impl Line {
    fn of(look: &Look, address: GroupAddress<'_>, letter: &DeadLetter) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = letter.fields.iter().map(|(name, value)| {
            let bytes = value.len();
            Field { name: text(name), value: text(value), bytes }
        });
        Self {
            app: address.app.to_string(),
            lane: address.lane.0,
            group: address.name.to_owned(),
            id: letter.id,
            age_ms: look.now.0.saturating_sub(letter.id.millis),
            fields: fields.collect(),
        }
    }

    fn text(&self) -> String {
        let fields = self.fields.iter();
        fields.map(|it| format!("{:<12} {}\n", it.name, it.value.escape_debug())).collect()
    }
}

impl Row for Line {
    const KIND: &'static str = "dead_letter";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::number("lane"),
        Column::text("group"),
        Column::text("id"),
        Column::text("age"),
        Column::text("fields"),
    ];

    fn cells(&self) -> Vec<String> {
        let names: Vec<_> = self.fields.iter().map(|it| it.name.as_str()).collect();
        vec![
            self.app.clone(),
            self.lane.to_string(),
            self.group.clone(),
            self.id.to_string(),
            units::time(Duration::from_millis(self.age_ms)),
            names.join(" "),
        ]
    }
}
