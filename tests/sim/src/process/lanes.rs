//! The lanes' writers: the appends of all shards of a lane, one batch on its way at a time.

use std::collections::BTreeMap;

use baton_model::{InstanceId, Lane, Seq, ShardKey, UnixMicros};
use baton_shard::{Answer, Asked, Failure};
use baton_store::{Append, AppendError, EntryBody, Hold, ShardAddress};

/// An append, and which task waits for its answer.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) append: Append,
    pub(super) life: u64,
}

#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<Lane, Writer>);

#[derive(Debug, Default)]
struct Writer {
    waiting: Vec<Page>,
    is_busy: bool,
}

impl Lanes {
    pub(super) fn bring(&mut self, page: Page) {
        self.0.entry(page.append.hold.address.lane).or_default().waiting.push(page);
    }

    /// What may go out now, lane by lane.
    pub(super) fn take_batches(&mut self) -> Vec<(Lane, Vec<Page>)> {
        let ready = self.0.iter_mut().filter(|(_, it)| !it.is_busy && !it.waiting.is_empty());
        let take = |(lane, writer): (&Lane, &mut Writer)| {
            writer.is_busy = true;
            (*lane, std::mem::take(&mut writer.waiting))
        };
        ready.map(take).collect()
    }

    pub(super) fn done(&mut self, lane: Lane) {
        self.0.entry(lane).or_default().is_busy = false;
    }
}

/// A machine's append, as the store takes it.
pub(super) fn page(
    address: ShardAddress,
    owner: InstanceId,
    append: baton_shard::Append,
    life: u64,
) -> Page {
    let body = |entry| match entry {
        baton_shard::Entry::Dispatch(dispatch) => EntryBody::Dispatch(dispatch),
        baton_shard::Entry::Marker { seq, marker } => {
            EntryBody::Marker { seq, at: UnixMicros(0), marker }
        }
    };
    let append = Append {
        hold: Hold { address, owner, epoch: append.epoch },
        session: append.session,
        prev: append.prev,
        entries: append.entries.into_iter().map(body).collect(),
        last: append.last,
    };
    Page { append, life }
}

impl Page {
    pub(super) fn shard(&self) -> ShardKey {
        self.append.hold.address.shard.clone()
    }

    /// The store's answer in the machine's words.
    pub(super) fn answer(&self, answer: &Result<Seq, AppendError>) -> Answer {
        let (epoch, session) = (self.append.hold.epoch, self.append.session);
        match answer {
            Ok(_) => Answer::Appended { epoch, session, last: self.append.last },
            Err(AppendError::Fenced) => self.failed(Failure::Fenced { row: epoch }),
            Err(AppendError::Forgotten) => self.failed(Failure::Forgotten),
            Err(AppendError::Gap(row)) => Answer::Gap { epoch, session, row: *row },
            Err(AppendError::OtherSession(row)) => {
                Answer::OtherSession { epoch, session, row: *row }
            }
            Err(AppendError::Store(_)) => self.failed(Failure::Unknown),
        }
    }

    pub(super) fn failed(&self, failure: Failure) -> Answer {
        let asked = Asked::Append(self.append.hold.epoch, self.append.session);
        Answer::Failed { asked, failure }
    }
}
