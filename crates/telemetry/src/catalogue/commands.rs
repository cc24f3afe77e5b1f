//! What consumers have shards send.

use super::{Kind::Counter, metrics};

metrics! {
    Gateway {
        COMMANDS: Counter, Count, "baton_commands_total" [App, Outcome],
            "Commands that were dealt with: `sent`, `expired`, `invalid`, `dropped` or \
             `rate_limited`.";
    }
}
