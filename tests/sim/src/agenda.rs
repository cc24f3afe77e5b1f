//! What will happen, in the order in which it will.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use baton_model::Moment;

/// Events by their time. Of two at one time, the one noted first comes first.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    heap: BinaryHeap<Reverse<Due<E>>>,
    noted: u64,
}

#[derive(Debug)]
struct Due<E> {
    at: Moment,
    number: u64,
    event: E,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), noted: 0 }
    }
}

impl<E> Agenda<E> {
    pub(crate) fn note(&mut self, at: Moment, event: E) {
        self.noted += 1;
        self.heap.push(Reverse(Due { at, number: self.noted, event }));
    }

    pub(crate) fn next(&mut self) -> Option<(Moment, E)> {
        self.heap.pop().map(|Reverse(due)| (due.at, due.event))
    }
}

impl<E> Due<E> {
    const fn key(&self) -> (Moment, u64) {
        (self.at, self.number)
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Due<E> {}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_their_time_and_then_as_they_were_noted() {
        let mut agenda = Agenda::default();
        for (millis, name) in [(2, "c"), (1, "a"), (1, "b")] {
            agenda.note(Moment::from_millis(millis), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.next()).map(|(_, name)| name).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }
}
