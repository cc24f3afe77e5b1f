//! One session: its numbers, its replay buffer, and who holds it.

use std::collections::VecDeque;

use baton_model::{Moment, Seq, limits::DISCORD_REPLAY_MAX};

use super::{budget::AppIndex, input::ConnectionId};
use crate::{SessionOrdinal, Slice, load::Content};

/// Dispatches kept for a RESUME, for so many guilds: the only numbers ever made public.
pub(super) fn replay_max(guilds: u32) -> usize {
    let by_guilds = usize::try_from(guilds).unwrap_or(usize::MAX).saturating_mul(75);
    by_guilds.clamp(100, DISCORD_REPLAY_MAX)
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) ordinal: SessionOrdinal,
    pub(super) app: AppIndex,
    pub(super) slice: Slice,
    pub(super) id: String,
    pub(super) holder: Holder,
    pub(super) last_seq: Seq,
    /// When it was last taken from a living connection.
    pub(super) last_taken: Option<Moment>,
    replay: VecDeque<(Seq, Kept)>,
    /// The last dispatch that can no longer be replayed.
    forgotten: Seq,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Connection(ConnectionId),
    NobodySince(Moment),
}

/// A dispatch as the replay buffer keeps it: what it takes to write its bytes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    Ready,
    Resumed,
    Content(Content),
}

/// Whether a session can be resumed from a number.
pub(super) enum Replay {
    /// All that came after it is there.
    Whole(Vec<(Seq, Kept)>),
    /// Some of it is not.
    Exhausted,
    /// That number was never sent.
    FromTheFuture,
}

impl Session {
    pub(super) const fn new(
        ordinal: SessionOrdinal,
        app: AppIndex,
        slice: Slice,
        id: String,
        by: ConnectionId,
    ) -> Self {
        Self {
            ordinal,
            app,
            slice,
            id,
            holder: Holder::Connection(by),
            last_seq: Seq(0),
            last_taken: None,
            replay: VecDeque::new(),
            forgotten: Seq(0),
        }
    }

    pub(super) fn keep(&mut self, seq: Seq, kept: Kept, most: usize) {
        assert!(seq > self.last_seq, "{seq} after {} in {}", self.last_seq, self.ordinal);
        self.last_seq = seq;
        self.replay.push_back((seq, kept));
        self.cut_to(most);
    }

    pub(super) fn cut_to(&mut self, most: usize) {
        while self.replay.len() > most {
            if let Some((seq, _)) = self.replay.pop_front() {
                self.forgotten = seq;
            }
        }
    }

    pub(super) fn replay_after(&self, seq: Seq) -> Replay {
        if seq > self.last_seq {
            return Replay::FromTheFuture;
        }
        if seq < self.forgotten {
            return Replay::Exhausted;
        }
        Replay::Whole(self.replay.iter().filter(|(kept, _)| *kept > seq).cloned().collect())
    }

    pub(super) fn is_held_by(&self, connection: ConnectionId) -> bool {
        self.holder == Holder::Connection(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replay_buffer_grows_with_the_guilds_within_bounds() {
        assert_eq!(
            [0, 1, 2, 46, 47, 100_000].map(replay_max),
            [100, 100, 150, 3_450, 3_500, 3_500]
        );
    }
}
