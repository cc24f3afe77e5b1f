//! `app`: what the fleet runs, and its tokens.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use baton_model::{AppCondition, AppName, AppSource, Wish};
use serde::Serialize;

use super::{app_changes, intents::intend, wait::until, watching::Progress};
use crate::{
    Exit, Failure,
    arguments::{AppCommand, RotateTokenArguments},
    fleet::{Find, Look},
    output::{self, Column, Row},
    program::Desk,
};

/// Instances look at an app's token within this time of being told to, and shards are live again.
const READING: Duration = Duration::from_secs(60);

/// What an instance says of itself is older than the intent for so long.
const ALL_HAVE_SAID: Duration = Duration::from_secs(5);

/// An app, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    app: String,
    shards: u32,
    live: usize,
    lanes: u16,
    generation: u32,
    /// Where it stands: file, store.
    from: Vec<&'static str>,
    /// How many instances say that it runs there.
    running: usize,
    /// What keeps it from running, each with the instance that says so.
    troubles: Vec<String>,
}

pub(super) async fn app(desk: &Desk, command: AppCommand) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    match command {
        AppCommand::Ls => {
            output::list(&lines(&look), desk.globals.output)?;
            Ok(Exit::Done)
        }
        AppCommand::RotateToken(arguments) => rotate_token(desk, &look, arguments).await,
        AppCommand::Add(arguments) => app_changes::add(desk, &look, arguments).await,
        AppCommand::Set(arguments) => app_changes::set(desk, &look, arguments).await,
        AppCommand::Remove { app, confirm } => {
            app_changes::remove(desk, &look, &app, confirm.as_deref()).await
        }
    }
}

/// What keeps apps from running as they are to.
pub(super) fn troubles(look: &Look) -> Vec<String> {
    let told = |line: Line| {
        let Line { app, troubles, .. } = line;
        troubles.into_iter().map(move |trouble| format!("{app}: {trouble}"))
    };
    lines(look).into_iter().flat_map(told).collect()
}

fn lines(look: &Look) -> Vec<Line> {
    let stored = look.stored.keys().filter(|app| look.is_in_store(app));
    let apps: BTreeSet<_> = look.apps.keys().chain(stored).collect();
    apps.into_iter().map(|app| Line::of(look, app)).collect()
}

/// A token never passes through the store: operators put it into the app's source, and this has
/// every instance look there now.
async fn rotate_token(
    desk: &Desk,
    look: &Look,
    arguments: RotateTokenArguments,
) -> Result<Exit, Failure> {
    let RotateTokenArguments { app, reason, detach, timeout } = arguments;
    let known = look.apps.keys().find(|known| known.as_str() == app).cloned();
    let app = known.ok_or_else(|| look.no_such_app(&app))?;
    intend(desk, Wish::ReadToken { app: app.clone() }, &reason).await?;
    if detach {
        return Ok(Exit::Done);
    }
    let begun = Instant::now();
    until(desk, Some(timeout.unwrap_or(READING)), |look| {
        let line = Line::of(look, &app);
        let is_accepted = line.troubles.is_empty() && line.running > 0 && line.live > 0;
        let is_accepted = is_accepted && begun.elapsed() >= ALL_HAVE_SAID;
        Ok(Progress {
            what: format!("reading the token of {app}"),
            done: usize::from(is_accepted),
            all: 1,
        })
    })
    .await
}

impl Line {
    fn of(look: &Look, app: &AppName) -> Self {
        let shape = look.apps.get(app);
        let (mut running, mut troubles) = (0, Vec::new());
        for instance in look.instances.values().filter(|instance| instance.is_there()) {
            let said = instance.report.as_ref().and_then(|report| report.apps.get(app));
            let name = instance.name();
            match said.map(|said| &said.condition) {
                Some(AppCondition::Running) => running += 1,
                Some(AppCondition::Starting { because }) => {
                    troubles.push(format!("{name} waits: {because}"));
                }
                Some(AppCondition::Rejected { code, remedy }) => {
                    troubles.push(format!("discord rejects it at {name} ({code}): {remedy}"));
                }
                Some(AppCondition::Unknown) | None => {}
            }
        }
        let from = sources(look, app);
        troubles.extend(stored_trouble(look, app));
        let of_app = look.shards.keys().filter(|shard| shard.app == *app);
        let is_live = |shard: &&_| look.state(shard) == Some(baton_model::ShardState::Live);
        Self {
            app: app.to_string(),
            shards: shape.map_or(0, |shape| shape.shards.0.get()),
            live: of_app.filter(is_live).count(),
            lanes: shape.map_or(0, |shape| shape.lanes.0.get()),
            generation: shape.map_or(0, |shape| shape.generation.0),
            from,
            running,
            troubles,
        }
    }
}

/// Where an app stands: in instances' configurations, in the store, or in both.
fn sources(look: &Look, app: &AppName) -> Vec<&'static str> {
    let is_in_file = look.instances_with(app, AppSource::File).next().is_some();
    let both = [(is_in_file, "file"), (look.is_in_store(app), "store")];
    both.into_iter().filter(|(is_there, _)| *is_there).map(|(_, source)| source).collect()
}

fn stored_trouble(look: &Look, app: &AppName) -> Option<String> {
    let found = look.stored.get(app)?;
    if let Err(malformed) = &found.app {
        return Some(malformed.to_string());
    }
    let is_wanted = look.is_in_store(app);
    let in_files: Vec<_> = look.instances_with(app, AppSource::File).collect();
    if is_wanted && !in_files.is_empty() {
        return Some(format!("the configuration of {} holds, not the store", in_files.join(", ")));
    }
    let is_run = look.instances_with(app, AppSource::Store).next().is_some();
    (is_wanted && !is_run).then(|| "no instance runs it as the store has it".to_owned())
}

impl Row for Line {
    const KIND: &'static str = "app";
    const COLUMNS: &'static [Column] = &[
        Column::text("app"),
        Column::number("shards"),
        Column::number("live"),
        Column::number("lanes"),
        Column::number("generation"),
        Column::number("instances"),
        Column::text("from"),
        Column::text("trouble"),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.app.clone(),
            self.shards.to_string(),
            self.live.to_string(),
            self.lanes.to_string(),
            self.generation.to_string(),
            self.running.to_string(),
            self.from.join(", "),
            self.troubles.join("; "),
        ]
    }
}
