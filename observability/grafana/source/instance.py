"""One instance: its life, and what it uses up."""

from dashboard import dashboard
from panel import graph, table, timeline

LIFE = [
    timeline("Phase", "Where each is in its life.", "baton_phase{@instance} == 1",
             "{{instance}} {{phase}}", width=12),
    timeline("Health", "At which level each is; `/status` says why.",
             "baton_health{@instance} == 1",
             "{{instance}} {{level}}", width=12),
    graph("Ready", "Whether it can be given shards.", "bool_yes_no",
          ("baton_ready{@instance}", "{{instance}}")),
    graph("Planner", "Who plans; one, but for a moment.", "bool_yes_no",
          ("baton_planner{@instance}", "{{instance}}")),
    graph("Up for", "Since its process was started. "
          "Runbook: docs/runbook/instance-flapping.md", "s",
          ("time() - baton_process_start_time_seconds{@instance}", "{{instance}}")),
    graph("Shards", "By what they are about.", "none",
          ("sum by (state) (baton_shards{@both})", "{{state}}"), stacked=True),
    graph("Leases", "That it holds.", "none",
          ("sum by (instance) (baton_leases_held{@both})", "{{instance}}")),
    table("Versions", "Which Baton runs where.", "baton_build_info{@instance}", width=8),
]
USE = [
    graph("Memory", "Of what it may have; above 85 % it drains itself. "
          "Runbook: docs/runbook/instance-flapping.md", "percentunit",
          ("baton_memory_resident_bytes{@instance} / baton_memory_limit_bytes{@instance}",
           "{{instance}}"), red_from=0.85),
    graph("Bytes in memory", "And what it may have.", "bytes",
          ("baton_memory_resident_bytes{@instance}", "{{instance}}"),
          ("baton_memory_limit_bytes{@instance}", "{{instance}} limit")),
    graph("Processor", "Processors that are busy with it.", "none",
          ("rate(baton_process_cpu_seconds_total{@instance}[$__rate_interval])", "{{instance}}")),
    graph("Ring", "Of what it may hold. Runbook: docs/runbook/ring-nearly-full.md", "percentunit",
          ("baton_ring_bytes{@instance} / baton_ring_bytes_max{@instance}", "{{instance}}"),
          red_from=0.8),
    graph("Runtime", "By how much the shards' runtime is late: the processor, or a freeze. "
          "Runbook: docs/runbook/event-latency-high.md", "s",
          ("baton_runtime_late_seconds{@instance}", "{{instance}}"), red_from=1),
    graph("Files", "Of those that may be open.", "percentunit",
          ("baton_process_open_files{@instance} / baton_process_open_files_max{@instance}",
           "{{instance}}")),
    graph("Clocks", "By how much hosts' clocks are off (node_exporter). "
          "Runbook: docs/runbook/clock-skew.md", "s",
          ("node_timex_offset_seconds", "{{instance}}")),
    graph("Clock and store", "By how much the host's clock is ahead of the store's, with the way "
          "there in it. Runbook: docs/runbook/clock-skew.md", "s",
          ("baton_clock_offset_seconds{@instance}", "{{instance}}")),
    graph("Clocks synchronized", "Whether they are (node_exporter). "
          "Runbook: docs/runbook/clock-skew.md", "bool_yes_no",
          ("node_timex_sync_status", "{{instance}}")),
]
DASHBOARD = dashboard("instance", "One instance: its life, and what it uses up.", [
    ("Life", LIFE), ("Use", USE),
])
