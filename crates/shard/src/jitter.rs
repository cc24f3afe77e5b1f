//! Randomness without a source of it: a sequence that a seed fixes.
//!
//! Only waits are drawn from it. Nothing here is fit for secrets.

use std::time::Duration;

/// A splitmix64 sequence: small, and good enough to keep shards from doing things at once.
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A duration from `least` to `most`, in whole milliseconds, both included.
    pub(crate) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span = most.saturating_sub(least).as_millis();
        let step = u128::from(self.next()) % (span + 1);
        least + Duration::from_millis(u64::try_from(step).unwrap_or(0))
    }

    /// Anything from half of `pause` to all of it.
    pub(crate) fn upper_half(&mut self, pause: Duration) -> Duration {
        self.between(pause / 2, pause)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let (least, most) = (Duration::from_millis(3), Duration::from_millis(5));
        let mut jitter = Jitter::new(1);
        let drawn: Vec<_> = (0..100).map(|_| jitter.between(least, most)).collect();
        assert_eq!(drawn.iter().min(), Some(&least));
        assert_eq!(drawn.iter().max(), Some(&most));
    }

    #[test]
    fn two_seeds_wait_differently() {
        let waits = |seed| {
            let mut jitter = Jitter::new(seed);
            [0; 8].map(|_| jitter.upper_half(Duration::from_secs(30)))
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
