//! Dividing a whole number by weights, between bounds.
//!
//! The exact quotas come first, in integers; who gets the left-over units is the caller's choice,
//! because only the caller knows which choice saves a move.

/// One who gets a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) weight: u64,
    pub(super) min: u64,
    pub(super) max: u64,
}

/// A part rounded down, and how much rounding took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) floor: u64,
    /// In units of the divisor of this division; 0 means that the quota is exact, so the part
    /// must not be rounded up.
    pub(super) fraction: u64,
}

/// Divides `total`, which must lie between the sums of all minima and all maxima.
///
/// A quota outside its bounds is frozen at the bound and the rest is divided again. Where some
/// are too low and others too high, only the side that is further off is frozen in a round: the
/// other side may come right by itself.
pub(super) fn quotas(total: u64, parts: &[Part]) -> Vec<Quota> {
    let mut frozen: Vec<Option<u64>> = vec![None; parts.len()];
    // Every round but the last freezes at least one part.
    loop {
        let free = || (0..parts.len()).filter(|i| frozen[*i].is_none());
        let rest = total - frozen.iter().flatten().sum::<u64>();
        let weights: u64 = free().map(|i| parts[i].weight).sum();
        let short = |i: usize| (parts[i].min * weights).saturating_sub(rest * parts[i].weight);
        let over = |i: usize| (rest * parts[i].weight).saturating_sub(parts[i].max * weights);
        let short_sum: u64 = free().map(short).sum();
        let over_sum: u64 = free().map(over).sum();
        if short_sum == 0 && over_sum == 0 {
            return divided(rest, weights, parts, &frozen);
        }
        let bounds: Vec<_> = free()
            .filter_map(|i| {
                if short_sum >= over_sum {
                    (short(i) > 0).then_some((i, parts[i].min))
                } else {
                    (over(i) > 0).then_some((i, parts[i].max))
                }
            })
            .collect();
        for (i, bound) in bounds {
            frozen[i] = Some(bound);
        }
    }
}

fn divided(rest: u64, weights: u64, parts: &[Part], frozen: &[Option<u64>]) -> Vec<Quota> {
    let quota = |(part, frozen): (&Part, &Option<u64>)| match *frozen {
        Some(floor) => Quota { floor, fraction: 0 },
        None => {
            Quota { floor: rest * part.weight / weights, fraction: rest * part.weight % weights }
        }
    };
    parts.iter().zip(frozen).map(quota).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floors(total: u64, parts: &[(u64, u64, u64)]) -> Vec<u64> {
        let parts: Vec<_> =
            parts.iter().map(|&(weight, min, max)| Part { weight, min, max }).collect();
        quotas(total, &parts).iter().map(|q| q.floor).collect()
    }

    #[test]
    fn parts_follow_the_weights() {
        assert_eq!(floors(10, &[(1, 0, 99), (3, 0, 99)]), [2, 7]);
    }

    #[test]
    fn what_does_not_fit_goes_to_the_others() {
        assert_eq!(floors(10, &[(1, 0, 2), (1, 0, 99), (1, 0, 99)]), [2, 4, 4]);
    }

    #[test]
    fn a_minimum_is_taken_from_the_others() {
        assert_eq!(floors(9, &[(1, 7, 99), (1, 0, 99), (1, 0, 99)]), [7, 1, 1]);
    }

    #[test]
    fn of_two_sides_the_one_further_off_is_frozen_first() {
        // By weight 9.6 / 1.2 / 1.2: the maximum is 3.6 off, the minimum 0.8. With the maximum
        // frozen, the second gets 3, and its minimum gives it no less than the third.
        assert_eq!(floors(12, &[(8, 0, 6), (1, 2, 99), (1, 0, 99)]), [6, 3, 3]);
    }

    #[test]
    fn an_exact_quota_has_no_fraction() {
        let part = Part { weight: 1, min: 0, max: 9 };
        assert_eq!(quotas(4, &[part, part])[0], Quota { floor: 2, fraction: 0 });
        assert_eq!(quotas(5, &[part, part])[0], Quota { floor: 2, fraction: 1 });
    }

    #[test]
    fn nobody_gets_nothing() {
        assert_eq!(quotas(0, &[]), []);
    }
}
