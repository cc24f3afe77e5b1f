//! What must hold after everything that happens.

use baton_model::{Seq, limits::DISPATCH_OVERHEAD_BYTES};
use baton_shard::{Actor, Request};

use super::{World, store::Item};

/// How far a ring may go above its budget: by the dispatch for which the socket is closed, and by
/// the marker of a gap.
const RING_EXCESS_BYTES_MAX: usize = 50 + 2 * DISPATCH_OVERHEAD_BYTES;

impl World {
    /// One append at a time, bounded memory, and never a state that may last for ever.
    pub(super) fn check_shard(&self) {
        let is_append = |request: &&Request| matches!(request, Request::Append(_));
        let appends = self.requests.iter().filter(is_append).count();
        assert!(appends <= 1, "{appends} appends on their way");

        let bytes = self.shard.ring_bytes();
        let most = self.budget.saturating_add(RING_EXCESS_BYTES_MAX);
        assert!(bytes <= most, "{bytes} bytes in a ring of {}", self.budget);

        let status = self.shard.status();
        match status.waits_for {
            Actor::Discord | Actor::Clock | Actor::Gate | Actor::Target(_) => {
                assert!(status.deadline.is_some(), "{status:?} may last for ever");
            }
            Actor::Store => {
                let is_asked = !self.requests.is_empty();
                let will_ask = self.shard.poll_timeout().is_some();
                assert!(is_asked || will_ask, "{status:?}, but nothing was asked");
            }
            Actor::Supervisor | Actor::Operator => {}
        }
    }

    /// The stream of the row's session is what Discord sent, up to the row's seq: nothing lost,
    /// doubled or reordered, except where a marker says so.
    pub(super) fn check_stream(&self) {
        let Some(row) = &self.store.row.session else {
            return;
        };
        let items = self.store.stream.iter().filter(|(number, _)| *number == row.number);
        let (mut written, mut gaps) = (Vec::new(), Vec::new());
        for (_, item) in items {
            match item {
                Item::Dispatch(seq) => written.push(*seq),
                Item::Gap { after, before } => gaps.push((*after, *before)),
            }
        }
        let wanted = self.discord.wanted(&row.id);
        let is_in_order = written.windows(2).all(|pair| pair[0] < pair[1]);
        let are_real = written.iter().all(|seq| wanted.contains(seq));
        assert!(is_in_order && are_real, "{written:?} of {wanted:?}");

        // A marker may say too much: what it calls missing may have come late after all.
        let is_told = |seq: &Seq| {
            let spans = |(after, before): &(Seq, Seq)| after < seq && seq < before;
            gaps.iter().any(spans)
        };
        let is_due = |seq: &Seq| *seq > self.store.base && *seq <= row.last_seq && !is_told(seq);
        let due: Vec<_> = wanted.into_iter().filter(is_due).collect();
        written.retain(|seq| !is_told(seq));
        let session = row.number;
        assert_eq!(written, due, "session {session} up to {}", row.last_seq);
    }
}
