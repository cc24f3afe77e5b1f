//! A consumer of the SDK, which writes these itself: it stands above this crate.

use super::{
    Buckets,
    Kind::{Counter, Gauge, Histogram},
    metrics,
};

metrics! {
    Consumer {
        READY: Gauge, YesNo, "baton_consumer_ready" [],
            "Whether the consumer reads what it should.";
        HANDLED: Counter, Count, "baton_consumer_handled_total" [Handler],
            "Deliveries handled.";
        FAILED: Counter, Count, "baton_consumer_failed_total" [Handler],
            "Attempts that failed.";
        RUNNING: Gauge, Count, "baton_consumer_running" [Handler],
            "Deliveries being handled.";
        HANDLER_WELL: Gauge, YesNo, "baton_consumer_handler_well" [Handler],
            "Whether its last run was good.";
        HANDLER: Histogram(Buckets::Handler), Seconds, "baton_consumer_handler_seconds" [Handler],
            "How long runs of handlers took.";
        LANE_READ: Gauge, YesNo, "baton_consumer_lane_read" [Lane],
            "Whether the lane is read here.";
        LANE_TROUBLED: Gauge, YesNo, "baton_consumer_lane_troubled" [Lane],
            "Whether the lane cannot be read.";
        ENTRIES: Counter, Count, "baton_consumer_entries_total" [Lane],
            "Entries read.";
        DEAD_LETTERS: Counter, Count, "baton_consumer_dead_letters_total" [Lane],
            "Deliveries given up on.";
    }
}
