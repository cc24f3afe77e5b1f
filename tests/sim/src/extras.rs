//! What one world in seven has besides: an app that leaves events out, a Discord that allows few
//! IDENTIFYs a day, a store that is not safe, and instances with little room for events.
//!
//! All of it is drawn from a stream of its own, so that the other six are what they are without it.

use std::collections::BTreeSet;

use baton_mock_discord::Fault as AtDiscord;
use baton_model::{EventName, Moment, limits::IDENTIFY_RESERVE_MIN};

use crate::{
    faults::{Fault, Whom},
    seeded::Seeded,
};

/// Of so many worlds one has it.
const ONE_IN: u64 = 7;

/// What a world has besides; by default nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    /// Events that do not go into the stream.
    pub(crate) left_out: BTreeSet<EventName>,
    /// How many IDENTIFYs Discord allows in a day, if they are few.
    pub(crate) identifies_a_day: Option<u32>,
    /// What goes wrong besides.
    pub(crate) faults: Vec<(Moment, Fault)>,
}

impl Extras {
    /// What the world of this seed has.
    pub(crate) fn of(seed: u64, shards: u32) -> Self {
        if seed % ONE_IN != ONE_IN - 1 {
            return Self::default();
        }
        let mut seeded = Seeded::new(seed, 6);
        let mut extras = Self::default();
        if seeded.hits(50) {
            let names: &[&[&str]] = &[&["TYPING_START"], &["PRESENCE_UPDATE", "TYPING_START"]];
            let names = seeded.pick(names).copied().unwrap_or_default();
            extras.left_out = names.iter().map(|name| EventName::new(name)).collect();
        }
        if seeded.hits(50) {
            extras.spend_identifies(&mut seeded, shards);
        }
        for _ in 0..seeded.between(1, 3) {
            let at = Moment::ZERO + seeded.millis(15_000, 95_000);
            let fault = match seeded.between(0, 1) {
                0 => Fault::StoreUnsafe(seeded.millis(1_000, 40_000)),
                _ => {
                    let (whom, bytes) = (Whom(seeded.next()), seeded.between(1_000, 6_000));
                    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                    extras.faults.push((at, Fault::StoreFrozen(seeded.millis(5_000, 30_000))));
                    Fault::TightRings(whom, bytes, seeded.millis(5_000, 40_000))
                }
            };
            extras.faults.push((at, fault));
        }
        extras
    }

    /// Few are left above the reserve, and Discord gives sessions up.
    fn spend_identifies(&mut self, seeded: &mut Seeded, shards: u32) {
        let spare = u32::try_from(seeded.between(0, 4)).unwrap_or(0);
        self.identifies_a_day = Some(IDENTIFY_RESERVE_MIN + shards + spare);
        for _ in 0..seeded.between(1, 3) {
            let at = Moment::ZERO + seeded.millis(20_000, 90_000);
            let lost = AtDiscord::Invalidate { resumable: false, shard: None };
            self.faults.push((at, Fault::Discord(lost)));
        }
    }
}
