//! What is said to Discord: S5 and S6.

use std::time::Duration;

use baton_model::{Moment, ShardKey, limits::IDENTIFY_PERMIT_VALID};

use super::Laws;
use crate::{
    local_clock::LocalClock,
    process::Said,
    world::{Pid, Sent},
};

/// A permit that the store has given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permit {
    pid: Pid,
    bucket: u32,
    at: Moment,
}

impl Laws {
    pub(super) fn on_permit(&mut self, sent: &Sent, bucket: u16, now: Moment) {
        let permit = Permit { pid: sent.pid, bucket: u32::from(bucket), at: now };
        self.permits.push(permit);
        self.given.push(now);
    }

    /// A store has fallen back: permits that it gave since then, it does not know of.
    pub(super) fn forget_permits(&mut self, lost: Duration, now: Moment) {
        let given = self.given.iter().filter(|at| **at + lost > now).count();
        self.permits_forgotten += u32::try_from(given).unwrap_or(u32::MAX);
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
