//! Archives one lane for as long as it is ours.
//!
//! Strictly one after the other: entries are read into a batch, the batch is put into the archive,
//! its entries are acknowledged, and only then is read on. So what is pending is never more than
//! one batch, nothing is acknowledged that does not last, and a place that is slow or away is
//! waited for without anything piling up here.

use std::{sync::Arc, time::Duration};

use baton_consumer::{LaneEntry, LaneError, LeasedLane};
use baton_model::StreamId;
use baton_store::{Entry, Unhappy};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    batch::Batch,
    chain::{Appended, Chain, ChainError, Site},
    hour::Hour,
    place::PAUSE_MAX,
    progress::{Progress, Share},
};

/// Entries that are read in one go.
const READ_MAX: usize = 512;

/// Bytes that are read in one go, going by what came lately.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Entries of one object: their ids are held until they are acknowledged.
const ENTRIES_MAX: usize = 250_000;

/// The first pause before something is tried again, or after nothing has come; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// The longest pause after nothing has come. Objects are minutes apart.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// The longest pause before the store is asked again.
const STORE_PAUSE_MAX: Duration = Duration::from_secs(1);

/// How large an object becomes, and how old what is in it.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of lines.
    pub bytes_max: u64,
    /// How long an entry waits for others.
    pub age_max: Duration,
    /// Bytes of memory for all batches together.
    pub memory_bytes_max: usize,
}

/// What all lanes have in common.
#[derive(Debug)]
pub struct Works {
    /// Where the archive is.
    pub site: Arc<Site>,
    /// How large objects become.
    pub bounds: Bounds,
    /// How it gets on.
    pub progress: Progress,
    /// This process's name in journals.
    pub writer: String,
}

/// Why a lane is not read on.
enum End {
    /// It was asked for.
    Asked,
    /// Somebody else has written.
    Superseded,
    /// The lane or its store says so.
    Lane(LaneError),
}

impl From<LaneError> for End {
    fn from(error: LaneError) -> Self {
        Self::Lane(error)
    }
}

/// Archives a lane until it is another's, or the process ends.
///
/// # Errors
/// If the lane is another's, or the store refuses it.
pub async fn archive(mut lane: LeasedLane, works: Arc<Works>) -> Result<(), LaneError> {
    let number = lane.lane();
    let end = loop {
        match live(&mut lane, &works).await {
            End::Asked => break Ok(()),
            End::Lane(error) => break Err(error),
            End::Superseded => {
                tracing::warn!(lane = %number, "somebody else has written; looking anew");
                works.progress.superseded();
                lane.rewind();
            }
        }
    };
    works.progress.ended(number);
    end
}

async fn live(lane: &mut LeasedLane, works: &Works) -> End {
    let chain = match open(lane, works).await {
        Some(chain) => chain,
        None => return End::Asked,
    };
    let mut desk = Desk { lane, works, chain, open: None, usual_bytes: 1_000 };
    match desk.run().await {
        Ok(()) => End::Asked,
        Err(end) => end,
    }
}

/// Finds out what is in the archive, however long its place is away; none if asked to end.
async fn open(lane: &mut LeasedLane, works: &Works) -> Option<Chain> {
    let mut pause = PAUSE_FIRST;
    loop {
        match Chain::open(works.site.clone(), lane.lane(), works.writer.clone()).await {
            Ok(chain) => {
                works.progress.goes_well(lane.lane());
                return Some(chain);
            }
            Err(error) => stands_still(works, lane, &error),
        }
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = lane.ending() => return None,
        }
    }
}

fn stands_still(works: &Works, lane: &LeasedLane, error: &ChainError) {
    tracing::warn!(lane = %lane.lane(), %error, "archive cannot be reached");
    works.progress.stands_still(lane.lane(), error.to_string());
}

/// One lane, and what is being made of it.
struct Desk<'l> {
    lane: &'l mut LeasedLane,
    works: &'l Works,
    chain: Chain,
    open: Option<Open<'l>>,
    /// What an entry takes up, going by what came lately.
    usual_bytes: usize,
}

/// A batch that is being filled.
struct Open<'l> {
    batch: Batch,
    since: Instant,
    share: Share<'l>,
}

