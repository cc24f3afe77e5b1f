//! Shards: what they are about, and their connections to Discord.

use super::{
    Buckets,
    Kind::{Counter, Gauge, Histogram},
    metrics,
};

metrics! {
    Gateway {
        SHARDS: Gauge, Count, "baton_shards" [App, State],
            "Shards that have a task here, by what they are about.";
        LEASES_HELD: Gauge, Count, "baton_leases_held" [App],
            "Leases that the instance holds.";
        STREAM_LAG: Gauge, Seconds, "baton_stream_lag_seconds_max" [App],
            "For how long the append that has waited longest has waited for the store.";
        DISPATCHES: Counter, Count, "baton_dispatches_total" [App, Event],
            "Dispatches received from Discord, with what it sent once more.";
        DISPATCHED_BYTES: Counter, Bytes, "baton_dispatched_bytes_total" [App],
            "Bytes of their frames, inflated.";
        HEARTBEAT: Histogram(Buckets::RoundTrip), Seconds, "baton_heartbeat_seconds" [App],
            "From a heartbeat to Discord's answer.";
        SESSIONS: Counter, Count, "baton_sessions_total" [App, How],
            "Times that a shard's events began to arrive: in its session, or in a new one.";
        SESSION_GAP: Histogram(Buckets::Move), Seconds, "baton_session_gap_seconds" [App, How],
            "How long a shard had no events, where it had them here before.";
        REPLAYED: Counter, Count, "baton_replayed_total" [App],
            "Dispatches that Discord sent once more with a RESUME.";
        SKIPPED: Counter, Count, "baton_replayed_skipped_total" [App],
            "Those of them that the stream held already, and that were skipped.";
        CONNECTIONS: Counter, Count, "baton_connections_total" [App],
            "Connections that were begun.";
        CONNECT_FAILED: Counter, Count, "baton_connections_failed_total" [App],
            "Those of them that did not come about.";
        CLOSED: Counter, Count, "baton_connections_closed_total" [App, Code],
            "Connections that ended, by Discord's close code.";
        RECONNECTS_ASKED: Counter, Count, "baton_reconnects_asked_total" [App],
            "Times that Discord asked a shard to connect again (op 7).";
        INVALIDATED: Counter, Count, "baton_sessions_invalidated_total" [App, Outcome],
            "Sessions that Discord called invalid (op 9): `resumable` or `lost`.";
        REST_FAILED: Counter, Count, "baton_discord_requests_failed_total" [App, Why],
            "Questions to Discord's REST API without an answer: `unauthorized`, `rate_limited`, \
             `unavailable` or `token`.";
    }
    GatewayPerShard {
        SHARD_STATE: Gauge, YesNo, "baton_shard_state" [App, Shard, State],
            "1 at what the shard is about.";
        SHARD_EPOCH: Gauge, Epoch, "baton_shard_epoch" [App, Shard],
            "The number of the lease under which the shard is held here.";
        SHARD_SESSION_AGE: Gauge, Seconds, "baton_shard_session_age_seconds" [App, Shard],
            "For how long the shard's session has been live here.";
        SHARD_HEARTBEAT: Gauge, Seconds, "baton_shard_heartbeat_seconds" [App, Shard],
            "From its last heartbeat to Discord's answer.";
        SHARD_DISPATCHES: Counter, Count, "baton_shard_dispatches_total" [App, Shard],
            "Dispatches that the shard's task received.";
        SHARD_LAG: Gauge, Seconds, "baton_shard_lag_seconds" [App, Shard],
            "For how long its append has waited for the store.";
        SHARD_RING: Gauge, Bytes, "baton_shard_ring_bytes" [App, Shard],
            "What its ring holds.";
    }
}
