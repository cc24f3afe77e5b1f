//! Who waits for something to be added to a stream.
//!
//! Nobody is woken to look whether there is something for it: whoever adds, serves those who wait,
//! in the order in which they came, under the same lock. So the first who waits is the first who
//! gets, and who waits costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    live::{Receipt, Scene},
    resp::Reply,
    state::{Change, GroupName, StreamChange, StreamName},
};

/// A read that waits until there is something to read.
pub(crate) trait Attempt: Send {
    /// Under which keys something may come.
    fn keys(&self) -> Vec<Bytes>;

    /// What there is, if there is anything.
    fn attempt(&mut self, at: &mut Scene<'_>) -> Option<Reply>;
}

/// What a waiter is given, and what must be durable before it may leave.
pub(crate) type Served = (Reply, Option<Receipt>);

/// The names of waiters grow: the smallest came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaiterId(u64);

struct Waiter {
    client: u64,
    attempt: Box<dyn Attempt>,
    sender: oneshot::Sender<Served>,
}

/// Everybody who waits.
#[derive(Default)]
pub(crate) struct Waiting {
    last: u64,
    waiters: BTreeMap<WaiterId, Waiter>,
    by_key: BTreeMap<Bytes, BTreeSet<WaiterId>>,
}

impl Waiting {
    pub(crate) fn add(
        &mut self,
        client: u64,
        attempt: Box<dyn Attempt>,
    ) -> (WaiterId, oneshot::Receiver<Served>) {
        self.last += 1;
        let id = WaiterId(self.last);
        for key in attempt.keys() {
            self.by_key.entry(key).or_default().insert(id);
        }
        let (sender, receiver) = oneshot::channel();
        self.waiters.insert(id, Waiter { client, attempt, sender });
        (id, receiver)
    }

    /// Takes one away; says nothing if it was served already.
    pub(crate) fn remove(&mut self, id: WaiterId) {
        drop(self.take(id));
    }

    /// Ends a client's wait with a reply, and says whether it waited.
    pub(crate) fn unblock(&mut self, client: u64, reply: Reply) -> bool {
        let found = self.waiters.iter().find(|(_, waiter)| waiter.client == client);
        let Some(waiter) = found.map(|(id, _)| *id).and_then(|id| self.take(id)) else {
            return false;
        };
        waiter.sender.send((reply, None)).is_ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Lets go of all: what they waited for does not come.
    pub(crate) fn clear(&mut self) {
        self.waiters.clear();
        self.by_key.clear();
    }

    /// Tries those who wait for any of these keys, those who came first before the others.
    pub(crate) fn serve(&mut self, touched: &BTreeSet<Bytes>, mut at: Scene<'_>) -> Vec<Serving> {
        let queues = touched.iter().filter_map(|key| self.by_key.get(key));
        let ids: BTreeSet<WaiterId> = queues.flatten().copied().collect();
        let mut served = Vec::new();
        for id in ids {
            let waiter = self.waiters.get_mut(&id);
            let reply = waiter.and_then(|waiter| waiter.attempt.attempt(&mut at));
            if let Some(reply) = reply
                && let Some(waiter) = self.take(id)
            {
                served.push(Serving { reply, sender: waiter.sender });
            }
        }
        served
    }

    fn take(&mut self, id: WaiterId) -> Option<Waiter> {
        let waiter = self.waiters.remove(&id)?;
        for key in waiter.attempt.keys() {
            if let Some(queue) = self.by_key.get_mut(&key) {
                queue.remove(&id);
                if queue.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        Some(waiter)
    }
}

/// A reply on its way to who has waited for it.
pub(crate) struct Serving {
    reply: Reply,
    sender: oneshot::Sender<Served>,
}

impl Serving {
    pub(crate) fn send(self, receipt: Option<Receipt>) {
        // Who has gone meanwhile has its entries pending, as after any lost answer.
        drop(self.sender.send((self.reply, receipt)));
    }
}

/// Under which keys these changes give somebody who waits something to read, or to be told.
pub(crate) fn touched_by(changes: &[Change]) -> impl Iterator<Item = Bytes> {
    changes.iter().filter_map(|change| match change {
        Change::Entry(lane, _, _) => Some(StreamName::Events(lane.clone()).key()),
        Change::Stream(name, StreamChange::Record(..) | StreamChange::Gone) => Some(name.key()),
        Change::Group(GroupName { stream, .. }, change) if change.is_news() => Some(stream.key()),
        Change::Stream(
            _,
            StreamChange::Trimmed(_) | StreamChange::Deleted(_) | StreamChange::Mark(_),
        )
        | Change::Group(..)
        | Change::EntriesTrimmed(..)
        | Change::DataSet(_)
        | Change::App(..)
        | Change::StoredApp(..)
        | Change::Row(..)
        | Change::Conflict(..)
        | Change::ConflictsTrimmed(_)
        | Change::Happening(..)
        | Change::JournalTrimmed(_)
        | Change::Member(..)
        | Change::MemberForgotten(_)
        | Change::Planner(_)
        | Change::Target(..)
        | Change::TargetCleared(_)
        | Change::Intent(_)
        | Change::IntentGone(_)
        | Change::IdentifyBucket(..)
        | Change::IdentifyDay(..) => None,
    })
}
