//! IDENTIFYs: who waits, what was granted, what is left of the day.

use super::{
    Buckets,
    Kind::{Counter, Gauge, Histogram},
    metrics,
};

metrics! {
    Gateway {
        WAITING: Gauge, Count, "baton_identify_waiting" [App],
            "Shards here that wait for a permit to IDENTIFY.";
        PERMITS: Counter, Count, "baton_identify_permits_total" [App, Outcome],
            "Answers to requests for a permit: `granted`, `wait`, `exhausted`, `unlearned` or \
             `unavailable`.";
        WAIT: Histogram(Buckets::Wait), Seconds, "baton_identify_wait_seconds" [App],
            "From when a shard wanted to IDENTIFY until it might.";
    }
    Planner {
        REMAINING: Gauge, Count, "baton_identify_remaining" [App],
            "IDENTIFYs that are left of the day, the reserve included.";
        TOTAL: Gauge, Count, "baton_identify_limit" [App],
            "IDENTIFYs of a day.";
        RESERVE: Gauge, Count, "baton_identify_reserve" [App],
            "Those of them that are never used.";
        RESET: Gauge, Seconds, "baton_identify_reset_seconds" [App],
            "Until all are there again.";
    }
}
