"""A few shards, closely. Shown up to 500 shards an instance, or as `telemetry.per_shard` says."""

from dashboard import dashboard, variable
from panel import graph, timeline

SHARD = variable("shard", "Shard",
                 'label_values(baton_shard_epoch{job="$job", app=~"$app"}, shard)')
ONE = '@both, shard=~"$shard"'
WHO = "{{app}} {{shard}} {{instance}}"

LIFE = [
    timeline("State", "What each shard is about, and where: a move shows as a change of instance.",
             f"baton_shard_state{{{ONE}}} == 1", WHO + " {{state}}"),
    graph("Epoch", "The number of its lease: it grows with each owner.", "none",
          (f"baton_shard_epoch{{{ONE}}}", WHO)),
    graph("Age of the session", "Since when its session has been live here.", "s",
          (f"baton_shard_session_age_seconds{{{ONE}}}", WHO)),
    graph("Heartbeat", "From its last heartbeat to Discord's answer.", "s",
          (f"baton_shard_heartbeat_seconds{{{ONE}}}", WHO)),
]
EVENTS = [
    graph("Events", "Dispatches that its task received.", "eps",
          (f"rate(baton_shard_dispatches_total{{{ONE}}}[$__rate_interval])", WHO)),
    graph("Wait for the store", "For how long its append has waited. "
          "Runbook: docs/runbook/append-stalled.md", "s",
          (f"baton_shard_lag_seconds{{{ONE}}}", WHO), red_from=5),
    graph("Ring", "Bytes that it has received and the store has not.", "bytes",
          (f"baton_shard_ring_bytes{{{ONE}}}", WHO)),
]
DASHBOARD = dashboard("shard", "A few shards, closely.", [
    ("Life", LIFE), ("Events", EVENTS),
], SHARD)
