//! Lanes, as the instance sees them that trims them, and the consumer groups that read them.
//!
//! It looks when it trims, every five seconds, while somebody scrapes it.

use super::{
    Kind::{Counter, Gauge},
    metrics,
};

metrics! {
    LaneKeeper {
        ENTRIES: Gauge, Count, "baton_lane_entries" [App, Lane],
            "Entries in the lane's stream.";
        BYTES: Gauge, Bytes, "baton_lane_bytes" [App, Lane],
            "Bytes that they take up, roughly.";
        OLDEST: Gauge, Seconds, "baton_lane_oldest_seconds" [App, Lane],
            "How old the oldest of them is.";
        COMMANDS: Gauge, Count, "baton_lane_commands" [App, Lane],
            "Commands in the lane's command stream, dealt with or not.";
        TRIMMED: Counter, Count, "baton_lane_trimmed_total" [App, Lane],
            "Entries that were trimmed.";
        UNREAD: Counter, Count, "baton_lane_trimmed_unread_total" [App, Lane],
            "Entries that were trimmed although a living group had not read them.";
        GROUP_LAG: Gauge, Count, "baton_group_lag_entries" [App, Lane, Group],
            "Entries that the group was not given yet.";
        GROUP_PENDING: Gauge, Count, "baton_group_pending_entries" [App, Lane, Group],
            "Entries that it was given and has not acknowledged.";
        GROUP_OLDEST: Gauge, Seconds, "baton_group_oldest_unread_seconds" [App, Lane, Group],
            "How old the oldest entry is that it has not acknowledged; 0 if there is none.";
        GROUP_CONSUMERS: Gauge, Count, "baton_group_consumers" [App, Lane, Group],
            "Consumers that the group has.";
        GROUP_DEAD: Gauge, Count, "baton_group_dead_letters" [App, Lane, Group],
            "Entries that it has given up on, and that nobody has dealt with.";
    }
}
