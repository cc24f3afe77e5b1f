//! Who writes the ledger, and forgets the oldest where it has become too long.
//!
//! The oldest dispatch goes first, whosesoever it was. A session goes when it is over and nothing
//! of it is left, so there are never more than live ones and remembered dispatches together.

use std::collections::{BTreeSet, VecDeque};

use baton_model::{Moment, Seq};

use super::{FrameHash, Ledger, Sent, SessionLedger};
use crate::{SessionOrdinal, Slice};

#[derive(Debug)]
pub(crate) struct Scribe {
    ledger: Ledger,
    /// Dispatches that are remembered at most.
    most: usize,
    /// The session of every remembered dispatch, in the order in which they were sent.
    order: VecDeque<SessionOrdinal>,
    /// Sessions that are over, and of which something is remembered.
    over: BTreeSet<SessionOrdinal>,
}

impl Scribe {
    pub(crate) fn new(most: usize) -> Self {
        let (order, over) = (VecDeque::new(), BTreeSet::new());
        Self { ledger: Ledger::default(), most, order, over }
    }

    pub(crate) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many dispatches are remembered.
    pub(crate) fn length(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn open(&mut self, session: SessionOrdinal, slice: Slice, id: &str) {
        let before = self.ledger.sessions.insert(session, SessionLedger::new(slice, id));
        assert!(before.is_none(), "session {session} was opened twice");
    }

    pub(crate) fn record(&mut self, session: SessionOrdinal, seq: Seq, frame: &[u8], now: Moment) {
        let Some(of_session) = self.ledger.sessions.get_mut(&session) else {
            unreachable!("session {session} sends and was never opened");
        };
        let last = of_session.sent.back().map_or(Seq(0), |sent| sent.seq);
        assert!(last < seq, "session {session} sends {seq} after {last}");
        let hash = FrameHash::of(frame);
        of_session.sent.push_back(Sent { seq, hash, at: now.as_nanos() / 1_000 });
        self.order.push_back(session);
        while self.order.len() > self.most {
            self.forget_the_oldest();
        }
    }

    /// The session is over: nothing will be recorded of it any more.
    pub(crate) fn close(&mut self, session: SessionOrdinal) {
        self.over.insert(session);
        self.forget_if_empty(session);
    }

    fn forget_the_oldest(&mut self) {
        let Some(session) = self.order.pop_front() else { return };
        let of_session = self.ledger.sessions.get_mut(&session);
        let Some(of_session) = of_session else {
            unreachable!("session {session} is forgotten before its dispatches");
        };
        if let Some(sent) = of_session.sent.pop_front() {
            of_session.complete_from = Seq(sent.seq.0.saturating_add(1));
        }
        self.forget_if_empty(session);
    }

    fn forget_if_empty(&mut self, session: SessionOrdinal) {
        let is_empty = self.ledger.sessions.get(&session).is_none_or(|left| left.sent.is_empty());
        if is_empty && self.over.remove(&session) {
            self.ledger.sessions.remove(&session);
            let next = SessionOrdinal(session.0 + 1);
            self.ledger.complete_from = self.ledger.complete_from.max(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: SessionOrdinal = SessionOrdinal(1);
    const SECOND: SessionOrdinal = SessionOrdinal(2);

    fn scribe(most: usize) -> Scribe {
        let mut scribe = Scribe::new(most);
        scribe.open(FIRST, Slice::WHOLE, "abc");
        scribe.open(SECOND, Slice::WHOLE, "def");
        scribe
    }

    fn record(scribe: &mut Scribe, session: SessionOrdinal, seq: u64) {
        scribe.record(session, Seq(seq), b"", Moment::from_millis(seq));
    }

    fn remembered(scribe: &Scribe, session: SessionOrdinal) -> (Seq, Vec<u64>) {
        let of_session = &scribe.ledger().sessions[&session];
        let seqs = of_session.sent.iter().map(|sent| sent.seq.0).collect();
        (of_session.complete_from, seqs)
    }

    #[test]
    #[should_panic(expected = "session 1 sends 4 after 4")]
    fn numbers_of_a_session_only_grow() {
        let mut scribe = scribe(usize::MAX);
        record(&mut scribe, FIRST, 4);
        record(&mut scribe, FIRST, 4);
    }

    #[test]
    fn the_oldest_dispatch_goes_first_whosesoever_it_was() {
        let mut scribe = scribe(3);
        for (session, seq) in [(FIRST, 1), (SECOND, 1), (FIRST, 5), (FIRST, 7), (SECOND, 2)] {
            record(&mut scribe, session, seq);
        }
        assert_eq!(remembered(&scribe, FIRST), (Seq(2), vec![5, 7]));
        assert_eq!(remembered(&scribe, SECOND), (Seq(2), vec![2]));
        assert_eq!(scribe.length(), 3);
    }

    #[test]
    fn a_session_goes_when_it_is_over_and_nothing_of_it_is_left() {
        let mut scribe = scribe(1);
        record(&mut scribe, FIRST, 1);
        scribe.close(FIRST);
        assert_eq!(scribe.ledger().complete_from, FIRST);
        assert_eq!(remembered(&scribe, FIRST), (Seq(1), vec![1]));
        record(&mut scribe, SECOND, 1);
        assert_eq!(scribe.ledger().sessions.keys().collect::<Vec<_>>(), [&SECOND]);
        assert_eq!(scribe.ledger().complete_from, SECOND);
    }

    #[test]
    fn a_session_that_lives_stays_with_nothing_left_of_it() {
        let mut scribe = scribe(1);
        record(&mut scribe, FIRST, 3);
        record(&mut scribe, SECOND, 1);
        assert_eq!(remembered(&scribe, FIRST), (Seq(4), vec![]));
        record(&mut scribe, FIRST, 4);
        assert_eq!(remembered(&scribe, FIRST), (Seq(4), vec![4]));
        record(&mut scribe, SECOND, 2);
        scribe.close(FIRST);
        assert!(!scribe.ledger().sessions.contains_key(&FIRST), "it was over when it was empty");
    }
}
