//! Pending deliveries: acknowledged, looked at, or taken over by another consumer.

use baton_model::{StoreMillis, whole_millis};
use baton_store::StreamId;
use bytes::Bytes;

use super::{GroupChange, GroupName, Heard, Pending, Reader, Record, StoreState};
use std::time::Duration;

/// How pending deliveries are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Only what nobody was given for so long.
    pub idle: Duration,
    /// When it counts as given from then on.
    pub at: StoreMillis,
    /// How often it counts as given from then on; else once more than before.
    pub deliveries: Option<u64>,
    /// Does this count as a delivery?
    pub counts: bool,
    /// Also what is not pending, if the stream holds it.
    pub force: bool,
}

/// What an [`StoreState::claim_next`] has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claimed {
    /// Where to go on looking; from the start again if there is nothing left.
    pub next: StreamId,
    /// What was taken over.
    pub taken: Vec<(StreamId, Record)>,
    /// What was pending, but is gone from the stream, and is pending no more.
    pub gone: Vec<StreamId>,
}

impl StoreState {
    /// Acknowledges deliveries, and says how many of them were pending.
    pub fn acknowledge(&mut self, group: &GroupName, ids: &[StreamId]) -> u64 {
        let Some(found) = self.groups.get(group) else {
            return 0;
        };
        let mut settled: Vec<_> = ids.to_vec();
        settled.sort_unstable();
        settled.dedup();
        settled.retain(|id| found.pending.contains_key(id));
        let count = settled.len() as u64;
        self.settle(group, settled);
        count
    }

    /// Takes over these of a group's deliveries, in the order given; those that are gone from the
    /// stream are settled instead.
    pub fn claim_pending(
        &mut self,
        now: StoreMillis,
        reader: &Reader,
        ids: &[StreamId],
        claim: Claim,
    ) -> Vec<(StreamId, Record)> {
        let mut taken = Vec::new();
        for id in ids {
            match self.look_at(reader, *id) {
                Look::Unknown => {}
                Look::Pending(_, None) => self.settle(&reader.group, vec![*id]),
                Look::Pending(before, Some(record)) => {
                    if is_idle(&before, now, claim.idle) {
                        self.take_over(now, reader, (*id, before.deliveries), claim);
                        taken.push((*id, record));
                    }
                }
                Look::InStream(record) if claim.force => {
                    // To be made pending counts as a delivery.
                    self.take_over(now, reader, (*id, 1), claim);
                    taken.push((*id, record));
                }
                Look::InStream(_) => {}
            }
        }
        taken
    }

    /// Takes over the first of a group's deliveries from `start` on, at most `count`, looking at
    /// ten times as many.
    pub fn claim_next(
        &mut self,
        now: StoreMillis,
        reader: &Reader,
        (start, count): (StreamId, usize),
        claim: Claim,
    ) -> Claimed {
        let mut claimed = Claimed::default();
        let Some(group) = self.groups.get(&reader.group) else {
            return claimed;
        };
        let within = count.saturating_mul(10).saturating_add(1);
        let mut ids: Vec<_> =
            group.pending.range(start..).map(|(id, _)| *id).take(within).collect();
        let beyond = if ids.len() == within { ids.pop() } else { None };
        let mut ids = ids.into_iter();
        while claimed.taken.len() + claimed.gone.len() < count
            && let Some(id) = ids.next()
        {
            let Look::Pending(before, record) = self.look_at(reader, id) else { continue };
            match record {
                None => {
                    self.settle(&reader.group, vec![id]);
                    claimed.gone.push(id);
                }
                Some(record) if is_idle(&before, now, claim.idle) => {
                    self.take_over(now, reader, (id, before.deliveries), claim);
                    claimed.taken.push((id, record));
                }
                Some(_) => {}
            }
        }
        claimed.next = ids.next().or(beyond).unwrap_or_default();
        claimed
    }

    fn look_at(&self, reader: &Reader, id: StreamId) -> Look {
        let stream = self.stream(&reader.group.stream);
        let record = stream.and_then(|stream| stream.get(id));
        let group = self.groups.get(&reader.group);
        match (group.and_then(|group| group.pending.get(&id)), record) {
            (Some(pending), record) => Look::Pending(pending.clone(), record),
            (None, Some(record)) => Look::InStream(record),
            (None, None) => Look::Unknown,
        }
    }

    fn take_over(
        &mut self,
        now: StoreMillis,
        reader: &Reader,
        (id, before): (StreamId, u64),
        claim: Claim,
    ) {
        self.hear_of_active(now, reader);
        let counted = before.saturating_add(u64::from(claim.counts));
        let deliveries = claim.deliveries.unwrap_or(counted);
        let pending = Pending { consumer: reader.consumer.clone(), at: claim.at, deliveries };
        self.change_group(&reader.group, GroupChange::Pending(vec![(id, pending)]));
    }

    fn settle(&mut self, group: &GroupName, ids: Vec<StreamId>) {
        if !ids.is_empty() {
            self.change_group(group, GroupChange::Settled(ids));
        }
    }

    /// Has a group forget a consumer; says how many deliveries it had not acknowledged, which
    /// nobody will, or none if it is not known.
    pub fn forget_consumer(&mut self, group: &GroupName, consumer: &Bytes) -> Option<u64> {
        let known = self.groups.get(group)?.consumers.get(consumer)?;
        let pending: Vec<_> = known.pending.iter().copied().collect();
        let count = pending.len() as u64;
        self.settle(group, pending);
        self.change_group(group, GroupChange::ConsumerGone(consumer.clone()));
        Some(count)
    }

    /// Has a group know a consumer; says whether it did not.
    pub fn know_consumer(&mut self, now: StoreMillis, reader: &Reader) -> bool {
        let group = self.groups.get(&reader.group);
        let is_new = group.is_some_and(|group| !group.consumers.contains_key(&reader.consumer));
        if is_new {
            let heard = Heard { seen: now, active: None };
            let change = GroupChange::Consumer(reader.consumer.clone(), heard);
            self.change_group(&reader.group, change);
        }
        is_new
    }
}

/// What is known of an id.
enum Look {
    /// It is pending; what the stream holds of it.
    Pending(Pending, Option<Record>),
    /// It is not pending, but the stream holds it.
    InStream(Record),
    /// Neither.
    Unknown,
}

fn is_idle(pending: &Pending, now: StoreMillis, idle: Duration) -> bool {
    now.0.saturating_sub(pending.at.0) >= whole_millis(idle)
}
