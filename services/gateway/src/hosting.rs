//! The shards' tasks of this instance: starting them, reaching them, starting them afresh.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, PoisonError, RwLock},
};

use baton_model::{AppName, AppShape, InstanceId, ShardKey};
use baton_store::{ShardAddress, Store};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::AbortHandle,
};

use crate::{
    clock::Clock,
    instruments::Instruments,
    lane_face::{LaneBoard, LaneKey},
    reader::{LaneReader, Readings},
    shard::{ConfirmedUntil, Face, Place, ShardTask, Surroundings, ToShard},
    socket::Dialer,
    store_clock::StoreClock,
    supervisor::{Errand, Remark, Report},
    trimming::Trimming,
    tuning::AppTuning,
    writer::LaneWriter,
};

/// All shards that have a task, as others may see them.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<RwLock<Faces>>);

#[derive(Debug, Default)]
struct Faces {
    present: BTreeMap<ShardKey, Arc<Face>>,
    /// What tasks received that are gone: the sum must not fall when one goes.
    dispatches_of_gone: u64,
}

impl Board {
    /// Every shard with its face.
    #[must_use]
    pub fn faces(&self) -> Vec<(ShardKey, Arc<Face>)> {
        let faces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        faces.present.iter().map(|(shard, face)| (shard.clone(), face.clone())).collect()
    }

    /// How many dispatches all tasks have received that there ever were.
    #[must_use]
    pub fn dispatches(&self) -> u64 {
        let faces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        faces.dispatches_of_gone + faces.present.values().map(|face| face.dispatches()).sum::<u64>()
    }

    fn put(&self, shard: ShardKey, face: Arc<Face>) {
        self.change(|present| present.insert(shard, face));
    }

    fn remove(&self, shard: &ShardKey) {
        self.change(|present| present.remove(shard));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<ShardKey, Arc<Face>>) -> Option<Arc<Face>>) {
        let mut faces = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(gone) = change(&mut faces.present) {
            faces.dispatches_of_gone += gone.dispatches();
        }
    }
}

/// What an app's shards need.
#[derive(Debug)]
pub struct AppHost {
    /// Into what it is cut.
    pub shape: AppShape,
    /// How they connect.
    pub dialer: watch::Receiver<Arc<Dialer>>,
    /// Events that do not go into the stream.
    pub left_out: std::collections::BTreeSet<baton_model::EventName>,
    /// What of it may change.
    pub tuning: watch::Receiver<AppTuning>,
}

/// To whom the tasks and their surroundings talk.
#[derive(Debug)]
pub struct Voices {
    /// Shards, to the supervisor.
    pub reports: mpsc::UnboundedSender<(ShardKey, Report)>,
    /// What an operator should know.
    pub remarks: mpsc::UnboundedSender<Remark>,
}

/// Hosts the tasks on a runtime that is not the supervisor's: load there must not delay a beat.
pub struct Hosting<S> {
    me: InstanceId,
    store: S,
    clock: Clock,
    runtime: Handle,
    confirmed_until: ConfirmedUntil,
    store_clock: StoreClock,
    voices: Voices,
    apps: BTreeMap<AppName, AppHost>,
    writers: BTreeMap<LaneKey, LaneWriter>,
    readers: BTreeMap<LaneKey, LaneReader>,
    lanes: LaneBoard,
    tasks: BTreeMap<ShardKey, Task>,
    board: Board,
    /// What each ring may hold; none before anybody has to be held to anything.
    ring_level: Option<usize>,
    instruments: Instruments,
}

struct Task {
    letters: mpsc::UnboundedSender<ToShard>,
    face: Arc<Face>,
    abort: AbortHandle,
}

impl<S: Store> Hosting<S> {
    /// A host without guests.
    pub fn new(
        me: InstanceId,
        store: S,
        (clock, runtime): (Clock, Handle),
        voices: Voices,
    ) -> Self {
        Self {
            me,
            store,
            clock,
            runtime,
            confirmed_until: ConfirmedUntil::default(),
            store_clock: StoreClock::default(),
            voices,
            apps: BTreeMap::new(),
            writers: BTreeMap::new(),
            readers: BTreeMap::new(),
            lanes: LaneBoard::default(),
            tasks: BTreeMap::new(),
            board: Board::default(),
            ring_level: None,
            instruments: Instruments::off(),
        }
    }

    /// Counts with these from here on.
    pub fn count_with(&mut self, instruments: Instruments) {
        self.instruments = instruments;
    }

    /// Where everybody may look.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Until when leases are confirmed; to be published by the supervisor's shell.
    pub const fn confirmed_until(&self) -> &ConfirmedUntil {
        &self.confirmed_until
    }

    /// What the store's clock says; to be taught by whoever asks the store.
    pub const fn store_clock(&self) -> &StoreClock {
        &self.store_clock
    }

    /// The lanes, where everybody may look.
    pub fn lanes(&self) -> LaneBoard {
        self.lanes.clone()
    }

    /// Makes an app known. Its shards can be started from then on.
    pub fn admit(&mut self, app: AppName, host: AppHost) {
        self.apps.insert(app, host);
    }

