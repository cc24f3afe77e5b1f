//! How the dispatches of one session get into the stream.
//!
//! The writer keeps two watermarks apart: `received`, the last dispatch that was taken from a
//! socket, and `mark`, the last that the stream is known to hold. One append is on its way at a
//! time; what arrives meanwhile forms the next. An append whose outcome is unknown is simply made
//! again, since the store skips what it has.

use baton_model::{
    Dispatch, Moment, Seq,
    limits::{APPEND_BYTES_MAX, APPEND_ENTRIES_MAX, MARK_PERIOD},
};

use crate::{Entry, WakeReason, call::Retry, jitter::Jitter, ring::Ring};

pub(crate) struct Writer {
    ring: Ring,
    /// The last dispatch that the stream is known to hold.
    mark: Seq,
    /// The highest that `mark` has been. Below it, the stream is getting back what it lost.
    highest_mark: Seq,
    /// The last dispatch taken, whether a filter left it out or not.
    received: Seq,
    /// The highest `last` of any append.
    highest_sent: Seq,
    pipe: Pipe,
    /// When the mark must move although nothing but filtered dispatches arrived.
    mark_at: Option<Moment>,
}

enum Pipe {
    Idle,
    /// An append up to `last` is on its way, or will be made again.
    Busy {
        last: Seq,
        retry: Retry,
    },
}

/// What a dispatch is to the stream.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// It becomes an entry.
    Wanted,
    /// Only its number counts.
    LeftOut,
}

/// One link of the chain, ready to be appended.
pub(crate) struct Batch {
    pub(crate) prev: Seq,
    pub(crate) entries: Vec<Entry>,
    pub(crate) last: Seq,
}

impl Writer {
    /// A writer for a session of which the stream holds everything up to `mark`.
    pub(crate) const fn starting_at(mark: Seq) -> Self {
        Self {
            ring: Ring::above(mark),
            mark,
            highest_mark: mark,
            received: mark,
            highest_sent: mark,
            pipe: Pipe::Idle,
            mark_at: None,
        }
    }

    pub(crate) const fn mark(&self) -> Seq {
        self.mark
    }

    /// From where the stream could be written again, had the store lost it.
    pub(crate) const fn floor(&self) -> Seq {
        self.ring.floor()
    }

    pub(crate) const fn ring_bytes(&self) -> usize {
        self.ring.bytes()
    }

    /// Whether the stream holds everything that was received and is wanted, for all we know.
    pub(crate) fn is_flushed(&self) -> bool {
        self.is_idle() && !self.has_pending()
    }

