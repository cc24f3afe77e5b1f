//! A lane's writer: the appends of all its shards, in as few round trips as there is time for.
//!
//! One batch is on its way at a time. What comes meanwhile waits and forms the next one. So a lone
//! event goes at once, and load makes batches by itself, without a timer that would be wrong for
//! somebody. The writer has no opinion on what it writes: each append gets the store's own answer.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use baton_model::limits::{APPEND_BYTES_MAX, APPEND_ENTRIES_MAX};
use baton_shard::Answer;
use baton_store::{
    Append, AppendError, Appended, Brokers, CopiedAppend, Copies, EntryBody, Events, InLane,
};
use tokio::sync::mpsc;

use crate::{
    clock::unix_micros,
    instruments::AppMeters,
    lane_face::LaneFace,
    shard::{ToShard, append_answer},
};

/// The pause before an operator is told again that copies are refused.
const TELL_PAUSE: Duration = Duration::from_secs(10);

/// Appends in one pipeline.
const PAGES_AT_ONCE_MAX: usize = 128;

/// Bytes of frames in one pipeline. A single page may be larger.
const BYTES_AT_ONCE_MAX: usize = 16 * APPEND_BYTES_MAX;

const _: () = assert!(PAGES_AT_ONCE_MAX >= APPEND_ENTRIES_MAX);

/// An append, and who waits for its answer.
#[derive(Debug)]
pub struct Page {
    /// What to write.
    pub append: Append,
    /// What goes elsewhere with it; none if nothing does.
    pub copies: Option<Copies>,
    /// The shard's task.
    pub answer_to: mpsc::UnboundedSender<ToShard>,
}

/// Where the shards of a lane bring their appends. Each brings one at a time, so what waits here
/// is bounded by what their rings may hold.
#[derive(Debug, Clone)]
pub struct LaneWriter {
    pages: mpsc::UnboundedSender<Page>,
}

impl LaneWriter {
    /// Starts a writer. It ends when nobody can bring it anything any more.
    pub fn start<S>(store: S, face: Arc<LaneFace>, meters: Arc<AppMeters>) -> Self
    where
        S: Events + Brokers + Send + Sync + 'static,
    {
        let (pages, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Writer { store, face, meters, told_at: None }.run(inbox));
        Self { pages }
    }

    /// Takes a page.
    pub fn write(&self, page: Page) {
        if let Err(mpsc::error::SendError(page)) = self.pages.send(page) {
            // Only at the end of the runtime: the shard may try again.
            let error = baton_store::StoreError::unavailable("the lane's writer has ended");
            answer_page(&page.append, &page.answer_to, Err(AppendError::Store(error)));
        }
    }
}

impl Page {
    /// Without copies, where others have some.
    fn copied(self) -> (CopiedAppend, mpsc::UnboundedSender<ToShard>) {
        let lane = InLane::Also { entries_max: 0 };
        let none = || Copies { each: Vec::new(), lane };
        let copies = self.copies.unwrap_or_else(none);
        (CopiedAppend { append: self.append, copies }, self.answer_to)
    }

    fn bytes(&self) -> usize {
        let copies = self.copies.iter().flat_map(|copies| copies.each.iter().flatten());
        let copied: usize = copies.map(|copy| copy.data.len()).sum();
        self.append.entries.iter().map(frame_bytes).sum::<usize>() + copied
    }
}

struct Writer<S> {
    store: S,
    face: Arc<LaneFace>,
    meters: Arc<AppMeters>,
    /// When an operator was last told of copies that the store refuses.
    told_at: Option<Instant>,
}

impl<S: Events + Brokers> Writer<S> {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Page>) {
        while let Some(first) = inbox.recv().await {
            let batch = gather(first, &mut inbox);
            if batch.iter().any(|page| page.copies.is_some()) {
                self.write_with_copies(batch).await;
            } else {
                self.write(batch).await;
            }
        }
    }

    async fn write(&self, batch: Vec<Page>) {
        let (appends, waiting): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|page| (page.append, page.answer_to)).unzip();
        let begun = (Instant::now(), SystemTime::now());
        let answers = self.store.append_all(&appends).await;
        self.count(begun, appends.iter().zip(&answers));
        for ((append, answer_to), answer) in appends.into_iter().zip(waiting).zip(answers) {
            answer_page(&append, &answer_to, answer.map(drop));
        }
    }

    async fn write_with_copies(&mut self, batch: Vec<Page>) {
        let (appends, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(Page::copied).unzip();
        let begun = (Instant::now(), SystemTime::now());
        let answers = self.store.append_copied(&appends).await;
        self.count(begun, appends.iter().map(|copied| &copied.append).zip(&answers));
        for ((copied, answer_to), answer) in appends.iter().zip(waiting).zip(answers) {
            if let Ok(Appended { refused: Some((count, why)), .. }) = &answer {
                self.face.count_refused_copies(*count);
                self.complain(&copied.append, *count, why);
            }
            answer_page(&copied.append, &answer_to, answer.map(drop));
        }
    }

    fn count<'a, T: 'a>(
        &self,
        (begun, sent_at): (Instant, SystemTime),
        answers: impl Iterator<Item = (&'a Append, &'a Result<T, AppendError>)>,
    ) {
        let meters = &self.meters;
        meters.append.record(begun.elapsed());
        let (mut sent, mut done, mut done_bytes) = (0, 0, 0);
        let now = unix_micros();
        for (append, answer) in answers {
            sent += append.entries.len();
            match answer {
                Ok(_) => {
                    meters.traces.report_append(append, sent_at);
                    meters.record_events(&append.entries, now);
                    done += append.entries.len();
                    done_bytes += append.entries.iter().map(frame_bytes).sum::<usize>();
                }
                Err(error) => meters.count_refusal(error),
            }
        }
        meters.append_entries.record(f64::from(u32::try_from(sent).unwrap_or(u32::MAX)));
        meters.appended.increment(done as u64);
        meters.appended_bytes.increment(done_bytes as u64);
    }

    /// Every event may have one, so it is not said of each.
    fn complain(&mut self, append: &Append, copies: u64, why: &str) {
        if self.told_at.is_none_or(|at| at.elapsed() >= TELL_PAUSE) {
            self.told_at = Some(Instant::now());
            let app = append.hold.address.app();
            tracing::error!(%app, copies, why, "the store refuses copies; the lane has the events");
        }
    }
}

const fn frame_bytes(body: &EntryBody) -> usize {
    match body {
        EntryBody::Dispatch(dispatch) => dispatch.frame.len(),
        EntryBody::Marker { .. } => 0,
    }
}

fn answer_page(
    append: &Append,
    answer_to: &mpsc::UnboundedSender<ToShard>,
    answer: Result<(), AppendError>,
) {
    let answer: Answer = append_answer(append, answer);
    // The task may have ended meanwhile.
    drop(answer_to.send(ToShard::Answer(answer)));
}

/// What may go with the first page.
fn gather(first: Page, inbox: &mut mpsc::UnboundedReceiver<Page>) -> Vec<Page> {
    let mut bytes = first.bytes();
    let mut batch = vec![first];
    while batch.len() < PAGES_AT_ONCE_MAX && bytes < BYTES_AT_ONCE_MAX {
        let Ok(page) = inbox.try_recv() else {
            break;
        };
        bytes += page.bytes();
        batch.push(page);
    }
    batch
}
