//! What is said to Discord: S5 and S6.

use std::time::Duration;

use baton_model::{Moment, PrimaryId, ShardKey, ShardNumber, limits::IDENTIFY_PERMIT_VALID};

use super::Laws;
use crate::{
    local_clock::LocalClock,
    process::Said,
    store::Store,
    world::{Pid, Sent},
};

/// How long a permit and its IDENTIFY may be on their way to Discord.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// A permit that the store has given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permit {
    pid: Pid,
    bucket: u32,
    at: Moment,
}

impl Laws {
    pub(super) fn on_permit(&mut self, sent: &Sent, bucket: u16, store: &Store, now: Moment) {
        let permit = Permit { pid: sent.pid, bucket: u32::from(bucket), at: now };
        self.permits.push(permit);
        self.given.push(now);
        if self.shown.get(&sent.pid).is_some_and(|shown| *shown != store.primary_id()) {
            self.given_unawares.push(permit);
        }
    }

    /// A process is shown who the store is.
    pub(crate) fn on_shown(&mut self, pid: Pid, primary: &PrimaryId) {
        self.shown.insert(pid, primary.clone());
    }

    /// A store has fallen back: permits that it gave since then, it does not know of.
    pub(super) fn forget_permits(&mut self, lost: Duration, now: Moment) {
        let given = self.given.iter().filter(|at| **at + lost > now).count();
        self.permits_forgotten += u32::try_from(given).unwrap_or(u32::MAX);
    }

    /// Whether Discord may have been asked too early at this time: whoever asks a new primary and
    /// has not been shown yet that it is another, is given what the old one may have given.
    pub(crate) fn may_be_too_early(&self, shard: ShardNumber, at: Moment) -> bool {
        let bucket = shard.0 % u32::from(self.app.buckets().get());
        let its = self.given_unawares.iter().filter(|permit| permit.bucket == bucket);
        its.map(|permit| permit.at).any(|given| (given..given + ON_ITS_WAY).contains(&at))
    }

    /// Judges what a client says on its connection.
    pub(crate) fn on_said(
        &mut self,
        (pid, clock): (Pid, Option<LocalClock>),
        shard: &ShardKey,
        said: &Said,
        now: Moment,
    ) {
        match said {
            Said::Resume(resume) => {
                let furthest = self.furthest.get(resume.id.as_str()).copied();
                if furthest.is_none_or(|furthest| resume.seq > furthest) {
                    let what = format!("{pid} resumes {shard} from {resume:?}, held {furthest:?}");
                    self.break_law(now, "S5", what);
                }
            }
            Said::Identify => self.judge_identify((pid, clock), shard, now),
            Said::Dial(_) | Said::Heartbeat(_) | Said::Close(_) | Said::Drop => {}
        }
    }

    fn judge_identify(
        &mut self,
        (pid, clock): (Pid, Option<LocalClock>),
        shard: &ShardKey,
        now: Moment,
    ) {
        let bucket = shard.number.0 % u32::from(self.app.buckets().get());
        // Its own clock may be slow.
        let per_mille = clock.map_or(1_000, LocalClock::per_mille);
        let nanos = IDENTIFY_PERMIT_VALID.as_nanos() * 1_000 / u128::from(per_mille);
        let valid = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let is_it = |permit: &Permit| {
            permit.pid == pid && permit.bucket == bucket && now.since(permit.at) <= valid
        };
        match self.permits.iter().position(is_it) {
            Some(used) => {
                self.permits.remove(used);
            }
            None => self.break_law(now, "S6", format!("{pid} identifies {shard} without leave")),
        }
    }
}
