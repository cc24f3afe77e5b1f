//! A lane's writer: the appends of all its shards, in as few round trips as there is time for.
//!
//! One batch is on its way at a time. What comes meanwhile waits and forms the next one. So a lone
//! event goes at once, and load makes batches by itself, without a timer that would be wrong for
//! somebody. The writer has no opinion on what it writes: each append gets the store's own answer.

use baton_model::limits::{APPEND_BYTES_MAX, APPEND_ENTRIES_MAX};
use baton_shard::Answer;
use baton_store::{Append, AppendError, EntryBody, Events};
use tokio::sync::mpsc;

use crate::shard::{ToShard, append_answer};

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
    pub fn start<S: Events + Send + Sync + 'static>(store: S) -> Self {
        let (pages, inbox) = mpsc::unbounded_channel();
        tokio::spawn(write(store, inbox));
        Self { pages }
    }

    /// Takes a page.
    pub fn write(&self, page: Page) {
        if let Err(mpsc::error::SendError(page)) = self.pages.send(page) {
            // Only at the end of the runtime: the shard may try again.
            let error = baton_store::StoreError::unavailable("the lane's writer has ended");
            page.answer(Err(AppendError::Store(error)));
        }
    }
}

impl Page {
    fn answer(self, answer: Result<(), AppendError>) {
        let answer: Answer = append_answer(&self.append, answer);
        // The task may have ended meanwhile.
        drop(self.answer_to.send(ToShard::Answer(answer)));
    }

    fn bytes(&self) -> usize {
        let bytes = |body: &EntryBody| match body {
            EntryBody::Dispatch(dispatch) => dispatch.frame.len(),
            EntryBody::Marker { .. } => 0,
        };
        self.append.entries.iter().map(bytes).sum()
    }
}

async fn write<S: Events>(store: S, mut inbox: mpsc::UnboundedReceiver<Page>) {
    while let Some(first) = inbox.recv().await {
        let batch = gather(first, &mut inbox);
        let (appends, waiting): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|page| (page.append, page.answer_to)).unzip();
        let answers = store.append_all(&appends).await;
        for ((append, answer_to), answer) in appends.into_iter().zip(waiting).zip(answers) {
            Page { append, answer_to }.answer(answer.map(drop));
        }
    }
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
