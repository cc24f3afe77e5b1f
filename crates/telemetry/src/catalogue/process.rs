//! The process of an instance.

use super::{
    Kind::{Counter, Gauge},
    metrics,
};

metrics! {
    Gateway {
        RESIDENT: Gauge, Bytes, "baton_memory_resident_bytes" [],
            "Bytes in memory.";
        LIMIT: Gauge, Bytes, "baton_memory_limit_bytes" [],
            "Bytes that may be.";
        LATE: Gauge, Seconds, "baton_runtime_late_seconds" [],
            "By how much the shards' runtime is late.";
        CPU: Counter, Seconds, "baton_process_cpu_seconds_total" [],
            "Time that processors spent on it.";
        OPEN_FILES: Gauge, Count, "baton_process_open_files" [],
            "Files and sockets that are open.";
        OPEN_FILES_MAX: Gauge, Count, "baton_process_open_files_max" [],
            "How many may be.";
        STARTED: Gauge, UnixSeconds, "baton_process_start_time_seconds" [],
            "When it was started, in seconds since 1970.";
    }
}
