//! What the planner sees of the fleet.
//!
//! It looks every 15 seconds while somebody scrapes it, and shows nothing that is older than a
//! minute.

use super::{Kind::Gauge, metrics};

metrics! {
    Gateway {
        EXPECTED: Gauge, Count, "baton_fleet_shards_expected" [App],
            "Shards that the app is cut into, as this instance knows; the same at all of them.";
    }
    Planner {
        OWNED: Gauge, Count, "baton_fleet_shards_owned" [App],
            "Shards whose row in the store has an owner, on offer or not.";
        ORPHANED: Gauge, Count, "baton_fleet_shards_orphaned" [App],
            "Shards whose row has no owner, or one that is no member of the fleet any more.";
        LIVE: Gauge, Count, "baton_fleet_shards_live" [App],
            "Shards that their owner last reported to be live.";
        DOUBLY_CLAIMED: Gauge, Count, "baton_fleet_shards_doubly_claimed" [App],
            "Shards that two instances reported to be live; for a moment in a move, that is old.";
        INSTANCES: Gauge, Count, "baton_fleet_instances" [Phase],
            "Instances on the membership list whose process is there.";
    }
}
