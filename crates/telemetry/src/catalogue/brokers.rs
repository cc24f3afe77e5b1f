//! What is done for `@discordjs/brokers`.

use super::{Kind::Counter, metrics};

metrics! {
    Gateway {
        COPIES_MISSING: Counter, Count, "baton_brokers_copies_missing_total" [],
            "Events without the copy that @discordjs/brokers should have had.";
        COPIES_UNREAD: Counter, Count, "baton_brokers_copies_unread_total" [],
            "Copies that were trimmed although a living group had not read them.";
        ROUTED: Counter, Count, "baton_brokers_commands_routed_total" [],
            "Commands of @discordjs/brokers that were routed to their lanes.";
        UNROUTABLE: Counter, Count, "baton_brokers_commands_unroutable_total" [],
            "What stood among them and was no command.";
        GROUPS_REMOVED: Counter, Count, "baton_brokers_groups_removed_total" [],
            "Consumer groups that were removed, since nobody read with them.";
    }
}
