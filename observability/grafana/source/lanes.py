"""Streams, who reads them, and how they fare; the archiver; copies for @discordjs/brokers."""

from dashboard import dashboard, variable
from panel import graph, quantiles, stat

LANE = variable("lane", "Lane", 'label_values(baton_lane_entries{job="$job", app=~"$app"}, lane)')
GROUP = variable("group", "Group",
                 'label_values(baton_group_pending_entries{job="$job", app=~"$app"}, group)')
CONSUMER = variable("consumer", "Consumers", "label_values(baton_consumer_ready, job)")
ARCHIVER = variable("archiver", "Archiver", "label_values(baton_archiver_lanes, job)")
OF_LANE = '@app, lane=~"$lane"'
OF_GROUP = OF_LANE + ', group=~"$group"'


def of_lane(title, description, unit, metric):
    return graph(title, description, unit,
                 (f"max by (app, lane) ({metric}{{{OF_LANE}}})", "{{app}} {{lane}}"))


def of_group(title, description, unit, metric, **more):
    return graph(title, description, unit,
                 (f"sum by (app, group) (max by (app, lane, group) ({metric}{{{OF_GROUP}}}))",
                  "{{app}} {{group}}"), **more)


def more_of(metric, by, matchers):
    legend = " ".join("{{" + label + "}}" for label in by)
    query = f"sum by ({', '.join(by)}) (increase({metric}{{{matchers}}}[$__rate_interval]))"
    return (query, legend)


LANES = [
    of_lane("Entries", "What a lane holds.", "none", "baton_lane_entries"),
    of_lane("Bytes", "What that takes up in the store, roughly.", "bytes", "baton_lane_bytes"),
    of_lane("Oldest entry", "How far back a new group could read.", "s",
            "baton_lane_oldest_seconds"),
    graph("Trimmed", "Entries that were removed.", "none",
          more_of("baton_lane_trimmed_total", ["app", "lane"], OF_LANE)),
    graph("Trimmed unread", "Removed before a living group had read them. "
          "Runbook: docs/runbook/unread-trimmed.md", "none",
          more_of("baton_lane_trimmed_unread_total", ["app", "lane"], OF_LANE), red_from=1),
    of_lane("Commands in lanes", "Dealt with or not.", "none", "baton_lane_commands"),
]
GROUPS = [
    of_group("Not given yet", "Entries that a group has still to be given.", "none",
             "baton_group_lag_entries"),
    of_group("Not acknowledged", "Entries that a group was given.", "none",
             "baton_group_pending_entries"),
    graph("Oldest unread", "The age of the oldest entry that is not acknowledged. "
          "Runbook: docs/runbook/consumer-lagging.md", "s",
          (f"max by (app, group) (baton_group_oldest_unread_seconds{{{OF_GROUP}}})",
           "{{app}} {{group}}"), red_from=300),
    of_group("Consumers, over lanes", "Consumers of a group, counted once a lane.", "none",
             "baton_group_consumers"),
    of_group("Dead letters", "What a group gave up on. Runbook: docs/runbook/dead-letters.md",
             "none", "baton_group_dead_letters", red_from=1),
    graph("Commands", "What became of commands to Discord.", "none",
          more_of("baton_commands_total", ["app", "outcome"], "@both")),
]
CONSUMERS = [
    stat("Ready", "Consumers that read what they should.", "none",
         "sum(baton_consumer_ready{@consumer})"),
    graph("Handled", "Deliveries, by handler.", "ops",
          ("sum by (handler) (rate(baton_consumer_handled_total{@consumer}[$__rate_interval]))",
           "{{handler}}"), width=7),
    graph("Failed", "Attempts, by handler.", "ops",
          ("sum by (handler) (rate(baton_consumer_failed_total{@consumer}[$__rate_interval]))",
           "{{handler}}"), width=7),
    graph("Handlers' times", "How long a run takes.", "s",
          *quantiles("baton_consumer_handler_seconds{@consumer}", ["handler"]), width=7),
    graph("Running", "Deliveries being handled.", "none",
          ("sum by (handler) (baton_consumer_running{@consumer})", "{{handler}}")),
    graph("Handlers that fail", "Consumers whose last run of a handler failed.", "none",
          ("sum by (handler) (1 - baton_consumer_handler_well{@consumer})", "{{handler}}")),
    graph("Lanes read", "By consumer; those in trouble count there.", "none",
          ("sum by (instance) (baton_consumer_lane_read{@consumer})", "{{instance}}"),
          ("sum by (instance) (baton_consumer_lane_troubled{@consumer})",
           "{{instance}} in trouble")),
    graph("Read", "Entries, by consumer.", "ops",
          ("sum by (instance) (rate(baton_consumer_entries_total{@consumer}[$__rate_interval]))",
           "{{instance}}"), width=12),
    graph("Given up on", "Deliveries, by consumer.", "none",
          more_of("baton_consumer_dead_letters_total", ["instance"], "@consumer"), width=12),
]
ARCHIVE = [
    graph("Archived", "Entries and objects put into the archive.", "none",
          more_of("baton_archiver_entries_total", ["instance"], "@archiver"),
          ("sum(increase(baton_archiver_objects_total{@archiver}[$__rate_interval]))", "objects")),
    graph("Bytes archived", "Before and after compression.", "Bps",
          ("sum(rate(baton_archiver_lines_bytes_total{@archiver}[$__rate_interval]))", "lines"),
          ("sum(rate(baton_archiver_object_bytes_total{@archiver}[$__rate_interval]))", "objects")),
    graph("Held", "What is not put yet.", "bytes",
          ("sum by (instance) (baton_archiver_held_bytes{@archiver})", "{{instance}}")),
    graph("Lanes archived", "Read here, and those of them that do not get on.", "none",
          ("sum(baton_archiver_lanes{@archiver})", "read"),
          ("sum(baton_archiver_lanes_in_trouble{@archiver})", "in trouble"), width=12),
    graph("Archive: once more, or not at all", "Repeated and superseded cost nothing but work.",
          "none",
          ("sum(increase(baton_archiver_repeated_total{@archiver}[$__rate_interval]))", "repeated"),
          ("sum(increase(baton_archiver_superseded_total{@archiver}[$__rate_interval]))",
           "superseded"),
          ("sum(increase(baton_archiver_dead_letters_total{@archiver}[$__rate_interval]))",
           "given up on"), width=12),
]
BROKERS = [
    graph("Copies missing or unread", "Events without their copy, and copies trimmed unread. "
          "Runbook: docs/runbook/unread-trimmed.md", "none",
          more_of("baton_brokers_copies_missing_total", ["instance"], "@instance"),
          ("sum(increase(baton_brokers_copies_unread_total{@instance}[$__rate_interval]))",
           "unread"), red_from=1),
    graph("Commands of brokers", "Routed to their lanes, or no commands at all.", "none",
          ("sum(increase(baton_brokers_commands_routed_total{@instance}[$__rate_interval]))",
           "routed"),
          ("sum(increase(baton_brokers_commands_unroutable_total{@instance}[$__rate_interval]))",
           "no commands")),
    graph("Groups removed", "Groups of brokers that nobody read with.", "none",
          ("sum(increase(baton_brokers_groups_removed_total{@instance}[$__rate_interval]))",
           "removed")),
]
DASHBOARD = dashboard("lanes", "Streams, who reads them, and how they fare.", [
    ("Lanes", LANES), ("Groups", GROUPS), ("Consumers of the SDK", CONSUMERS),
    ("Archive", ARCHIVE), ("@discordjs/brokers", BROKERS),
], LANE, GROUP, CONSUMER, ARCHIVER)
