//! A lane's reader: the commands of all its shards that this instance holds, from one stream.
//!
//! Each shard has got somewhere in the stream; what is read begins behind the least of these
//! places, and everybody takes what is theirs and new to them. A shard that has as many as may wait
//! is left out until it has room: its commands stay in the stream, and nobody waits for it. When
//! everybody has everything, the store is asked to say when there is more, which costs it nothing;
//! as long as somebody has not, the lane is read at a steady pace. The reader has no opinion on
//! commands. It also has the lane trimmed where that is up to this instance, and an app's streams
//! for brokers looked after, because it is the one who knows which of the lane's shards are here.

mod place;

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use baton_model::{
    AppName, Epoch, Lane, Moment, ShardKey,
    limits::{
        COMMANDS_PASSED_PERIOD, COMMANDS_POLL_BUSY, COMMANDS_READ_MAX, COMMANDS_SWEPT,
        STORE_RETRY_FIRST, STORE_RETRY_MAX,
    },
};
use baton_store::{Hold, Store, StoreError};
use tokio::sync::mpsc;

use self::place::{Piece, Place, Taken, first_shard};
use crate::{
    brokers::{Served, Serving},
    clock::Clock,
    instruments::{Scrapes, lane_watch::LaneWatch},
    lane_face::{LaneBoard, LaneFace},
    shard::ToShard,
    store_clock::StoreClock,
    trimming::{Trimmer, Trimming},
};

/// The lane of an app's first shard.
const FIRST_LANE: Lane = Lane(0);

/// A shard that this instance holds, and how to reach it.
#[derive(Debug)]
pub struct Listener {
    /// Which, under which lease.
    pub hold: Hold,
    /// Its task.
    pub letters: mpsc::WeakUnboundedSender<ToShard>,
    /// How many commands it has dealt with under this lease.
    pub dealt: Arc<AtomicU64>,
}

/// Where the shards of a lane say that they listen.
#[derive(Debug, Clone)]
pub struct LaneReader {
    listeners: mpsc::UnboundedSender<ToReader>,
    face: Arc<LaneFace>,
}

#[derive(Debug)]
enum ToReader {
    Join(Listener),
    Leave(ShardKey, Epoch),
}

/// What every lane's reader is given.
#[derive(Debug, Clone)]
pub struct Readings<S> {
    /// The store.
    pub store: S,
    /// The one clock.
    pub clock: Clock,
    /// The store's.
    pub store_clock: StoreClock,
    /// Where others look at the lanes.
    pub board: LaneBoard,
    /// Whether somebody wants to know how lanes fare.
    pub scrapes: Scrapes,
}

impl LaneReader {
    /// Starts a reader. It ends when nobody can listen any more.
    pub fn start<S: Store>(
        (app, lane): (AppName, Lane),
        readings: Readings<S>,
        trimming: Trimming,
    ) -> Self {
        let Readings { store, clock, store_clock, board, scrapes } = readings;
        let (listeners, inbox) = mpsc::unbounded_channel();
        let face = board.face(&app, lane);
        let now = clock.now();
        let served = (lane == FIRST_LANE).then(|| {
            let (shape, tuning) = (trimming.shape, trimming.tuning.clone());
            let (app, store, face) = (app.clone(), store.clone(), face.clone());
            Serving { app, shape, store, tuning, face }.start()
        });
        let place = (app.clone(), lane);
        let watch = LaneWatch::new(place, store.clone(), (face.clone(), scrapes));
        let trimmer = Trimmer::new((app.clone(), lane), store.clone(), trimming, face.clone(), now);
        let reader = Reader {
            app,
            lane,
            store,
            clock,
            store_clock,
            trimmer,
            watch,
            served,
            places: BTreeMap::new(),
            read_due: now,
            pass_due: now + COMMANDS_PASSED_PERIOD,
            pause: Pause::FIRST,
            ring: None,
            ring_pause: Pause::FIRST,
        };
        tokio::spawn(reader.run(inbox));
        Self { listeners, face }
    }

    /// What others see of the lane.
    #[must_use]
    pub fn face(&self) -> &LaneFace {
        &self.face
    }

    /// The shard listens from here on: first it is told its place.
    pub fn join(&self, listener: Listener) {
        // Only at the end of the runtime is there no reader.
        drop(self.listeners.send(ToReader::Join(listener)));
    }

    /// The shard does not listen under this lease any more.
    pub fn leave(&self, shard: ShardKey, epoch: Epoch) {
        drop(self.listeners.send(ToReader::Leave(shard, epoch)));
    }
}

struct Reader<S> {
    app: AppName,
    lane: Lane,
    store: S,
    clock: Clock,
    store_clock: StoreClock,
    trimmer: Trimmer<S>,
    watch: LaneWatch<S>,
    /// Of the first lane only.
    served: Option<Served>,
    places: BTreeMap<ShardKey, Place>,
    /// When to read next, unless something is known to have come before.
    read_due: Moment,
    pass_due: Moment,
    pause: Pause,
    ring: Option<Ring>,
    ring_pause: Pause,
}

/// Ends when something has come into the lane's stream.
type Ring = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// The pause before something is tried again that the store did not do.
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) const FIRST: Self = Self(STORE_RETRY_FIRST);

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(STORE_RETRY_MAX);
        pause
    }
}

