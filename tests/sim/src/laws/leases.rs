//! Who may write: S1, S7, S10 and S11.

use std::time::Duration;

use baton_model::{Holding, Moment, ShardNumber};
use baton_shard::{Answer, Request};
use baton_store::Append;

use super::{Deed, Laws, granted_epoch};

/// How long somebody may go on who was cut off while a shard was taken from it.
const UNAWARE: Duration = Duration::from_secs(120);

impl Laws {
    /// Remembers what a shard was granted, offered or released.
    pub(super) fn on_lease(
        &mut self,
        deed: &Deed<'_>,
        request: &Request,
        answer: &Answer,
        now: Moment,
    ) {
        let Some((address, before)) = deed.before.first().cloned() else {
            return;
        };
        if let Answer::Accepted { under, offer, .. } = answer
            && !deed.changes.is_empty()
            && !self.accepted.insert((address.clone(), *under, *offer))
        {
            let what = format!("offer {offer:?} of {} is accepted twice", address.shard);
            self.break_law(now, "S10", what);
        }
        if let Some(epoch) = granted_epoch(answer) {
            let is_new = !matches!(request, Request::Reassert { .. }) && !deed.changes.is_empty();
            let largest = self.largest.get(&address).copied().unwrap_or_default();
            if is_new && epoch <= largest {
                let what = format!("{} is granted {epoch:?} after {largest:?}", address.shard);
                self.break_law(now, "S7", what);
            }
            self.largest.insert(address.clone(), largest.max(epoch));
            if is_new {
                self.last_grant = now;
                self.grants += 1;
                self.granted_at.entry(address.shard.number).or_default().push(now);
            }
            self.granted.insert(address.clone(), (epoch, deed.sent.by));
        }
        match answer {
            Answer::Offered { .. } => {
                let was_offered =
                    matches!(before.map(|row| row.holding), Some(Holding::Offered { .. }));
                if !was_offered {
                    self.offered_at.insert(address, now);
                }
            }
            Answer::Released { .. } => {
                self.granted.remove(&address);
            }
            Answer::Claimed { .. }
            | Answer::ClaimLost { .. }
            | Answer::Accepted { .. }
            | Answer::OfferGone { .. }
            | Answer::Started { .. }
            | Answer::Appended { .. }
            | Answer::Gap { .. }
            | Answer::OtherSession { .. }
            | Answer::OtherPrevious { .. }
            | Answer::Retracted { .. }
            | Answer::Reasserted { .. }
            | Answer::Failed { .. } => {}
        }
    }

    /// Whether two may be at a session at this time: the shard has just changed hands, and who
    /// had it may not know yet.
    pub(crate) fn may_be_contested(&self, shard: ShardNumber, at: Moment) -> bool {
        let granted_at = self.granted_at.get(&shard).map_or(&[][..], Vec::as_slice);
        granted_at.iter().any(|granted| *granted <= at && at.since(*granted) <= UNAWARE)
    }

    /// An append was accepted: was it the holder's?
    pub(super) fn judge_append(&mut self, deed: &Deed<'_>, append: &Append, now: Moment) {
        let hold = &append.hold;
        let shard = &hold.address.shard;
        let granted = self.granted.get(&hold.address).copied();
        if granted != Some((hold.epoch, hold.owner)) {
            let what =
                format!("{} appends to {shard} under {hold:?}, but {granted:?}", deed.sent.pid);
            self.break_law(now, "S1", what);
        }
        let row = deed.before.iter().find(|(address, _)| *address == hold.address);
        let holding = row.and_then(|(_, row)| row.as_ref()).map(|row| row.holding);
        if let Some(Holding::Offered { .. }) = holding {
            let what = format!("{} appends to {shard}, which is {holding:?}", deed.sent.pid);
            self.break_law(now, "S11", what);
        }
    }
}
