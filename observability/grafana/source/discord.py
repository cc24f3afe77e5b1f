"""What goes between Baton and Discord."""

from dashboard import dashboard
from panel import graph, quantiles


def more_by(label, metric):
    return (f"sum by ({label}) (increase({metric}{{@both}}[$__rate_interval]))",
            "{{" + label + "}}")


CONNECTIONS = [
    graph("Connections", "Begun, and those that did not come about.", "none",
          ("sum(increase(baton_connections_total{@both}[$__rate_interval]))", "begun"),
          ("sum(increase(baton_connections_failed_total{@both}[$__rate_interval]))", "failed")),
    graph("Closed", "By Discord's close code. Runbook of 4004 and 4010 to 4014: "
          "docs/runbook/app-circuit-open.md", "none",
          more_by("code", "baton_connections_closed_total")),
    graph("Heartbeats", "From a heartbeat to Discord's answer.", "s",
          *quantiles("baton_heartbeat_seconds{@both}", ["app"])),
    graph("Sessions", "Resumed, or begun anew.", "none",
          more_by("how", "baton_sessions_total")),
    graph("Sessions invalid", "That Discord called so (op 9); a lost one costs an IDENTIFY.",
          "none",
          more_by("outcome", "baton_sessions_invalidated_total")),
    graph("Asked to reconnect", "By Discord (op 7), as it deploys.", "none",
          more_by("app", "baton_reconnects_asked_total")),
]
IDENTIFIES = [
    graph("Left today", "Of the day's limit, with the reserve. "
          "Runbook: docs/runbook/identify-budget-low.md", "none",
          ("max by (app) (baton_identify_remaining{@app})", "{{app}} left"),
          ("max by (app) (baton_identify_reserve{@app})", "{{app}} reserve"),
          ("max by (app) (baton_identify_limit{@app})", "{{app}} limit")),
    graph("Renewed in", "Until all are there again.", "s",
          ("min by (app) (baton_identify_reset_seconds{@app})", "{{app}}")),
    graph("Waiting", "Shards that wait for a permit.", "none",
          ("sum by (app) (baton_identify_waiting{@both})", "{{app}}")),
    graph("Permits", "Answers to requests for one.", "none",
          more_by("outcome", "baton_identify_permits_total"), width=12),
    graph("Wait for a permit", "From when a shard wanted to IDENTIFY until it might.", "s",
          *quantiles("baton_identify_wait_seconds{@both}", ["app"]), width=12),
]
TRAFFIC = [
    graph("Events by name", "The fifteen that come most.", "eps",
          ("""topk(15, sum by (event) (
           rate(baton_dispatches_total{@both}[$__rate_interval])))""", "{{event}}"), width=12),
    graph("Bytes", "Of dispatches, inflated.", "Bps",
          ("sum by (app) (rate(baton_dispatched_bytes_total{@both}[$__rate_interval]))",
           "{{app}}"), width=12),
    graph("Commands", "What became of commands to Discord.", "none",
          more_by("outcome", "baton_commands_total"), width=12),
    graph("REST requests that failed", "Questions to Discord's API without an answer.", "none",
          more_by("why", "baton_discord_requests_failed_total"), width=12),
]
DASHBOARD = dashboard("discord", "What goes between Baton and Discord.", [
    ("Connections", CONNECTIONS), ("IDENTIFYs", IDENTIFIES), ("Traffic", TRAFFIC),
])
