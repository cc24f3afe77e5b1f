//! Leases that come and go, and hand-overs.

use super::{
    Buckets,
    Kind::{Counter, Histogram},
    metrics,
};

metrics! {
    Gateway {
        TAKEN: Counter, Count, "baton_leases_taken_total" [App, How],
            "Leases that the instance took.";
        LET_GO: Counter, Count, "baton_leases_let_go_total" [App, How],
            "Leases that it let go.";
        HAND_OVERS: Counter, Count, "baton_hand_overs_total" [App, Role, Outcome],
            "Hand-overs that ended: `moved` or `stayed` at the source; `resumed`, `identified` or \
             `lost` at the target.";
        HAND_OVER_STEP: Histogram(Buckets::Move), Seconds, "baton_hand_over_step_seconds"
            [App, Step],
            "How long a step of a hand-over took.";
        HAND_OVER_GAP: Histogram(Buckets::Move), Seconds, "baton_hand_over_gap_seconds" [App],
            "At the target, from taking the offer until events arrive; the source's `flushing` \
             and `offering` come before that.";
    }
}