    /// Whether no append is on its way.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.pipe, Pipe::Idle)
    }

    /// Whether something waits to be appended.
    pub(crate) fn has_pending(&self) -> bool {
        self.ring.has_after(self.mark)
    }

    /// Whether the stream is getting back what the store lost.
    pub(crate) fn is_healing(&self) -> bool {
        self.mark < self.highest_mark
    }

    /// Takes a dispatch, unless it is one that it has: a replay starts from the mark, and what is
    /// at or below `received` comes a second time.
    pub(crate) fn take(&mut self, dispatch: Dispatch, kind: Kind, now: Moment) {
        if dispatch.seq <= self.received {
            return;
        }
        self.received = dispatch.seq;
        match kind {
            Kind::Wanted => self.ring.push(Entry::Dispatch(dispatch)),
            Kind::LeftOut => self.mark_at = self.mark_at.or(Some(now + MARK_PERIOD)),
        }
    }

    /// The append to make, if there is one to make.
    pub(crate) fn next_batch(&mut self, now: Moment) -> Option<Batch> {
        let is_due = match &mut self.pipe {
            Pipe::Busy { last: _, retry } => retry.take_due(now),
            Pipe::Idle => self.has_pending() || self.mark_at.is_some_and(|at| at <= now),
        };
        if !is_due {
            return None;
        }
        let batch = self.batch();
        self.highest_sent = self.highest_sent.max(batch.last);
        match &mut self.pipe {
            Pipe::Busy { last, retry: _ } => *last = batch.last,
            Pipe::Idle => self.pipe = Pipe::Busy { last: batch.last, retry: Retry::default() },
        }
        Some(batch)
    }

    fn batch(&self) -> Batch {
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut pending = self.ring.after(self.mark).peekable();
        while let Some(entry) = pending.peek() {
            bytes += entry.frame_bytes();
            let is_full = entries.len() == APPEND_ENTRIES_MAX || bytes > APPEND_BYTES_MAX;
            if is_full && !entries.is_empty() {
                break;
            }
            entries.extend(pending.next().cloned());
        }
        let last = match (pending.peek(), entries.last()) {
            (Some(_), Some(entry)) => entry.seq(),
            // Behind the last entry there may be dispatches that were left out.
            (None, _) | (Some(_), None) => self.received,
        };
        Batch { prev: self.mark, entries, last }
    }

    /// The stream holds everything up to `last`, by its answer to an append.
    ///
    /// # Panics
    ///
    /// If no append ever went that far: then somebody confuses two shards or two sessions, and
    /// to go on would be to skip what was never written.
    pub(crate) fn on_appended(&mut self, last: Seq, now: Moment) {
        assert!(
            last <= self.highest_sent,
            "append up to {last} acknowledged, but the furthest one sent went to {}",
            self.highest_sent
        );
        if !matches!(self.pipe, Pipe::Busy { last: sent, .. } if sent == last) {
            return;
        }
        self.pipe = Pipe::Idle;
        self.ring.on_appended(self.mark, last, now);
        self.mark = last;
        self.highest_mark = self.highest_mark.max(last);
        if self.mark == self.received {
            self.mark_at = None;
        }
    }

    /// The append on its way was not carried out, or nobody knows.
    pub(crate) fn on_failure(&mut self, now: Moment, jitter: &mut Jitter) {
        if let Pipe::Busy { last: _, retry } = &mut self.pipe {
            retry.on_failure(now, jitter);
        }
    }

    /// Whether the ring holds every wanted dispatch after `seq`.
    pub(crate) fn covers(&self, seq: Seq) -> bool {
        self.ring.covers(seq)
    }

    /// The stream ends at `row`, and everything after it goes in again, from the ring.
    pub(crate) fn rewind_to(&mut self, row: Seq, now: Moment) {
        self.pipe = Pipe::Idle;
        self.mark = row;
        if self.mark < self.received {
            self.mark_at = self.mark_at.or(Some(now + MARK_PERIOD));
        }
    }

    /// The stream ends at `row`, and everything after it will come from Discord again.
    pub(crate) fn restart_from(&mut self, row: Seq) {
        self.pipe = Pipe::Idle;
        self.ring = Ring::above(row);
        self.mark = row;
        self.received = row;
        self.mark_at = None;
    }

    /// The stream ends at `row`, and nobody has all that comes after it: says so in front of what
    /// the ring has. Says whether it has anything; else what follows has nothing to stand behind.
    pub(crate) fn bridge_from(&mut self, row: Seq, now: Moment) -> bool {
        let is_bridged = self.ring.bridge_from(row);
        if is_bridged {
            self.rewind_to(row, now);
        } else {
            self.restart_from(row);
        }
        is_bridged
    }

    /// Lets go of what has been in the stream for long enough.
    pub(crate) fn expire(&mut self, now: Moment) {
        self.ring.expire(self.mark, now);
    }

    /// Lets go of what is in the stream, until the ring is no larger than `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        self.ring.shrink_to(bytes, self.mark);
    }

    /// When there is an append to make that nothing but time brings about.
    pub(crate) fn append_at(&self) -> Option<(Moment, WakeReason)> {
        match &self.pipe {
            Pipe::Busy { last: _, retry } => Some((retry.again_at()?, WakeReason::StoreRetry)),
            Pipe::Idle => Some((self.mark_at?, WakeReason::Mark)),
        }
    }

    /// When the ring may let go of something.
    pub(crate) fn expire_at(&self) -> Option<(Moment, WakeReason)> {
        Some((self.ring.next_expiry(self.mark)?, WakeReason::RingKeep))
    }
}
