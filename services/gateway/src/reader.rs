//! A lane's reader: the commands of all its shards that this instance holds, from one stream.
//!
//! Each shard has got somewhere in the stream; what is read begins behind the least of these
//! places, and everybody takes what is theirs and new to them. A shard that has as many as may wait
//! is left out until it has room: its commands stay in the stream, and nobody waits for it. The
//! reader has no opinion on commands. It also has the lane trimmed where that is up to this
//! instance, because it is the one who knows which of the lane's shards are here.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_model::{
    AppName, Epoch, Lane, Moment, ShardKey, ShardNumber, StreamId,
    limits::{
        COMMANDS_PASSED_PERIOD, COMMANDS_POLL_BUSY, COMMANDS_POLL_QUIET, COMMANDS_QUIET,
        COMMANDS_READ_MAX, COMMANDS_WAITING_MAX, STORE_RETRY_FIRST, STORE_RETRY_MAX,
    },
};
use baton_store::{Command, CommandEntry, Hold, MalformedCommand, ShardAddress, Store, StoreError};
use tokio::sync::mpsc;

use crate::{
    clock::Clock,
    courier::Parcel,
    lane_face::{LaneBoard, LaneFace},
    shard::{Mail, ToShard},
    store_clock::{Reading, StoreClock},
    trimming::{Trimmer, Trimming},
};

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
}

