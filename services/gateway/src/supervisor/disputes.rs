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

/// When, and under which epochs, shards were lost to others of late.
#[derive(Debug, Default)]
pub(super) struct Losses(BTreeMap<ShardKey, Vec<(Moment, Epoch)>>);

impl Losses {
    /// Notes a loss. If it is one too many, says under which epochs they were, and starts over.
    fn note(&mut self, shard: &ShardKey, epoch: Epoch, now: Moment) -> Option<BTreeSet<Epoch>> {
        let losses = self.0.entry(shard.clone()).or_default();
        losses.retain(|(at, _)| now.since(*at) < TUG_WITHIN);
        losses.push((now, epoch));
        if losses.len() < TUG_LOSSES_MIN {
            return None;
        }
        let losses = self.0.remove(shard).unwrap_or_default();
        Some(losses.into_iter().map(|(_, epoch)| epoch).collect())
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
        if let Some(epochs) = self.losses.note(&shard, epoch, now) {
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
