//! Appends: from a shard's ring into its lane's stream.

use super::{
    Buckets,
    Kind::{Counter, Gauge, Histogram},
    metrics,
};

metrics! {
    Gateway {
        APPEND: Histogram(Buckets::RoundTrip), Seconds, "baton_append_seconds" [App],
            "How long a round trip of appends to the store took.";
        EVENT: Histogram(Buckets::RoundTrip), Seconds, "baton_event_seconds" [App],
            "From an event's frame until the store has said that it holds it.";
        BATCH: Histogram(Buckets::Batch), Count, "baton_append_entries" [App],
            "Entries in one round trip.";
        APPENDED: Counter, Count, "baton_appended_total" [App],
            "Entries whose append the store acknowledged, with those that it held already.";
        APPENDED_BYTES: Counter, Bytes, "baton_appended_bytes_total" [App],
            "Bytes of their frames.";
        REFUSED: Counter, Count, "baton_appends_refused_total" [App, Why],
            "Appends that were not done: `fenced`, `forgotten`, `gap`, `other_session`, \
             `unavailable`, `unknown` or `refused`.";
        RING: Gauge, Bytes, "baton_ring_bytes" [],
            "What all rings hold together.";
        RING_MAX: Gauge, Bytes, "baton_ring_bytes_max" [],
            "What they may hold.";
    }
}