impl<S: Store> Reader<S> {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<ToReader>) {
        loop {
            if let Some(served) = &self.served {
                served.set_here(self.holds_first_shard());
            }
            if self.places.is_empty() {
                self.ring = None;
                let Some(message) = inbox.recv().await else {
                    return;
                };
                self.take(message);
            }
            self.turn().await;
            let pause = self.due().since(self.clock.now());
            tokio::select! {
                biased;
                message = inbox.recv() => match message {
                    Some(message) => self.take(message),
                    None => return,
                },
                rung = ring(&mut self.ring) => self.on_rung(rung),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn take(&mut self, message: ToReader) {
        match message {
            ToReader::Join(listener) => {
                let shard = listener.hold.address.shard.clone();
                self.places.insert(shard, Place::new(listener));
                self.read_due = self.clock.now();
            }
            ToReader::Leave(shard, epoch) => {
                if self.places.get(&shard).is_some_and(|place| place.epoch() == epoch) {
                    self.places.remove(&shard);
                }
            }
        }
    }

    /// Where the store does not let us wait, we read now and then.
    fn on_rung(&mut self, rung: Result<(), StoreError>) {
        let now = self.clock.now();
        self.read_due = match rung {
            Ok(()) => {
                self.ring_pause = Pause::FIRST;
                now
            }
            Err(error) => {
                let (app, lane) = (&self.app, self.lane);
                tracing::debug!(%app, %lane, error = error.to_string(), "commands not waited for");
                now + self.ring_pause.next()
            }
        };
    }

    /// Does what is due.
    async fn turn(&mut self) {
        let now = self.clock.now();
        if self.holds_first_shard() {
            self.trimmer.turn(now).await;
            self.watch.turn(now, self.store_clock.reading()).await;
        }
        if now >= self.pass_due {
            self.pass_due = now + COMMANDS_PASSED_PERIOD;
            self.places.values_mut().for_each(Place::pass);
        }
        if now < self.read_due {
            return;
        }
        match self.read().await {
            Ok(pause) => {
                self.pause = Pause::FIRST;
                self.read_due = now + pause;
            }
            Err(error) => {
                let (app, lane) = (&self.app, self.lane);
                tracing::debug!(%app, %lane, error = error.to_string(), "no commands read");
                self.read_due = now + self.pause.next();
            }
        }
    }

    fn due(&self) -> Moment {
        let due = self.read_due.min(self.pass_due);
        if !self.holds_first_shard() {
            return due;
        }
        let watch = self.watch.due(self.clock.now()).unwrap_or(due);
        due.min(self.trimmer.due()).min(watch)
    }

    /// Reads once, and says after which pause to read again, should nothing ring before.
    async fn read(&mut self) -> Result<Duration, StoreError> {
        let Some(reading) = self.store_clock.reading() else {
            return Ok(COMMANDS_POLL_BUSY); // It could not be said what is too late.
        };
        // Tasks that were ended from outside have not said that they leave.
        self.places.retain(|_, place| place.listener.letters.strong_count() > 0);
        self.find_places().await?;
        let with_room = self.places.values().filter(|place| place.room() > 0);
        let Some(after) = with_room.filter_map(|place| place.read).min() else {
            return Ok(COMMANDS_POLL_BUSY);
        };
        let entries = self.store.commands(&self.app, self.lane, after, COMMANDS_READ_MAX).await?;
        let piece = Piece { after, entries: &entries };
        let mut taken = Taken::All;
        for place in self.places.values_mut() {
            if place.deliver(&piece, reading) == Taken::NotAll {
                taken = Taken::NotAll;
            }
        }
        Ok(match (entries.len(), taken) {
            (COMMANDS_READ_MAX, _) => Duration::ZERO,
            (_, Taken::NotAll) => COMMANDS_POLL_BUSY,
            (_, Taken::All) => {
                self.await_more();
                COMMANDS_SWEPT
            }
        })
    }

    /// Everybody has all that there is. A ring that waits behind an earlier place rings once in
    /// vain.
    fn await_more(&mut self) {
        let Some(upto) = self.places.values().filter_map(|place| place.read).max() else {
            return;
        };
        let (store, app, lane) = (self.store.clone(), self.app.clone(), self.lane);
        self.ring.get_or_insert_with(|| {
            Box::pin(async move { store.await_commands(&app, lane, upto).await })
        });
    }

    fn holds_first_shard(&self) -> bool {
        self.places.keys().any(|shard| shard.number == first_shard(self.lane))
    }

    /// Asks where shards begin that have come anew.
    async fn find_places(&mut self) -> Result<(), StoreError> {
        for place in self.places.values_mut().filter(|place| place.read.is_none()) {
            let begin = self.store.commands_done(&place.listener.hold.address).await?;
            place.begin(begin);
        }
        Ok(())
    }
}

/// Waits for a ring, which is gone then. Without one nothing rings.
async fn ring(ring: &mut Option<Ring>) -> Result<(), StoreError> {
    let Some(waiting) = ring else {
        return std::future::pending().await;
    };
    let rung = waiting.await;
    *ring = None;
    rung
}