impl Desk<'_> {
    async fn run(&mut self) -> Result<(), End> {
        let mut pause = PAUSE_FIRST;
        loop {
            if self.is_ending().await {
                self.put().await?;
                return self.leave().await;
            }
            if self.due().is_some_and(|due| due <= Instant::now()) {
                self.put().await?;
            }
            let most = (READ_BYTES / self.usual_bytes.max(1)).clamp(1, READ_MAX);
            match self.lane.next(most).await {
                Ok(none) if none.is_empty() => {
                    self.idle(pause).await;
                    pause = (pause * 2).min(IDLE_MAX);
                }
                Ok(entries) => {
                    pause = PAUSE_FIRST;
                    self.take_in(entries).await?;
                }
                Err(error) => {
                    self.survive(error)?;
                    self.idle(pause).await;
                    pause = (pause * 2).min(STORE_PAUSE_MAX);
                }
            }
        }
    }

    async fn is_ending(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.lane.ending() => true,
            () = std::future::ready(()) => false,
        }
    }

    /// Waits for entries, for the batch to be old enough, or for the end.
    async fn idle(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        let until = self.due().map_or(until, |due| due.min(until));
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.lane.ending() => {}
        }
    }

    /// When the batch is old enough.
    fn due(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.since + self.works.bounds.age_max)
    }

    /// An error of the store that will pass.
    fn survive(&self, error: LaneError) -> Result<(), End> {
        match &error {
            LaneError::Store(store) if store.is_retryable() => {
                tracing::warn!(lane = %self.lane.lane(), %error, "store did not answer");
                Ok(())
            }
            LaneError::Store(_) | LaneError::Fenced => Err(End::Lane(error)),
        }
    }

    async fn take_in(&mut self, entries: Vec<LaneEntry>) -> Result<(), End> {
        let mut known = Vec::new();
        for at in entries {
            let bytes = at.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
            self.usual_bytes = usize::midpoint(self.usual_bytes, bytes);
            // It was trimmed before it came.
            if at.fields.is_empty() {
                known.push(at.id);
                continue;
            }
            let fields = at.fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
            match Entry::decode(fields) {
                Err(error) => self.give_up(&at, &error.to_string()).await?,
                Ok(entry) if self.chain.has(&at, &entry) => {
                    self.works.progress.repeated();
                    known.push(at.id);
                }
                Ok(entry) => self.add(&at, &entry).await?,
            }
        }
        self.acknowledge(&known).await
    }

    async fn add(&mut self, at: &LaneEntry, entry: &Entry) -> Result<(), End> {
        if self.open.as_ref().is_some_and(|open| open.batch.hour() != Hour::of(at.id)) {
            self.put().await?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            empty => empty.insert(Open::new(self.works, Hour::of(at.id))),
        };
        if open.batch.has(at, entry) {
            self.works.progress.repeated();
            open.batch.repeat(at.id);
        } else if let Err(error) = open.batch.add(at, entry) {
            return self.give_up(at, &error.to_string()).await;
        }
        open.share.set(open.batch.held_bytes());
        if open.is_full(self.works) { self.put().await } else { Ok(()) }
    }

    /// Puts what there is into the archive, however long that takes, and acknowledges it then.
    async fn put(&mut self) -> Result<(), End> {
        let Some(Open { batch, share, .. }) = self.open.take() else {
            return Ok(());
        };
        if batch.acks() == 0 {
            return Ok(());
        }
        // Its memory counts until it is put.
        let _share = share;
        let batch = batch.seal();
        let mut pause = PAUSE_FIRST;
        loop {
            match self.chain.append(&batch).await {
                Ok(Appended::There) => break,
                Ok(Appended::Superseded) => return Err(End::Superseded),
                Err(error) => stands_still(self.works, self.lane, &error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        self.works.progress.put(&batch);
        self.works.progress.goes_well(self.lane.lane());
        tracing::debug!(lane = %self.lane.lane(), entries = batch.entries, "put an object");
        self.acknowledge(&batch.acks).await
    }

    /// Acknowledges what is in the archive, however long the store is away: what is read next is
    /// judged by what was put before.
    async fn acknowledge(&mut self, ids: &[StreamId]) -> Result<(), End> {
        let mut pause = PAUSE_FIRST;
        while let Err(error) = self.lane.acknowledge(ids).await {
            self.survive(error)?;
            sleep(pause).await;
            pause = (pause * 2).min(STORE_PAUSE_MAX);
        }
        Ok(())
    }

    /// What cannot be archived is left to people.
    async fn give_up(&mut self, at: &LaneEntry, why: &str) -> Result<(), End> {
        tracing::warn!(lane = %self.lane.lane(), id = %at.id, why, "gave up on an entry");
        let mut pause = PAUSE_FIRST;
        while let Err(error) = self.lane.bury(at, why).await {
            self.survive(error)?;
            sleep(pause).await;
            pause = (pause * 2).min(STORE_PAUSE_MAX);
        }
        self.works.progress.gave_up();
        Ok(())
    }

    /// Should this fail, somebody else removes this consumer later.
    async fn leave(&mut self) -> Result<(), End> {
        match self.lane.leave().await {
            Ok(()) => Ok(()),
            Err(error) => self.survive(error),
        }
    }
}

impl<'l> Open<'l> {
    fn new(works: &'l Works, hour: Hour) -> Self {
        Self { batch: Batch::new(hour), since: Instant::now(), share: works.progress.share() }
    }

    fn is_full(&self, works: &Works) -> bool {
        let Bounds { bytes_max, memory_bytes_max, .. } = works.bounds;
        self.batch.lines_bytes() >= bytes_max
            || self.batch.acks() >= ENTRIES_MAX
            || works.progress.held_bytes() >= memory_bytes_max
    }
}
