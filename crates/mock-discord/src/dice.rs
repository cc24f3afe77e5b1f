//! Randomness without a source of it: what follows from a seed.
//!
//! It decides payloads and whom a fault hits. Nothing here is fit for secrets.

/// One step of splitmix64: every bit of the input moves every bit of the result.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A sequence of draws that a seed fixes.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The sequence that belongs to all of these numbers together.
    pub(crate) fn of(parts: &[u64]) -> Self {
        Self(parts.iter().fold(0, |state, part| mix(state ^ *part)))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = mix(self.0);
        self.0
    }

    /// Anything from `least` to `most`, both included.
    pub(crate) const fn between(&mut self, least: u64, most: u64) -> u64 {
        let span = most.saturating_sub(least);
        if span == u64::MAX { self.next() } else { least + self.next() % (span + 1) }
    }

    pub(crate) const fn hits(&mut self, percent: u8) -> bool {
        self.between(1, 100) <= percent as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut dice = Dice::new(1);
        let drawn: Vec<_> = (0..100).map(|_| dice.between(3, 5)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&5));
    }

    #[test]
    fn a_percentage_is_one_of_all_draws() {
        let hits = |percent| {
            let mut dice = Dice::new(7);
            (0..10_000).filter(|_| dice.hits(percent)).count()
        };
        assert_eq!((hits(0), hits(100)), (0, 10_000));
        assert!((2_300..2_700).contains(&hits(25)), "{}", hits(25));
    }

    #[test]
    fn every_part_of_a_seed_counts() {
        let first = |parts: &[u64]| Dice::of(parts).next();
        assert_eq!(first(&[1, 2]), first(&[1, 2]));
        assert_ne!(first(&[1, 2]), first(&[2, 1]));
        assert_ne!(first(&[1, 2]), first(&[1, 3]));
    }
}
