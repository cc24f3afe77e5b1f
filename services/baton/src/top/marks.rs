//! By which letter an instance is known in the grid of shards.

use std::collections::BTreeMap;

use baton_model::InstanceId;

/// Where there are more instances than these, the rest share the last one.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#";

/// Which instance has which letter.
///
/// One that comes takes the first letter that is free and keeps it: letters that moved with every
/// newcomer would be no names.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks(BTreeMap<InstanceId, Mark>);

/// An instance's place among the letters and the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(pub(super) usize);

impl Marks {
    /// Takes the letters of those who are gone, and gives newcomers theirs.
    pub(super) fn renew(&mut self, present: &[InstanceId]) {
        self.0.retain(|id, _| present.contains(id));
        for id in present {
            let is_free = |mark: &Mark| self.0.values().all(|taken| taken != mark);
            if !self.0.contains_key(id)
                && let Some(mark) = (0..=self.0.len()).map(Mark).find(is_free)
            {
                self.0.insert(*id, mark);
            }
        }
    }

    /// The mark of an instance that is on the list.
    pub(super) fn of(&self, id: InstanceId) -> Option<Mark> {
        self.0.get(&id).copied()
    }
}

impl Mark {
    /// What stands in the grid.
    pub(super) fn letter(self) -> char {
        LETTERS.chars().nth(self.0).unwrap_or('#')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stays_keeps_its_letter_and_newcomers_take_the_first_that_is_free() {
        let [a, b, c, d] = [1, 2, 3, 0].map(InstanceId::new);
        let mut marks = Marks::default();
        marks.renew(&[a, b, c]);
        marks.renew(&[a, c, d]);
        let letter = |id| marks.of(id).map(Mark::letter);
        assert_eq!([a, b, c, d].map(letter), [Some('A'), None, Some('C'), Some('B')]);
    }

    #[test]
    fn more_instances_than_letters_share_the_last() {
        let many: Vec<_> = (0..60).map(InstanceId::new).collect();
        let mut marks = Marks::default();
        marks.renew(&many);
        assert_eq!(marks.of(many[51]).map(Mark::letter), Some('z'));
        assert_eq!(marks.of(many[59]).map(Mark::letter), Some('#'));
        assert_ne!(marks.of(many[58]), marks.of(many[59]), "their colours differ all the same");
    }
}
