//! How much each shard's ring may hold, so that all together hold no more than there is room for.
//!
//! As long as there is room, nobody is held to anything. When there is none left, the largest give
//! first: rings are cut down to one level, like vessels that spill what stands above it. A ring
//! lets go of what the stream holds already; one that has nothing of the kind closes its socket, to
//! be resumed when it has drained.

use std::time::Duration;

use baton_model::limits::RING_NEARLY_FULL_PERCENT;

/// How often rings are looked at.
pub(super) const PERIOD: Duration = Duration::from_millis(100);

/// The level to which rings are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RingLevel {
    /// What all rings together may hold before any is cut down.
    full: usize,
    level: usize,
}

impl RingLevel {
    /// For rings that may hold so much together.
    pub(super) const fn new(bytes_max: usize) -> Self {
        let full = bytes_max / 100 * RING_NEARLY_FULL_PERCENT;
        Self { full, level: full }
    }

    /// Looks at all rings; the level, if it is another one now.
    pub(super) fn look(&mut self, sizes: Vec<usize>) -> Option<usize> {
        let total: usize = sizes.iter().sum();
        let level = match total {
            total if total > self.full => level_of(sizes, self.full).min(self.level),
            // Below half of it, nobody is held to anything any more.
            total if total < self.full / 2 => self.full,
            _ => self.level,
        };
        (std::mem::replace(&mut self.level, level) != level).then_some(level)
    }
}

/// The level at which `full` is reached, if everything above it is cut off.
fn level_of(mut sizes: Vec<usize>, full: usize) -> usize {
    sizes.sort_unstable();
    let mut left = full;
    let mut rest = sizes.len();
    for size in sizes {
        let share = left / rest;
        if size >= share {
            return share;
        }
        left -= size;
        rest -= 1;
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1_000_000;

    fn of_64_mb() -> RingLevel {
        RingLevel::new(64 * MB)
    }

    #[test]
    fn the_largest_give_first_and_only_as_much_as_is_needed() {
        assert_eq!(level_of(vec![1, 2, 3], 10), 10, "there is room");
        assert_eq!(level_of(vec![1, 20, 30], 31), 15);
        assert_eq!(level_of(vec![5, 5, 5, 5], 12), 3);
        assert_eq!(level_of(vec![0, 0, 100], 12), 12);
    }

    #[test]
    fn nobody_is_held_to_anything_until_there_is_no_room() {
        let mut rings = of_64_mb();
        assert_eq!(rings.look(vec![MB, 40 * MB]), None);
        let level = rings.look(vec![MB, 70 * MB]).unwrap();
        assert!(level < 70 * MB && level + MB <= of_64_mb().full);
        assert_eq!(rings.look(vec![MB, level]), None, "held, until it is calm again");
        assert_eq!(rings.look(vec![MB, MB]), Some(of_64_mb().full));
        assert_eq!(rings.look(Vec::new()), None);
    }

    #[test]
    fn a_level_does_not_rise_while_there_is_no_room() {
        let mut rings = of_64_mb();
        let low = rings.look(vec![MB; 100]).unwrap();
        assert_eq!(rings.look(vec![40 * MB, 40 * MB]), None);
        assert_eq!(rings.level, low);
    }
}
