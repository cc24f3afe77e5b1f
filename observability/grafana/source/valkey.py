"""The store: as instances find it, and as it says of itself (redis_exporter)."""

from dashboard import dashboard, variable
from panel import graph, heatmap, quantiles, stat

SERVER = variable("valkey", "Valkey", "label_values(redis_up, instance)")


def of_server(title, description, unit, metric, **more):
    return graph(title, description, unit, (f"{metric}{{@valkey}}", "{{instance}}"), **more)


def rate_of(title, description, unit, metric):
    return graph(title, description, unit,
                 (f"sum by (instance) (rate({metric}{{@valkey}}[$__rate_interval]))",
                  "{{instance}}"))


SEEN = [
    stat("Safe", "Whether all instances take leases from it. "
         "Runbook: docs/runbook/valkey-unsafe-config.md", "bool_yes_no",
         "min(baton_store_safe{@instance})", width=4, red_below=1),
    stat("Servers", "Valkeys that answer.", "none", "sum(redis_up{@valkey})", width=4),
    stat("Primaries", "One for each part of the data.", "none",
         'sum(redis_instance_info{@valkey, role="master"})', width=4),
    stat("With an append-only file", "All should have one. "
         "Runbook: docs/runbook/valkey-unsafe-config.md", "bool_yes_no",
         "min(redis_aof_enabled{@valkey})", width=4, red_below=1),
    stat("Evicted", "Keys evicted since the start. Any is one too many. "
         "Runbook: docs/runbook/valkey-unsafe-config.md", "none",
         "sum(redis_evicted_keys_total{@valkey})", width=4, red_from=1),
    stat("Memory", "Of the limit, of the fullest server. "
         "Runbook: docs/runbook/valkey-unsafe-config.md", "percentunit",
         "max(redis_memory_used_bytes{@valkey} / (redis_memory_max_bytes{@valkey} > 0))", width=4,
         red_from=0.8),
]
APPENDS = [
    heatmap("Round trips", "Appends, by how long they take.", "s",
            "sum by (le) (increase(baton_append_seconds_bucket{@both}[$__rate_interval]))"),
    graph("Round trips, quantiles", "Runbook: docs/runbook/event-latency-high.md", "s",
          *quantiles("baton_append_seconds{@both}", ["instance"]), width=12, red_from=0.25),
    graph("Appended", "Entries that the store acknowledged.", "eps",
          ("sum by (app) (rate(baton_appended_total{@both}[$__rate_interval]))", "{{app}}")),
    graph("Bytes appended", "Of their frames.", "Bps",
          ("sum by (app) (rate(baton_appended_bytes_total{@both}[$__rate_interval]))", "{{app}}")),
    graph("Entries a round trip", "More under load: that is how it keeps up.", "none",
          *quantiles("baton_append_entries{@both}", ["app"])),
    graph("Appends refused", "By why; `fenced` protects what another instance owns.", "none",
          ("sum by (why) (increase(baton_appends_refused_total{@both}[$__rate_interval]))",
           "{{why}}")),
    graph("Longest wait", "Runbook: docs/runbook/append-stalled.md", "s",
          ("max by (instance) (baton_stream_lag_seconds_max{@both})", "{{instance}}"), red_from=5),
    graph("Leases confirmed for", "At 0 they are not: the store has not answered.", "s",
          ("baton_lease_confirmed_seconds{@instance}", "{{instance}}")),
]
SERVERS = [
    graph("Memory of servers", "Used, and the limit.", "bytes",
          ("redis_memory_used_bytes{@valkey}", "{{instance}}"),
          ("redis_memory_max_bytes{@valkey}", "{{instance}} limit")),
    rate_of("Commands", "Commands processed.", "ops", "redis_commands_processed_total"),
    graph("Processor", "Of the main thread; at 1 it is the limit.", "percentunit",
          ("""rate(redis_cpu_sys_main_thread_seconds_total{@valkey}[$__rate_interval])
           + rate(redis_cpu_user_main_thread_seconds_total{@valkey}[$__rate_interval])""",
           "{{instance}}")),
    of_server("Clients", "Connections.", "none", "redis_connected_clients"),
    of_server("Replicas", "That are connected.", "none", "redis_connected_slaves"),
    of_server("Last fork", "Appends wait meanwhile.", "s", "redis_latest_fork_seconds"),
    rate_of("Received", "Bytes from clients.", "Bps", "redis_net_input_bytes_total"),
    rate_of("Sent", "Bytes to clients and replicas.", "Bps", "redis_net_output_bytes_total"),
    of_server("Last write to the append-only file", "1 if it was good.", "bool_yes_no",
              "redis_aof_last_write_status"),
]
DASHBOARD = dashboard("valkey", "The store, as instances find it and as it says of itself.", [
    ("At a glance", SEEN), ("Appends", APPENDS), ("Servers", SERVERS),
], SERVER)
