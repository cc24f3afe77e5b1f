//! Which lane is whose: computed by everybody alike, from who is there.

use std::collections::BTreeMap;

/// Deals lanes out evenly. Each goes to whom it likes best of those that have room, so that most
/// stay where they are when somebody comes or goes.
pub(crate) fn deal<'a>(lanes: u16, members: &[&'a str]) -> BTreeMap<u16, &'a str> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    let (each, more) = match members.len() {
        0 => return BTreeMap::new(),
        count => (usize::from(lanes) / count, usize::from(lanes) % count),
    };
    let mut order = members.to_vec();
    order.sort_unstable_by_key(|name| (liking(name, u64::MAX), *name));
    for (place, name) in order.iter().enumerate() {
        left.insert(name, each + usize::from(place < more));
    }
    let mut dealt = BTreeMap::new();
    for lane in 0..lanes {
        let has_room = order.iter().filter(|name| left.get(**name).is_some_and(|room| *room > 0));
        let best = has_room.max_by_key(|name| (liking(name, u64::from(lane)), **name));
        if let Some(name) = best {
            left.entry(name).and_modify(|room| *room -= 1);
            dealt.insert(lane, *name);
        }
    }
    dealt
}

/// How well a lane likes somebody: a number that looks random and is the same for everybody.
fn liking(name: &str, lane: u64) -> u64 {
    let mixed = name.bytes().fold(lane, |mixed, byte| mix(mixed ^ u64::from(byte)));
    mix(mixed)
}

/// The finaliser of splitmix64.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_lane_is_dealt_and_nobody_has_two_more_than_another(
            lanes in 1_u16..80, count in 1_usize..12
        ) {
            let names: Vec<_> = (0..count).map(|number| format!("consumer-{number}")).collect();
            let members: Vec<_> = names.iter().map(String::as_str).collect();
            let dealt = deal(lanes, &members);
            prop_assert_eq!(dealt.len(), usize::from(lanes));
            let of = |name: &str| dealt.values().filter(|owner| **owner == name).count();
            let counts: Vec<_> = members.iter().map(|name| of(name)).collect();
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            let mut turned = members.clone();
            turned.rotate_left(count / 2);
            prop_assert_eq!(deal(lanes, &turned), dealt, "whoever computes it");
        }

        #[test]
        fn when_one_goes_most_lanes_of_the_others_stay(lanes in 8_u16..80, count in 3_usize..9) {
            let names: Vec<_> = (0..count).map(|number| format!("consumer-{number}")).collect();
            let members: Vec<_> = names.iter().map(String::as_str).collect();
            let (before, after) = (deal(lanes, &members), deal(lanes, &members[1..]));
            let gone = |owner: &str| owner == members[0];
            let moved = before.iter().filter(|(lane, owner)| {
                !gone(owner) && after.get(*lane) != Some(*owner)
            });
            prop_assert!(moved.count() * 2 <= usize::from(lanes), "{:?} {:?}", before, after);
        }
    }

    #[test]
    fn nobody_gets_anything_if_nobody_is_there() {
        assert!(deal(4, &[]).is_empty());
    }
}
