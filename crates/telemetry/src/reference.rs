//! The catalogue, for reading: the tables of `docs/metrics.md`.

use crate::catalogue::{Buckets, GROUPS, Kind, Label, Metric, ShownBy, Unit};

/// Every metric with what it says, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    for (about, metrics) in GROUPS {
        text +=
            &format!("## {about}\n\n| metric | kind | labels | shown by |\n|---|---|---|---|\n");
        metrics.iter().for_each(|metric| text += &row(metric));
        text += "\n";
        metrics
            .iter()
            .for_each(|metric| text += &format!("- `{}`: {}\n", metric.name, metric.help));
        text += "\n";
    }
    text += "## Labels\n\n";
    for label in Label::ALL {
        text += &format!("- `{}`: {}\n", label.as_str(), label.meaning());
    }
    text += "\n## Buckets\n\nUpper bounds; the last is `+Inf`.\n\n";
    for buckets in Buckets::ALL {
        let bounds: Vec<_> = buckets.bounds().iter().map(ToString::to_string).collect();
        text += &format!("- {}: {}\n", name_of(buckets), bounds.join(", "));
    }
    text
}

fn row(metric: &Metric) -> String {
    let Metric { name, labels, .. } = metric;
    let labels: Vec<_> = labels.iter().map(|label| format!("`{}`", label.as_str())).collect();
    let kind = match metric.kind {
        Kind::Histogram(buckets) => format!("histogram ({})", name_of(buckets)),
        Kind::Counter | Kind::Gauge => metric.kind.as_str().to_owned(),
    };
    let kind = format!("{kind}, {}", unit_of(metric.unit));
    format!("| `{name}` | {kind} | {} | {} |\n", labels.join(" "), shown_by(metric.shown_by))
}

const fn unit_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Seconds => "seconds",
        Unit::UnixSeconds => "seconds since 1970",
        Unit::Bytes => "bytes",
        Unit::YesNo => "1 or 0",
        Unit::Epoch => "a number",
    }
}

const fn name_of(buckets: Buckets) -> &'static str {
    match buckets {
        Buckets::RoundTrip => "round trips",
        Buckets::Move => "moves",
        Buckets::Wait => "waiting",
        Buckets::Batch => "batches",
        Buckets::Handler => "handlers",
    }
}

const fn shown_by(shown_by: ShownBy) -> &'static str {
    match shown_by {
        ShownBy::Gateway => "every instance",
        ShownBy::GatewayPerShard => "every instance, if `telemetry.per_shard` says so",
        ShownBy::Planner => "the planner",
        ShownBy::LaneKeeper => "whoever holds the lane's first shard",
        ShownBy::Consumer => "every consumer of the SDK",
        ShownBy::Archiver => "the archiver",
    }
}
