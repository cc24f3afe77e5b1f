//! Which guilds a shard has. Ids are such that Discord's own rule leads back to the shard:
//! `(guild_id >> 22) % count`.

use baton_model::GuildId;

use crate::Slice;

/// Snowflakes of about 2023, before the 22 bits that Discord's rule shifts away.
const FIRST_TIMESTAMP: u64 = 260_000_000_000;

/// How many of the app's guilds a shard has.
pub(crate) fn of_shard(guilds: u32, slice: Slice) -> u32 {
    let (all, count) = (u64::from(guilds), slice.count());
    let share = all / count + u64::from(slice.id() < all % count);
    u32::try_from(share).unwrap_or(guilds)
}

/// The id of the `index`th of them.
pub(crate) const fn id_of(slice: Slice, index: u64) -> GuildId {
    let first_of_count = FIRST_TIMESTAMP / slice.count() * slice.count();
    GuildId((first_of_count + index * slice.count() + slice.id()) << 22)
}

/// Whether this guild is one of the shard's.
pub(crate) fn has(guilds: u32, slice: Slice, id: GuildId) -> bool {
    (0..u64::from(of_shard(guilds, slice))).any(|index| id_of(slice, index) == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discords_rule_leads_from_a_guild_back_to_its_shard() {
        for (id, count) in [(0, 1), (1, 2), (6, 7), (16_383, 16_384)] {
            let slice = Slice::checked(id, count).unwrap();
            for index in [0, 1, 2_499] {
                assert_eq!((id_of(slice, index).0 >> 22) % count, id, "{slice}, {index}");
            }
        }
    }

    #[test]
    fn a_shard_has_its_guilds_and_no_others() {
        let [first, second] = [0, 1].map(|id| Slice::checked(id, 2).unwrap());
        assert!(has(3, first, id_of(first, 1)) && has(3, second, id_of(second, 0)));
        assert!(!has(3, first, id_of(first, 2)) && !has(3, second, id_of(second, 1)));
        assert!(!has(3, first, id_of(second, 0)) && !has(3, first, GuildId(5)));
    }

    #[test]
    fn every_guild_belongs_to_one_shard() {
        let shares = |guilds, count| -> u32 {
            (0..count).map(|id| of_shard(guilds, Slice::checked(id, count).unwrap())).sum()
        };
        assert_eq!((shares(10, 3), shares(2, 5), shares(0, 4)), (10, 2, 0));
    }
}
