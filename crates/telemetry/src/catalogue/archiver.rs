//! The archiver.

use super::{
    Kind::{Counter, Gauge},
    metrics,
};

metrics! {
    Archiver {
        ENTRIES: Counter, Count, "baton_archiver_entries_total" [],
            "Entries put into the archive.";
        OBJECTS: Counter, Count, "baton_archiver_objects_total" [],
            "Objects put into the archive.";
        LINES_BYTES: Counter, Bytes, "baton_archiver_lines_bytes_total" [],
            "Bytes of their lines.";
        OBJECT_BYTES: Counter, Bytes, "baton_archiver_object_bytes_total" [],
            "Bytes of them.";
        REPEATED: Counter, Count, "baton_archiver_repeated_total" [],
            "Entries that came and were in the archive already.";
        DEAD_LETTERS: Counter, Count, "baton_archiver_dead_letters_total" [],
            "Entries given up on.";
        SUPERSEDED: Counter, Count, "baton_archiver_superseded_total" [],
            "Times that somebody else had written to a lane.";
        HELD_BYTES: Gauge, Bytes, "baton_archiver_held_bytes" [],
            "Bytes of what is not put yet.";
        LANES: Gauge, Count, "baton_archiver_lanes" [],
            "Lanes that are read here.";
        LANES_IN_TROUBLE: Gauge, Count, "baton_archiver_lanes_in_trouble" [],
            "Those that do not get on.";
    }
}
