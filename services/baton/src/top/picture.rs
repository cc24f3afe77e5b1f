//! One look at the store, in the words of the screen.

use baton_model::{AppName, AppShape, InstanceId, ShardKey};
use baton_store::{Happening, Safety, SessionStartLimit};

use crate::{
    fleet::{Cell, Instance, Look, Sight, Standing, doer, told},
    output::units,
};

/// Where in a moment the time of day stands.
const TIME_OF_DAY: std::ops::Range<usize> = 11..19;

/// What there is to see.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) unsafe_because: Option<String>,
    pub(super) planner: Option<InstanceId>,
    pub(super) instances: Vec<Line>,
    pub(super) apps: Vec<App>,
    pub(super) moves: Vec<String>,
    pub(super) problems: Vec<String>,
    pub(super) happenings: Vec<String>,
}

/// An instance.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: InstanceId,
    pub(super) name: String,
    pub(super) standing: Standing,
    pub(super) shards: usize,
    pub(super) health: Option<&'static str>,
    pub(super) lag_ms: Option<u64>,
    pub(super) ring: Option<Ring>,
    pub(super) memory: Option<u64>,
}

/// How full an instance's ring is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ring {
    pub(super) bytes: u64,
    pub(super) bytes_max: u64,
}

/// An app and its shards.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) name: String,
    pub(super) limit: Option<SessionStartLimit>,
    pub(super) waiting: u32,
    /// In the order of their numbers.
    pub(super) cells: Vec<Cell>,
}

impl Picture {
    pub(super) fn of(sight: &Sight) -> Self {
        let Sight { look, limits, happenings, .. } = sight;
        let unsafe_because = match &look.safety {
            Safety::Safe => None,
            Safety::Unsafe { reason } => Some(reason.clone()),
        };
        let apps = look.apps.iter().map(|(app, shape)| App::of(look, app, *shape, limits.get(app)));
        Self {
            unsafe_because,
            planner: look.planner,
            instances: look.instances.iter().map(|it| Line::of(look, it)).collect(),
            apps: apps.collect(),
            moves: look.targets.iter().map(|(shard, to)| movement(look, shard, *to)).collect(),
            problems: sight.problems(),
            happenings: happenings.iter().map(|it| latest(look, it)).collect(),
        }
    }

    /// All shards of all apps.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell> {
        self.apps.iter().flat_map(|app| app.cells.iter().copied())
    }
}

/// What happened, in a line of the screen.
fn latest(look: &Look, happening: &Happening) -> String {
    let moment = units::moment(happening.at);
    let time = moment.get(TIME_OF_DAY).unwrap_or(&moment);
    format!("{time} {} {}", doer(look, &happening.by), told(look, &happening.what))
}

impl Line {
    fn of(look: &Look, (id, instance): (&InstanceId, &Instance)) -> Self {
        let report = instance.report.as_ref();
        let lag = |report: &baton_model::InstanceReport| {
            report.apps.values().map(|app| app.lag_ms_worst).max()
        };
        Self {
            id: *id,
            name: instance.name(),
            standing: instance.standing(),
            shards: look.held_by(*id).count(),
            health: report.map(|report| report.health.as_str()),
            lag_ms: report.and_then(lag),
            ring: report
                .map(|report| Ring { bytes: report.ring_bytes, bytes_max: report.ring_bytes_max }),
            memory: report.and_then(|report| report.resident_bytes),
        }
    }
}

impl App {
    fn of(look: &Look, app: &AppName, shape: AppShape, limit: Option<&SessionStartLimit>) -> Self {
        let reports = look.instances.values().filter_map(|instance| instance.report.as_ref());
        let waiting = reports.filter_map(|it| it.apps.get(app)).map(|it| it.identify_waiting);
        let shards = shape.shards.shards().map(|number| {
            let generation = shape.generation;
            Cell::of(look, &ShardKey { app: app.clone(), generation, number })
        });
        Self {
            name: app.to_string(),
            limit: limit.copied(),
            waiting: waiting.sum(),
            cells: shards.collect(),
        }
    }
}

fn movement(look: &Look, shard: &ShardKey, to: InstanceId) -> String {
    let from = look.owner(shard).map_or_else(|| "nobody".to_owned(), |id| look.called(id));
    format!("{shard}: {from} -> {}", look.called(to))
}
