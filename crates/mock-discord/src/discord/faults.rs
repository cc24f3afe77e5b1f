//! The faults that last: what was asked for and has not been cleared.

use baton_model::{Moment, Seq, ShardNumber};

#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) silence: Option<Silence>,
    pub(super) silent_next: u32,
    pub(super) swallows_heartbeats: bool,
    pub(super) is_resume_host_dead: bool,
    pub(super) replay_most: Option<usize>,
    pub(super) invalid_percent: u8,
    pub(super) rest_retry_after_s: Option<u64>,
    pub(super) outage_until: Option<Moment>,
    pub(super) close_after: Vec<CloseAfter>,
}

/// From when on a new connection is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    AfterUpgrade,
    AfterHello,
}

/// A close that waits for its dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CloseAfter {
    pub(super) seq: Seq,
    pub(super) code: u16,
    pub(super) shard: Option<ShardNumber>,
}

impl Faults {
    pub(super) fn is_out(&self, now: Moment) -> bool {
        self.outage_until.is_some_and(|until| now < until)
    }

    /// Whether this new connection is one that never gets a HELLO.
    pub(super) fn take_silence(&mut self) -> bool {
        let is_next = self.silent_next > 0;
        self.silent_next -= u32::from(is_next);
        is_next || self.silence == Some(Silence::AfterUpgrade)
    }

    /// The code of the close that waited for this dispatch. It happens once.
    pub(super) fn take_close_after(&mut self, shard: ShardNumber, seq: Seq) -> Option<u16> {
        let waits =
            |close: &CloseAfter| close.seq <= seq && close.shard.is_none_or(|of| of == shard);
        let at = self.close_after.iter().position(waits)?;
        Some(self.close_after.remove(at).code)
    }
}
