//! What the shards' tasks say, and what that means for the fleet.

use baton_fleet::{Departure, Hint};
use baton_model::{Epoch, Moment, ShardKey};
use baton_shard::{Notice, Refusal, SocketId};

use super::{Hosted, Output, Past, Remark, Report, Supervisor};

impl Supervisor {
    pub(super) fn on_report(&mut self, shard: ShardKey, report: Report, now: Moment) {
        match report {
            Report::Notice(notice) => self.on_notice(shard, notice, now),
            Report::PermitWanted(socket) => self.on_permit_wanted(shard, socket, now),
            Report::PermitWithdrawn => {
                if let Some(hosted) = self.hosted.get_mut(&shard) {
                    hosted.waiting = None;
                }
                self.tell_fleet(baton_fleet::Input::IdentifyCancelled(shard), now);
            }
            Report::Offered { to } => self.push(Output::Tell(Hint::Offered { shard, to })),
            Report::Connected(connection) => self.note_live(shard, connection),
            Report::AtRest { errands } => self.dismiss(&shard, errands),
        }
    }

    fn on_notice(&mut self, shard: ShardKey, notice: Notice, now: Moment) {
        self.push(Output::Remark(Remark::Shard(shard.clone(), notice)));
        match notice {
            Notice::Ours { epoch } => self.on_ours(shard, epoch, now),
            Notice::NotOurs => self.on_not_ours(shard, now),
            Notice::Fenced { epoch } => self.on_fenced(shard, epoch, now),
            Notice::Released { epoch } => self.on_let_go(shard, epoch, Departure::Released, now),
            Notice::Moved { epoch } => self.on_moved(shard, epoch, now),
            Notice::StillHere { .. } => self.on_still_here(shard, now),
            Notice::Warm => self.await_offer(&shard, now),
            Notice::Cold => self.on_cold(&shard, now),
            Notice::Live => {
                if let Some(hosted) = self.hosted.get_mut(&shard) {
                    hosted.was_live = true;
                }
            }
            Notice::Refused(refusal) => self.on_refused(shard, refusal, now),
            Notice::Fatal { code } => {
                self.push(Output::Remark(Remark::Rejected { app: shard.app, code }));
            }
            Notice::RolledBack { epoch } => self.on_rolled_back(shard, epoch, now),
            Notice::Contested { epoch } => self.on_contested(shard, epoch, now),
            Notice::SessionLost | Notice::CannotConnect => {}
        }
    }

    /// The machine says only that the lease is ours; whether by a claim, we know.
    fn on_ours(&mut self, shard: ShardKey, epoch: Epoch, now: Moment) {
        self.arrivals.remove(&shard);
        self.note_taken(&shard, epoch);
        let hosted = self.hosted.entry(shard.clone()).or_default();
        hosted.held = Some(epoch);
        hosted.is_restarted = false;
        let input = match std::mem::take(&mut hosted.is_claiming) {
            true => baton_fleet::Input::Claimed { shard, epoch },
            false => baton_fleet::Input::Took { shard, epoch },
        };
        self.tell_fleet(input, now);
    }

    fn on_not_ours(&mut self, shard: ShardKey, now: Moment) {
        if self.ends_claim(&shard) {
            self.tell_fleet(baton_fleet::Input::ClaimLost(shard), now);
        } else {
            self.has_lost_by_restart(&shard, now);
        }
    }

    /// Says whether the fleet waits to hear of a claim, which is over now.
    fn ends_claim(&mut self, shard: &ShardKey) -> bool {
        let hosted = self.hosted.get_mut(shard);
        hosted.is_some_and(|hosted| std::mem::take(&mut hosted.is_claiming))
    }

    pub(super) fn on_let_go(
        &mut self,
        shard: ShardKey,
        epoch: Epoch,
        departure: Departure,
        now: Moment,
    ) {
        if let Some(hosted) = self.hosted.get_mut(&shard) {
            hosted.held = None;
            hosted.heir = None;
            hosted.waiting = None;
        }
        self.past.insert(shard.clone(), Past { epoch, at: now });
        self.note_let_go(shard.clone(), epoch, departure);
        self.tell_fleet(baton_fleet::Input::LetGo { shard, departure }, now);
    }

    fn on_moved(&mut self, shard: ShardKey, epoch: Epoch, now: Moment) {
        let heir = self.hosted.get(&shard).and_then(|hosted| hosted.heir);
        let departure = heir.map_or(Departure::Fenced, Departure::HandedOver);
        self.on_let_go(shard, epoch, departure, now);
    }

    fn on_still_here(&mut self, shard: ShardKey, now: Moment) {
        if let Some(hosted) = self.hosted.get_mut(&shard) {
            hosted.heir = None;
        }
        self.tell_fleet(baton_fleet::Input::HandOverFailed(shard), now);
    }

    /// What was asked of the shard and cannot be done: a claim, or a hand-over.
    fn on_refused(&mut self, shard: ShardKey, refusal: Refusal, now: Moment) {
        if self.ends_claim(&shard) {
            let input = match refusal {
                Refusal::Unconfirmed => baton_fleet::Input::ClaimUnknown(shard),
                Refusal::AlreadyOurs | Refusal::NotOurs | Refusal::Busy => {
                    baton_fleet::Input::ClaimLost(shard)
                }
            };
            self.tell_fleet(input, now);
        } else if self.has_lost_by_restart(&shard, now) {
            // The refusal was of the claim.
        } else if self.hosted.get(&shard).is_some_and(|hosted| hosted.heir.is_some()) {
            self.on_still_here(shard, now);
        }
    }

    fn on_permit_wanted(&mut self, shard: ShardKey, socket: SocketId, now: Moment) {
        let history = self.history(&shard);
        if let Some(hosted) = self.hosted.get_mut(&shard) {
            hosted.waiting = Some(socket);
            self.tell_fleet(baton_fleet::Input::IdentifyWanted { shard, history }, now);
        }
    }

    /// A task that nobody needs may end, unless an errand is on its way to it: then it will come to
    /// rest once more.
    fn dismiss(&mut self, shard: &ShardKey, errands: u64) {
        let is_done = |hosted: &Hosted| hosted.errands == errands && hosted.is_spare();
        let is_spare = self.hosted.get(shard).is_some_and(is_done);
        if is_spare && !self.arrivals.contains_key(shard) {
            self.hosted.remove(shard);
            self.push(Output::Dismiss(shard.clone()));
        }
    }
}
