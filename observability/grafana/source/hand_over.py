"""How shards move: drains, take-overs, and what they cost."""

from dashboard import dashboard
from panel import graph, heatmap, quantiles

ON_THE_WAY = "flushing|offering|offered|retracting|warming|warm|accepting|resuming"

MOVES = [
    graph("Where shards are", "Leases by instance: a drain empties one.", "none",
          ("sum by (instance) (baton_leases_held{@both})", "{{instance}}"),
          width=12, stacked=True),
    graph("On the way", "Shards in a step of a hand-over. "
          "Runbook: docs/runbook/handover-stuck.md", "none",
          (f'sum by (state) (baton_shards{{@both, state=~"{ON_THE_WAY}"}})', "{{state}}"),
          width=12, stacked=True),
    graph("Hand-overs", "By how they ended, at the source and at the target.", "none",
          ("sum by (role, outcome) (increase(baton_hand_overs_total{@both}[$__rate_interval]))",
           "{{role}} {{outcome}}")),
    graph("Leases taken", "Claimed from nobody, or accepted from their owner.", "none",
          ("sum by (how) (increase(baton_leases_taken_total{@both}[$__rate_interval]))",
           "{{how}}")),
    graph("Leases let go", "Fenced means that it was taken away. "
          "Runbook: docs/runbook/fenced-storm.md", "none",
          ("sum by (how) (increase(baton_leases_let_go_total{@both}[$__rate_interval]))",
           "{{how}}")),
]
TIMES = [
    heatmap("Pause of a hand-over", "From taking the offer until events arrive.", "s",
            "sum by (le) (increase(baton_hand_over_gap_seconds_bucket{@both}[$__rate_interval]))"),
    graph("Pause of a hand-over, quantiles", "The same, as numbers.", "s",
          *quantiles("baton_hand_over_gap_seconds{@both}", ["app"]), width=12),
    graph("Steps", "How long each step takes, in 99 of 100.", "s",
          *quantiles("baton_hand_over_step_seconds{@both}", ["step"], at=(0.99,)), width=12),
    graph("Pauses of shards that stayed",
          "How long a shard had no events, where it had them before.",
          "s", *quantiles("baton_session_gap_seconds{@both}", ["how"], at=(0.99,)), width=12),
]
COSTS = [
    graph("Sent once more", "What Discord replayed, and what of it the streams held already.",
          "none",
          ("sum(increase(baton_replayed_total{@both}[$__rate_interval]))", "replayed"),
          ("sum(increase(baton_replayed_skipped_total{@both}[$__rate_interval]))", "skipped")),
    graph("Sessions", "Resumed costs nothing; identified costs one of the day's.", "none",
          ("sum by (how) (increase(baton_sessions_total{@both}[$__rate_interval]))", "{{how}}")),
    graph("Conflicts", "Times that two believed that they were the one: `baton conflict ls`.",
          "none",
          ("sum by (kind) (increase(baton_conflicts_total{@instance}[$__rate_interval]))",
           "{{kind}}")),
]
DASHBOARD = dashboard("hand-over", "How shards move, and what it costs.", [
    ("Moves", MOVES), ("Times", TIMES), ("Costs", COSTS),
])