    /// Forgets an app none of whose shards has a task any more.
    pub fn retire(&mut self, app: &AppName) {
        self.apps.remove(app);
        self.writers.retain(|(of, _), _| of != app);
        self.readers.retain(|(of, _), _| of != app);
    }

    /// Sends a shard's task on an errand; starts it if there is none.
    pub fn send(&mut self, shard: &ShardKey, errand: Errand) {
        if !self.tasks.contains_key(shard) {
            self.start(shard);
        }
        self.tell(shard, ToShard::Errand(errand));
    }

    /// Holds every ring to this level, those of tasks to come as well.
    pub fn set_ring_level(&mut self, bytes: usize) {
        self.ring_level = Some(bytes);
        for task in self.tasks.values() {
            // A task that has ended has no ring any more.
            drop(task.letters.send(ToShard::RingLevel(bytes)));
        }
    }

    /// Asks every task for a sign of life.
    pub fn pulse(&self) {
        for task in self.tasks.values() {
            // A task that has ended shows no sign, which is what is asked.
            drop(task.letters.send(ToShard::Pulse));
        }
    }

    /// Lets a task end that is not needed any more.
    pub fn dismiss(&mut self, shard: &ShardKey) {
        self.tasks.remove(shard);
        self.board.remove(shard);
    }

    /// Ends a task, as far as that is possible, and starts another in its place.
    pub fn restart(&mut self, shard: &ShardKey) {
        if let Some(task) = self.tasks.remove(shard) {
            task.abort.abort();
            self.start(shard);
        }
    }

    /// Every task with its face.
    pub fn faces(&self) -> impl Iterator<Item = (&ShardKey, &Arc<Face>)> {
        self.tasks.iter().map(|(shard, task)| (shard, &task.face))
    }

    /// Says something to a shard that has a task.
    pub fn tell(&self, shard: &ShardKey, letter: ToShard) {
        if let Some(task) = self.tasks.get(shard) {
            // It ends only when it is dismissed; or it has panicked, which the watchdog finds.
            drop(task.letters.send(letter));
        }
    }

    fn start(&mut self, shard: &ShardKey) {
        let Some(app) = self.apps.get(&shard.app) else {
            tracing::error!(%shard, "a shard of an app that is not known here; ignored");
            return;
        };
        let address = ShardAddress::new(shard.clone(), app.shape.lanes);
        let (dialer, left_out) = (app.dialer.clone(), app.left_out.clone());
        let (shape, tuning) = (app.shape, app.tuning.clone());
        let lane = (shard.app.clone(), address.lane);
        let reader = self.reader(&lane, shape, tuning.clone());
        let writer = self.writer(lane);
        let surroundings = Surroundings {
            store: self.store.clone(),
            clock: self.clock,
            confirmed_until: self.confirmed_until.clone(),
            dialer,
            writer,
            reader,
            reports: self.voices.reports.clone(),
            left_out,
            tuning,
            meters: self.instruments.of(&shard.app),
        };
        let face = Arc::new(Face::default());
        let place = Place { address, me: self.me, seed: seed(self.me, shard) };
        let (task, letters) = ShardTask::new(place, surroundings, face.clone());
        let abort = self.runtime.spawn(task.run()).abort_handle();
        self.board.put(shard.clone(), face.clone());
        if let Some(bytes) = self.ring_level {
            drop(letters.send(ToShard::RingLevel(bytes)));
        }
        self.tasks.insert(shard.clone(), Task { letters, face, abort });
    }

    fn writer(&mut self, lane: LaneKey) -> LaneWriter {
        let face = self.lanes.face(&lane.0, lane.1);
        let meters = self.instruments.of(&lane.0);
        let start = || {
            let _runtime = self.runtime.enter();
            LaneWriter::start(self.store.clone(), face, meters)
        };
        self.writers.entry(lane).or_insert_with(start).clone()
    }

    fn reader(
        &mut self,
        lane: &LaneKey,
        shape: AppShape,
        tuning: watch::Receiver<AppTuning>,
    ) -> LaneReader {
        let start = || {
            let _runtime = self.runtime.enter();
            let readings = Readings {
                store: self.store.clone(),
                clock: self.clock,
                store_clock: self.store_clock.clone(),
                board: self.lanes.clone(),
                scrapes: self.instruments.scrapes(),
            };
            let remarks = self.voices.remarks.clone();
            let trimming = Trimming { tuning, shape, me: self.me, remarks };
            LaneReader::start(lane.clone(), readings, trimming)
        };
        self.readers.entry(lane.clone()).or_insert_with(start).clone()
    }
}

impl<S> Drop for Hosting<S> {
    /// The end of an instance is the end of its tasks: what they hold lies in the store.
    fn drop(&mut self) {
        for task in self.tasks.values() {
            task.abort.abort();
        }
    }
}

/// Shards of one instance must differ in their jitter, and so must instances.
fn seed(me: InstanceId, shard: &ShardKey) -> u64 {
    let mut hasher = DefaultHasher::new();
    (me, shard).hash(&mut hasher);
    hasher.finish()
}
