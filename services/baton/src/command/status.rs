//! `status`: the fleet on one screen.

use std::collections::BTreeMap;

use baton_model::{Holding, ShardState};
use baton_store::Safety;
use serde::Serialize;

use crate::{
    Exit, Failure,
    fleet::{Handlers, Look, Standing, problems},
    output::{self, units::counted},
    program::Desk,
};

/// The fleet, as JSON shows it.
#[derive(Debug, Serialize)]
struct Status {
    fleet: String,
    store: String,
    store_safe: bool,
    healthy: bool,
    instances: BTreeMap<Standing, usize>,
    planner: Option<String>,
    apps: Vec<App>,
    shards: Shards,
    intents: usize,
    problems: Vec<String>,
    /// Handlers of consumers that fail: no fault of the fleet's, so it may be healthy all the same.
    handlers_failing: Vec<String>,
}

#[derive(Debug, Serialize)]
struct App {
    app: String,
    shards: u32,
    lanes: u16,
    generation: u32,
}

#[derive(Debug, Default, Serialize)]
struct Shards {
    expected: usize,
    owned: usize,
    live: usize,
    offered: usize,
    free: usize,
    moving: usize,
}

pub(super) async fn status(desk: &Desk) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let handlers = Handlers::take(&desk.store, &look).await?;
    let status = Status::of(&look, &handlers, desk);
    output::one("status", &status, desk.globals.output, Status::text)?;
    Ok(if status.healthy { Exit::Done } else { Exit::Degraded })
}

impl Status {
    fn of(look: &Look, handlers: &Handlers, desk: &Desk) -> Self {
        let problems = problems(look);
        let mut instances = BTreeMap::new();
        for instance in look.instances.values() {
            *instances.entry(instance.standing()).or_default() += 1;
        }
        let apps = look.apps.iter().map(|(app, shape)| App {
            app: app.to_string(),
            shards: shape.shards.0.get(),
            lanes: shape.lanes.0.get(),
            generation: shape.generation.0,
        });
        Self {
            fleet: desk.store.fleet().to_string(),
            store: desk.store.url(),
            store_safe: look.safety == Safety::Safe,
            healthy: problems.is_empty(),
            instances,
            planner: look.planner.map(|id| look.called(id)),
            apps: apps.collect(),
            shards: Shards::of(look),
            intents: look.intents.len(),
            problems,
            handlers_failing: handlers.failing(),
        }
    }

    fn text(&self) -> String {
        let safe = if self.store_safe { "safe" } else { "NOT SAFE" };
        let instances: Vec<_> =
            self.instances.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
        let instances = if instances.is_empty() { "none".to_owned() } else { instances.join(", ") };
        let shards = &self.shards;
        let mut text = format!(
            "fleet      {} at {} ({safe})\n\
             instances  {instances}\n\
             planner    {}\n\
             shards     {} of {} owned, {} live, {} on offer, {} moving, {} free\n",
            self.fleet,
            self.store,
            self.planner.as_deref().unwrap_or("nobody"),
            shards.owned,
            shards.expected,
            shards.live,
            shards.offered,
            shards.moving,
            shards.free,
        );
        for app in &self.apps {
            let App { app, shards, lanes, generation } = app;
            text += &format!(
                "app        {app}: {shards} shards, {lanes} lanes, generation {generation}\n"
            );
        }
        if self.intents > 0 {
            let intents = counted(self.intents, "intent is", "intents are");
            text += &format!("wanted     {intents} not done yet; `baton intent ls` lists them\n");
        }
        let mut problems = self.problems.iter().chain(&self.handlers_failing).peekable();
        if problems.peek().is_none() {
            text += "all is well\n";
        }
        for problem in problems {
            text += &format!("!          {problem}\n");
        }
        text
    }
}

impl Shards {
    fn of(look: &Look) -> Self {
        let mut shards = Self { expected: look.shards.len(), ..Self::default() };
        for (shard, row) in &look.shards {
            match row.as_ref().map(|row| &row.holding) {
                Some(Holding::Owned { .. }) => shards.owned += 1,
                Some(Holding::Offered { .. }) => {
                    shards.owned += 1;
                    shards.offered += 1;
                }
                Some(Holding::Free) | None => shards.free += 1,
            }
            shards.live += usize::from(look.state(shard) == Some(ShardState::Live));
            shards.moving += usize::from(look.targets.contains_key(shard));
        }
        shards
    }
}
