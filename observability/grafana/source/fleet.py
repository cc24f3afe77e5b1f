"""Is all well, and where to look if not."""

from dashboard import dashboard
from panel import graph, quantiles, stat

SHARDS = [
    stat("Expected", "Shards that the apps are cut into.", "none",
         "sum(max by (app) (baton_fleet_shards_expected{@app}))"),
    stat("Owned", "Shards with an owner. Should be all.", "none",
         "sum(max by (app) (baton_fleet_shards_owned{@app}))"),
    stat("Live", "Shards whose events arrive. Fewer for a moment in a move.", "none",
         "sum(max by (app) (baton_fleet_shards_live{@app}))"),
    stat("Without an owner", "They receive nothing. "
         "Runbook: docs/runbook/shard-orphaned.md", "none",
         "sum(max by (app) (baton_fleet_shards_orphaned{@app}))", red_from=1),
    stat("Claimed twice", "Called live by two instances; for a moment in a move, that is old.",
         "none", "sum(max by (app) (baton_fleet_shards_doubly_claimed{@app}))"),
    stat("Instances up", "Instances whose process is there and that are up.", "none",
         'max(baton_fleet_instances{@job, phase="up"})'),
    stat("Store safe", "Whether all instances take leases. "
         "Runbook: docs/runbook/valkey-unsafe-config.md", "bool_yes_no",
         "min(baton_store_safe{@instance})", red_below=1),
    stat("IDENTIFYs left", "Of the day, above the reserve; of the app that has fewest. "
         "Runbook: docs/runbook/identify-budget-low.md", "none",
         """min(max by (app) (baton_identify_remaining{@app})
         - max by (app) (baton_identify_reserve{@app}))""", red_below=1),
]
EVENTS = [
    graph("Events", "Dispatches from Discord.", "eps",
          ("sum by (app) (rate(baton_dispatches_total{@both}[$__rate_interval]))", "{{app}}")),
    graph("Round trips of appends", "From an instance to the store and back. "
          "Runbook: docs/runbook/event-latency-high.md", "s",
          *quantiles("baton_append_seconds{@both}", ["app"]), red_from=0.25),
    graph("Frame to stream", "From an event's frame until the store holds it, with the wait for "
          "others of its batch. Runbook: docs/runbook/event-latency-high.md", "s",
          *quantiles("baton_event_seconds{@both}", ["app"]), red_from=1),
    graph("Longest wait", "For how long the append that has waited longest has waited. "
          "Runbook: docs/runbook/append-stalled.md", "s",
          ("max by (app, instance) (baton_stream_lag_seconds_max{@both})", "{{app}} {{instance}}"),
          red_from=5),
]
PLACES = [
    graph("Shards of instances", "Leases that each instance holds.", "none",
          ("sum by (instance) (baton_leases_held{@both})", "{{instance}}"), stacked=True),
    graph("Instances", "By where they are in their lives.", "none",
          ("max by (phase) (baton_fleet_instances{@job})", "{{phase}}"), stacked=True),
    graph("Health", "Instances at each level; `baton status` says why.", "none",
          ("sum by (level) (baton_health{@instance})", "{{level}}"), stacked=True),
    graph("Sessions", "Times that a shard's events began to arrive: anew, or where it was.", "none",
          ("sum by (how) (increase(baton_sessions_total{@both}[$__rate_interval]))", "{{how}}")),
    graph("Apps that do not run", "Instances at which an app waits or is rejected. "
          "Runbook: docs/runbook/app-circuit-open.md", "none",
          ("sum by (app) (1 - baton_app_running{@both})", "{{app}}"), red_from=1),
    graph("Worst consumer group", "The age of the oldest entry that is not acknowledged. "
          "Runbook: docs/runbook/consumer-lagging.md", "s",
          ("max by (app, group) (baton_group_oldest_unread_seconds{@app})", "{{app}} {{group}}"),
          red_from=300),
]
DASHBOARD = dashboard("fleet", "Whether all is well, and where to look if not.", [
    ("Shards", SHARDS), ("Events", EVENTS), ("Places", PLACES),
])
