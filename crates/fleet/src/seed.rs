//! Randomness that is an input: a seed, and what follows from it.
//!
//! Jitter keeps a fleet that was started at once from acting at once for ever. It protects
//! nothing, so a fast mixer (splitmix64) is enough.

use std::time::Duration;

/// One step of splitmix64: every bit of the input moves every bit of the result.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A sequence of jittered pauses.
#[derive(Debug, Clone)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// `period`, give or take `percent` of it.
    pub(crate) fn around(&mut self, period: Duration, percent: u32) -> Duration {
        let spread = period * percent / 100;
        period - spread + self.up_to(spread * 2)
    }

    /// Anything from nothing to `width`.
    pub(crate) fn up_to(&mut self, width: Duration) -> Duration {
        self.state = mix(self.state);
        let nanos = u64::try_from(width.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.state % (nanos + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_its_percentage_and_uses_it() {
        let mut jitter = Jitter::new(7);
        let pauses: Vec<_> =
            (0..1_000).map(|_| jitter.around(Duration::from_secs(1), 10).as_millis()).collect();
        assert!(pauses.iter().all(|ms| (900..=1_100).contains(ms)));
        assert!(pauses.iter().any(|ms| *ms < 920) && pauses.iter().any(|ms| *ms > 1_080));
    }

    #[test]
    fn the_same_seed_gives_the_same_pauses() {
        let draw = |seed| Jitter::new(seed).around(Duration::from_secs(1), 10);
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