impl LaneReader {
    /// Starts a reader. It ends when nobody can listen any more.
    pub fn start<S: Store>(
        (app, lane): (AppName, Lane),
        readings: Readings<S>,
        trimming: Trimming,
    ) -> Self {
        let Readings { store, clock, store_clock, board } = readings;
        let (listeners, inbox) = mpsc::unbounded_channel();
        let face = board.face(&app, lane);
        let now = clock.now();
        let trimmer = Trimmer::new((app.clone(), lane), store.clone(), trimming, face.clone(), now);
        let reader = Reader {
            app,
            lane,
            store,
            clock,
            store_clock,
            trimmer,
            places: BTreeMap::new(),
            busy_until: now,
            pass_due: now + COMMANDS_PASSED_PERIOD,
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
    places: BTreeMap<ShardKey, Place>,
    busy_until: Moment,
    pass_due: Moment,
}

/// How far a shard has got.
struct Place {
    listener: Listener,
    /// Up to here it has been told everything; none until the store has said where it begins.
    read: Option<StreamId>,
    /// Up to here it knows that it has.
    told: StreamId,
    delivered: u64,
}

/// The shard that looks after the lane.
const fn first_shard(lane: Lane) -> ShardNumber {
    ShardNumber(lane.0 as u32)
}

impl<S: Store> Reader<S> {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<ToReader>) {
        let mut retry = STORE_RETRY_FIRST;
        loop {
            if self.places.is_empty() {
                let Some(message) = inbox.recv().await else {
                    return;
                };
                self.take(message);
            }
            let pause = match self.turn().await {
                Ok(pause) => {
                    retry = STORE_RETRY_FIRST;
                    pause
                }
                Err(error) => {
                    let (app, lane) = (&self.app, self.lane);
                    tracing::debug!(%app, %lane, error = error.to_string(), "no commands read");
                    let pause = retry;
                    retry = (retry * 2).min(STORE_RETRY_MAX);
                    pause
                }
            };
            tokio::select! {
                biased;
                message = inbox.recv() => match message {
                    Some(message) => self.take(message),
                    None => return,
                },
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn take(&mut self, message: ToReader) {
        match message {
            ToReader::Join(listener) => {
                let place = Place { listener, read: None, told: StreamId::START, delivered: 0 };
                self.places.insert(place.listener.hold.address.shard.clone(), place);
            }
            ToReader::Leave(shard, epoch) => {
                if self.places.get(&shard).is_some_and(|place| place.epoch() == epoch) {
                    self.places.remove(&shard);
                }
            }
        }
    }

    /// Reads once, and says after which pause to read again.
    async fn turn(&mut self) -> Result<Duration, StoreError> {
        let now = self.clock.now();
        if self.holds_first_shard() {
            self.trimmer.turn(now).await;
        }
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
        let read = self.store.commands(&self.app, self.lane, after, COMMANDS_READ_MAX).await?;
        if !read.is_empty() {
            self.busy_until = now + COMMANDS_QUIET;
        }
        for place in self.places.values_mut() {
            place.deliver(&read, reading);
        }
        if now >= self.pass_due {
            self.pass_due = now + COMMANDS_PASSED_PERIOD;
            self.places.values_mut().for_each(Place::pass);
        }
        Ok(match read.len() {
            COMMANDS_READ_MAX => Duration::ZERO,
            _ if now < self.busy_until => COMMANDS_POLL_BUSY,
            _ => COMMANDS_POLL_QUIET,
        })
    }

    fn holds_first_shard(&self) -> bool {
        self.places.keys().any(|shard| shard.number == first_shard(self.lane))
    }

    /// Asks where shards begin that have come anew.
    async fn find_places(&mut self) -> Result<(), StoreError> {
        for place in self.places.values_mut().filter(|place| place.read.is_none()) {
            let begin = self.store.commands_done(&place.listener.hold.address).await?;
            place.read = Some(begin);
            place.told = begin;
            place.tell(Mail::Begin(begin));
        }
        Ok(())
    }
}

impl Place {
    const fn epoch(&self) -> Epoch {
        self.listener.hold.epoch
    }

    /// How many commands more it may be given.
    fn room(&self) -> usize {
        let dealt = self.listener.dealt.load(Ordering::Acquire);
        let waiting = usize::try_from(self.delivered.saturating_sub(dealt)).unwrap_or(usize::MAX);
        COMMANDS_WAITING_MAX.saturating_sub(waiting)
    }

    /// Takes what is for this shard and new to it, as much as it has room for.
    fn deliver(&mut self, entries: &[CommandEntry], reading: Reading) {
        let Some(mut read) = self.read else {
            return;
        };
        let mut room = self.room();
        let ShardAddress { shard, lane } = &self.listener.hold.address;
        let (number, lane) = (shard.number, *lane);
        let first = entries.partition_point(|(id, _)| *id <= read);
        for (id, found) in &entries[first..] {
            if room == 0 {
                break;
            }
            if addressee(found, lane) == number {
                room -= 1;
                self.delivered += 1;
                self.tell(Mail::Command(parcel(*id, found, reading)));
                self.told = *id;
            }
            read = *id;
        }
        self.read = Some(read);
    }

    /// Lets it know how far it has got without a command of its own.
    fn pass(&mut self) {
        if let Some(read) = self.read.filter(|read| *read > self.told) {
            self.told = read;
            self.tell(Mail::Passed(read));
        }
    }

    fn tell(&self, mail: Mail) {
        if let Some(letters) = self.listener.letters.upgrade() {
            // The task may have ended.
            drop(letters.send(ToShard::Mail(self.epoch(), mail)));
        }
    }
}

/// Which shard deals with an entry. What names none is up to the lane's first, so that its sender is
/// told once.
fn addressee(found: &Result<Command, MalformedCommand>, lane: Lane) -> ShardNumber {
    match found {
        Ok(command) => command.shard,
        Err(malformed) => malformed.shard.unwrap_or_else(|| first_shard(lane)),
    }
}

fn parcel(id: StreamId, found: &Result<Command, MalformedCommand>, reading: Reading) -> Parcel {
    match found {
        Ok(command) => {
            let expires = command.expires.map(|at| reading.moment_of(at));
            let (reply_to, frame) = (command.reply_to.clone(), Ok(command.frame.clone()));
            Parcel { id, expires, reply_to, frame }
        }
        Err(malformed) => {
            let (reply_to, frame) = (malformed.reply_to.clone(), Err(malformed.why.to_string()));
            Parcel { id, expires: None, reply_to, frame }
        }
    }
}
