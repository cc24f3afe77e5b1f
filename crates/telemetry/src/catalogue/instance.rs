//! How an instance fares.

use super::{Kind::Counter, Kind::Gauge, metrics};

metrics! {
    Gateway {
        HEALTH: Gauge, YesNo, "baton_health" [Level],
            "How the instance fares: 1 at its level.";
        PHASE: Gauge, YesNo, "baton_phase" [Phase],
            "Where the instance is in its life: 1 at its phase.";
        READY: Gauge, YesNo, "baton_ready" [],
            "Whether the instance can be given shards.";
        PLANNER: Gauge, YesNo, "baton_planner" [],
            "Whether the instance plans.";
        STORE_SAFE: Gauge, YesNo, "baton_store_safe" [],
            "Whether leases are taken from the store.";
        LEASE_CONFIRMED: Gauge, Seconds, "baton_lease_confirmed_seconds" [],
            "For how long the leases are still confirmed; 0 if they are not.";
        APP_RUNNING: Gauge, YesNo, "baton_app_running" [App],
            "Whether the app runs here: 0 if it waits or is rejected.";
        CLOCK_OFFSET: Gauge, Seconds, "baton_clock_offset_seconds" [],
            "By how much the host's clock is ahead of the store's, with the way there in it.";
        CONFLICTS: Counter, Count, "baton_conflicts_total" [Kind],
            "Times that two believed that they were the one, as seen here.";
        BUILD_INFO: Gauge, YesNo, "baton_build_info" [Version],
            "Always 1: which Baton runs here.";
    }
}
