//! Conflicts that show at this instance, for those who ask later what happened.
//!
//! Nothing is decided by them: fencing has decided already.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_fleet::Departure;
use baton_model::{Epoch, InstanceId, Moment, ShardKey};
use baton_store::ConflictKind;

use super::{Ending, Output, Remark, Supervisor};

/// So many losses of one shard to others are no accident any more.
const TUG_LOSSES_MIN: usize = 3;

/// Within this time.
const TUG_WITHIN: Duration = Duration::from_secs(5 * 60);

/// So many sessions that Discord closed as if somebody else had resumed them are no accident.
const CONTESTED_MIN: usize = 3;

/// How long conflicts of one kind are gathered before they are told of: a store that falls back is
/// noticed shard by shard.
const GATHERED: Duration = Duration::from_secs(5);

/// A conflict as this instance knows it. Its shell adds an id and the time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Of what kind.
    pub kind: ConflictKind,
    /// Between whom, as far as that is known here.
    pub instances: BTreeSet<InstanceId>,
    /// Over which shard, if it was over one.
    pub shard: Option<ShardKey>,
    /// Under which leases.
    pub epochs: BTreeSet<Epoch>,
    /// What was done about it.
    pub resolution: &'static str,
}

/// When, and under which epochs, something befell shards of late.
#[derive(Debug, Default)]
pub(super) struct Accidents(BTreeMap<ShardKey, Vec<(Moment, Epoch)>>);

impl Accidents {
    /// Notes one. If there are so many that it is none, says under which epochs they were, and
    /// starts over.
    fn note(
        &mut self,
        (shard, epoch): (&ShardKey, Epoch),
        min: usize,
        now: Moment,
    ) -> Option<BTreeSet<Epoch>> {
        let accidents = self.0.entry(shard.clone()).or_default();
        accidents.retain(|(at, _)| now.since(*at) < TUG_WITHIN);
        accidents.push((now, epoch));
        if accidents.len() < min {
            return None;
        }
        let accidents = self.0.remove(shard).unwrap_or_default();
        Some(accidents.into_iter().map(|(_, epoch)| epoch).collect())
    }
}

/// Conflicts of one kind that come for many shards at once, because one thing has befallen all of
/// them: they are told of together.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    due: Option<Moment>,
    shards: BTreeMap<ShardKey, BTreeSet<Epoch>>,
}

impl Gathered {
    fn add(&mut self, shard: ShardKey, epochs: impl IntoIterator<Item = Epoch>, now: Moment) {
        self.due.get_or_insert(now + GATHERED);
        self.shards.entry(shard).or_default().extend(epochs);
    }

    /// When it will be told of.
    pub(super) const fn due(&self) -> Option<Moment> {
        self.due
    }

    /// The shard and its epochs, if it was one; of many, none is named.
    fn take_due(&mut self, now: Moment) -> Option<(Option<ShardKey>, BTreeSet<Epoch>)> {
        self.due.take_if(|due| *due <= now)?;
        let mut shards = std::mem::take(&mut self.shards);
        let (shard, epochs) = shards.pop_first()?;
        if shards.is_empty() { Some((Some(shard), epochs)) } else { Some((None, BTreeSet::new())) }
    }
}

impl Supervisor {
    /// An append was refused: somebody else was granted the shard later.
    pub(super) fn on_fenced(&mut self, shard: ShardKey, epoch: Epoch, now: Moment) {
        self.note_dispute(Dispute {
            kind: ConflictKind::Fenced,
            instances: BTreeSet::from([self.me]),
            shard: Some(shard.clone()),
            epochs: BTreeSet::from([epoch]),
            resolution: "stopped writing and closed the socket; the later owner resumes",
        });
        if let Some(epochs) = self.losses.note((&shard, epoch), TUG_LOSSES_MIN, now) {
            self.note_dispute(Dispute {
                kind: ConflictKind::TugOfWar,
                instances: BTreeSet::from([self.me]),
                shard: Some(shard.clone()),
                epochs,
                resolution: "left the shard to its later owner once more; see which of the two \
                             is cut off from the store again and again",
            });
        }
        self.on_let_go(shard, epoch, Departure::Fenced, now);
    }

    /// The store holds less than it had acknowledged.
    pub(super) fn on_rolled_back(&mut self, shard: ShardKey, epoch: Epoch, now: Moment) {
        self.rolled_back.add(shard, [epoch], now);
    }

    /// Discord closed the session as if somebody else had resumed it, and nobody of this fleet may
    /// have. Once or twice it may have had its own reasons.
    pub(super) fn on_contested(&mut self, shard: ShardKey, epoch: Epoch, now: Moment) {
        if let Some(epochs) = self.contested.note((&shard, epoch), CONTESTED_MIN, now) {
            self.foreign.add(shard, epochs, now);
        }
    }

    /// Tells of what has been gathered for long enough.
    pub(super) fn tell_of_gathered(&mut self, now: Moment) {
        let resolution = "gave the store back what is known here; where that was not all, a \
                          marker in the stream says so";
        if let Some(found) = self.rolled_back.take_due(now) {
            self.note_gathered(ConflictKind::RolledBack, found, resolution);
        }
        let resolution = "went on with the sessions; see who else uses the token, or has \
                          copied this fleet's store";
        if let Some(found) = self.foreign.take_due(now) {
            self.note_gathered(ConflictKind::ForeignSession, found, resolution);
        }
    }

    fn note_gathered(
        &mut self,
        kind: ConflictKind,
        (shard, epochs): (Option<ShardKey>, BTreeSet<Epoch>),
        resolution: &'static str,
    ) {
        let instances = BTreeSet::from([self.me]);
        self.note_dispute(Dispute { kind, instances, shard, epochs, resolution });
    }

    /// Another process beats under the own id.
    pub(super) fn on_impostor(&mut self) {
        self.note_dispute(Dispute {
            kind: ConflictKind::Impostor,
            instances: BTreeSet::from([self.me]),
            shard: None,
            epochs: BTreeSet::new(),
            resolution: "ended this process, the later of the two",
        });
        self.push(Output::End(Ending::Impostor));
    }

    fn note_dispute(&mut self, dispute: Dispute) {
        self.push(Output::Remark(Remark::Conflict(dispute)));
    }
}
