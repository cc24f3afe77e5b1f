//! A process's own clock: it may run faster or slower than true time, and starts anywhere.

use std::time::Duration;

use baton_model::Moment;

/// How a process's monotonic clock follows from true time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalClock {
    offset: Duration,
    /// How far it gets while true time gets a thousand.
    per_mille: u64,
}

impl LocalClock {
    pub(crate) const fn new(offset: Duration, per_mille: u64) -> Self {
        Self { offset, per_mille }
    }

    /// What it shows at this true moment.
    pub(crate) fn local(self, truth: Moment) -> Moment {
        let nanos = u128::from(truth.as_nanos()) * u128::from(self.per_mille) / 1_000;
        Moment::from_nanos(whole(nanos)) + self.offset
    }

    /// The first true moment at which it shows this.
    pub(crate) fn truth(self, local: Moment) -> Moment {
        let nanos = u128::from((local - self.offset).as_nanos()) * 1_000;
        Moment::from_nanos(whole(nanos.div_ceil(u128::from(self.per_mille))))
    }

    pub(crate) const fn per_mille(self) -> u64 {
        self.per_mille
    }
}

fn whole(nanos: u128) -> u64 {
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_wakes_when_the_clock_shows_it_does_not_wake_too_early() {
        for per_mille in [900, 1_000, 1_001, 1_100] {
            let clock = LocalClock::new(Duration::from_secs(7), per_mille);
            for nanos in [0, 1, 17, 1_000_003, 86_400_000_000_007] {
                let due = Moment::from_nanos(nanos) + Duration::from_secs(7);
                assert!(clock.local(clock.truth(due)) >= due, "{per_mille} {nanos}");
            }
        }
    }
}
