//! What the page shows, as the JSON that its script reads. Pure.
//!
//! It is no contract: page and picture come from the same program. What is one stands in
//! `/status` and in the JSON of `baton`.

use baton_model::{AppName, AppShape, InstanceId, Lane, ShardKey};
use baton_overview::{Cell, Instance, Look, Sight, Standing, doer, told, wanted};
use baton_store::{GroupView, Happening, LaneView, SessionStartLimit};
use serde::Serialize;

/// A lane that was looked at.
pub(super) type LaneSeen = (AppName, Lane, LaneView);

/// The fleet at one moment.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    fleet: String,
    at_ms: u64,
    problems: Vec<String>,
    instances: Vec<Line>,
    apps: Vec<App>,
    moves: Vec<Movement>,
    wishes: Vec<String>,
    lanes: Vec<LaneLine>,
    lanes_left_out: usize,
    happenings: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Line {
    id: InstanceId,
    name: String,
    standing: Standing,
    plans: bool,
    shards: usize,
    health: Option<&'static str>,
    version: String,
    lag_ms: Option<u64>,
    ring_bytes: Option<u64>,
    ring_bytes_max: Option<u64>,
    memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct App {
    name: AppName,
    generation: String,
    shards: u32,
    identify: Option<Budget>,
    identify_waiting: u32,
    /// The shards in the order of their numbers; neighbours that look the same, together.
    runs: Vec<Run>,
}

#[derive(Debug, Serialize)]
struct Budget {
    total: u32,
    remaining: u32,
    reset_after_s: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Run {
    count: u32,
    state: &'static str,
    owner: Option<InstanceId>,
}

#[derive(Debug, Serialize)]
struct Movement {
    shard: String,
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct LaneLine {
    app: AppName,
    lane: u16,
    length: u64,
    bytes: u64,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    name: String,
    lag: Option<u64>,
    pending: u64,
    consumers: usize,
    dead_letters: u64,
}

#[derive(Debug, Serialize)]
struct Told {
    at_ms: u64,
    what: String,
}

impl Picture {
    pub(super) fn of(
        fleet: &str,
        sight: &Sight,
        lanes: Vec<LaneSeen>,
        lanes_left_out: usize,
    ) -> Self {
        let Sight { look, limits, happenings, .. } = sight;
        let apps = look.apps.iter().map(|(app, shape)| App::of(look, app, *shape, limits.get(app)));
        let mut instances: Vec<_> = look.instances.iter().map(|it| Line::of(look, it)).collect();
        instances.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        Self {
            fleet: fleet.to_owned(),
            at_ms: look.now.0,
            problems: sight.problems(),
            instances,
            apps: apps.collect(),
            moves: look.targets.iter().map(|(shard, to)| movement(look, shard, *to)).collect(),
            wishes: look.intents.iter().map(|intent| wanted(look, &intent.wish)).collect(),
            lanes: lanes.into_iter().map(LaneLine::of).collect(),
            lanes_left_out,
            happenings: happenings.iter().map(|it| Told::of(look, it)).collect(),
        }
    }
}

impl Line {
    fn of(look: &Look, (id, instance): (&InstanceId, &Instance)) -> Self {
        let report = instance.report.as_ref();
        let lag = report.and_then(|report| report.apps.values().map(|app| app.lag_ms_worst).max());
        Self {
            id: *id,
            name: instance.name(),
            standing: instance.standing(),
            plans: look.planner == Some(*id),
            shards: look.held_by(*id).count(),
            health: report.map(|report| report.health.as_str()),
            version: instance.member.record.version.to_string(),
            lag_ms: lag,
            ring_bytes: report.map(|report| report.ring_bytes),
            ring_bytes_max: report.map(|report| report.ring_bytes_max),
            memory_bytes: report.and_then(|report| report.resident_bytes),
        }
    }
}

impl App {
    fn of(look: &Look, app: &AppName, shape: AppShape, limit: Option<&SessionStartLimit>) -> Self {
        let reports = look.instances.values().filter_map(|instance| instance.report.as_ref());
        let waiting = reports.filter_map(|it| it.apps.get(app)).map(|it| it.identify_waiting);
        let generation = shape.generation;
        let keys =
            shape.shards.shards().map(|number| ShardKey { app: app.clone(), generation, number });
        Self {
            name: app.clone(),
            generation: generation.to_string(),
            shards: shape.shards.0.get(),
            identify: limit.map(|limit| Budget {
                total: limit.total,
                remaining: limit.remaining,
                reset_after_s: limit.reset_after.as_secs(),
            }),
            identify_waiting: waiting.sum(),
            runs: runs(keys.map(|key| Cell::of(look, &key))),
        }
    }
}

/// Says once what many neighbours have in common: a fleet of 16,384 shards is looked at once a
/// second.
fn runs(cells: impl Iterator<Item = Cell>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for cell in cells {
        let (state, owner) = (state(cell), cell.owner());
        match runs.last_mut() {
            Some(run) if (run.state, run.owner) == (state, owner) => run.count += 1,
            Some(_) | None => runs.push(Run { count: 1, state, owner }),
        }
    }
    runs
}

const fn state(cell: Cell) -> &'static str {
    match cell {
        Cell::Free => "free",
        Cell::Live(_) => "live",
        Cell::Resuming(_) => "resuming",
        Cell::OnOffer(_) => "offered",
    }
}

fn movement(look: &Look, shard: &ShardKey, to: InstanceId) -> Movement {
    let from = look.owner(shard).map_or_else(|| "nobody".to_owned(), |id| look.called(id));
    Movement { shard: shard.to_string(), from, to: look.called(to) }
}

impl LaneLine {
    fn of((app, lane, view): LaneSeen) -> Self {
        let groups = view.groups.iter().map(Group::of).collect();
        Self { app, lane: lane.0, length: view.length, bytes: view.bytes, groups }
    }
}

impl Group {
    fn of(group: &GroupView) -> Self {
        Self {
            name: group.name.clone(),
            lag: group.lag,
            pending: group.pending,
            consumers: group.consumers.len(),
            dead_letters: group.dead_letters,
        }
    }
}

impl Told {
    fn of(look: &Look, happening: &Happening) -> Self {
        let what = format!("{} {}", doer(look, &happening.by), told(look, &happening.what));
        Self { at_ms: happening.at.0 / 1_000, what }
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Holding, OfferId};
    use baton_overview::{
        Handlers,
        examples::{self, row, shard},
    };
    use baton_store::StreamId;

    use super::*;

    fn sight() -> Sight {
        let mut look = examples::of(2, 4);
        let (a, b) = (InstanceId::new(0), InstanceId::new(1));
        let offer = Holding::Offered { owner: a, to: b, offer: OfferId(1) };
        look.shards.insert(shard(2), row(offer));
        look.shards.insert(shard(3), None);
        look.targets.insert(shard(2), b);
        Sight { look, handlers: Handlers::default(), limits: [].into(), happenings: Vec::new() }
    }

    #[test]
    fn a_picture_tells_whose_each_shard_is_and_what_it_is_about() {
        let group = GroupView {
            name: "bots".to_owned(),
            consumers: Vec::new(),
            pending: 3,
            lag: Some(7),
            last_delivered: StreamId::START,
            oldest_pending: None,
            dead_letters: 1,
        };
        let view = LaneView { length: 9, bytes: 1_000, groups: vec![group], ..LaneView::default() };
        let lanes = vec![("bot".parse().unwrap(), Lane(1), view)];
        let shown = serde_json::json!(Picture::of("main", &sight(), lanes, 2));
        let (a, b) = (InstanceId::new(0).to_string(), InstanceId::new(1).to_string());
        let states = |run: &serde_json::Value| (run["state"].clone(), run["owner"].clone());
        let runs: Vec<_> =
            shown["apps"][0]["runs"].as_array().unwrap().iter().map(states).collect();
        let expected =
            serde_json::json!([["live", a], ["live", b], ["offered", a], ["free", null]]);
        assert_eq!(serde_json::json!(runs), expected);
        assert_eq!(shown["moves"][0]["to"], "gw-01");
        assert_eq!(shown["instances"][1]["plans"], true);
        assert_eq!(shown["lanes"][0]["groups"][0]["lag"], 7);
        assert_eq!((&shown["lanes_left_out"], &shown["fleet"]), (&2.into(), &"main".into()));
        assert!(shown["problems"][0].as_str().unwrap().contains("no owner"));
    }

    #[test]
    fn neighbours_that_look_the_same_are_told_of_together() {
        let (a, b) = (InstanceId::new(1), InstanceId::new(2));
        let cells = [Cell::Live(a), Cell::Live(a), Cell::Live(b), Cell::Free, Cell::Free];
        let told: Vec<_> = runs(cells.into_iter()).into_iter().map(|run| run.count).collect();
        assert_eq!(told, [2, 1, 2]);
    }
}
