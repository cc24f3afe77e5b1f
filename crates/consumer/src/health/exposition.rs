//! Numbers of a consumer, in the text format that Prometheus reads. Names end in their unit.

use std::fmt::Write;

use baton_model::Lane;

use super::{BUCKETS, HandlerHealth, Health, lanes::LaneFace};

/// The content type of the format.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all series.
pub(crate) fn write(health: &Health) -> String {
    let mut page = Page(String::with_capacity(4_096));
    page.head("baton_consumer_ready", "gauge", "Whether the consumer reads what it should.");
    page.sample("baton_consumer_ready", &[], u64::from(health.ensure_ready().is_ok()));
    about_handlers(&mut page, health);
    about_lanes(&mut page, health);
    page.0
}

/// A series for each handler, and how it is read.
type OfHandlers = (&'static str, &'static str, &'static str, fn(&HandlerHealth) -> u64);

fn about_handlers(page: &mut Page, health: &Health) {
    let handlers = health.handlers();
    let series: [OfHandlers; 4] = [
        ("baton_consumer_handled_total", "counter", "Deliveries handled.", |it| it.handled),
        ("baton_consumer_failed_total", "counter", "Attempts that failed.", |it| it.failed),
        ("baton_consumer_running", "gauge", "Deliveries being handled.", |it| it.running),
        ("baton_consumer_handler_well", "gauge", "Whether its last run was good.", |it| {
            u64::from(it.is_well())
        }),
    ];
    for (name, kind, help, value) in series {
        page.head(name, kind, help);
        for (handler, its) in &handlers {
            page.sample(name, &[("handler", handler)], value(its));
        }
    }
    let name = "baton_consumer_handler_seconds";
    page.head(name, "histogram", "How long runs of handlers took.");
    for (handler, its) in &handlers {
        let mut upto = 0;
        for (most, count) in BUCKETS.iter().zip(its.took) {
            upto += count;
            let is_last = *most == std::time::Duration::MAX;
            let le = if is_last { "+Inf".to_owned() } else { most.as_secs_f64().to_string() };
            page.sample(&format!("{name}_bucket"), &[("handler", handler), ("le", &le)], upto);
        }
        let labels = [("handler", handler.as_str())];
        page.sample(&format!("{name}_sum"), &labels, its.busy.as_secs_f64());
        page.sample(&format!("{name}_count"), &labels, its.handled + its.failed);
    }
}

/// A series for each lane, and how it is read.
type OfLanes = (&'static str, &'static str, &'static str, fn(&LaneFace) -> u64);

fn about_lanes(page: &mut Page, health: &Health) {
    let series: [OfLanes; 4] = [
        ("baton_consumer_lane_read", "gauge", "Whether the lane is read here.", |face| {
            u64::from(face.is_read)
        }),
        ("baton_consumer_lane_troubled", "gauge", "Whether the lane cannot be read.", |face| {
            u64::from(face.trouble.is_some())
        }),
        ("baton_consumer_entries_total", "counter", "Entries read.", |face| face.entries),
        ("baton_consumer_dead_letters_total", "counter", "Deliveries given up on.", |face| {
            face.dead_letters
        }),
    ];
    let lanes = health.lanes();
    for (name, kind, help, value) in series {
        page.head(name, kind, help);
        for (Lane(lane), face) in &lanes {
            page.sample(name, &[("lane", &lane.to_string())], value(face));
        }
    }
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        if labels.is_empty() {
            return self.line(format_args!("{name} {value}"));
        }
        let label = |(label, of): &(&str, &str)| format!("{label}=\"{}\"", escaped(of));
        let labels = labels.iter().map(label).collect::<Vec<_>>().join(",");
        self.line(format_args!("{name}{{{labels}}} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").unwrap_or_else(|_| unreachable!("a string takes it"));
    }
}

/// Names of handlers are whatever somebody thought of.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use baton_telemetry::catalogue::{Buckets, Kind, Metric, ShownBy, all};

    use super::*;
    use crate::{Handlers, machine::Ending};

    /// What it shows is what the catalogue says that a consumer shows, with the same words, labels
    /// and buckets.
    fn ensure_it_is_the_catalogue(page: &str) {
        let heads: BTreeSet<_> = page.lines().filter(|line| line.starts_with('#')).collect();
        let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let metrics: Vec<_> = all().filter(|metric| metric.shown_by == ShownBy::Consumer).collect();
        let mut expected = BTreeSet::new();
        for Metric { name, kind, help, labels, .. } in &metrics {
            expected.insert(format!("# HELP {name} {help}"));
            expected.insert(format!("# TYPE {name} {}", kind.as_str()));
            let bounds = match kind {
                Kind::Histogram(buckets) => buckets.bounds(),
                Kind::Counter | Kind::Gauge => &[],
            };
            let suffix = if bounds.is_empty() { "" } else { "_count" };
            let begins = match labels {
                [] => format!("{name}{suffix} "),
                [label] => format!("{name}{suffix}{{{}=", label.as_str()),
                more => panic!("{name} has {more:?}"),
            };
            assert!(samples.iter().any(|sample| sample.starts_with(&begins)), "{begins}");
        }
        assert_eq!(heads, expected.iter().map(String::as_str).collect());
        let bounds = BUCKETS.iter().filter(|bound| **bound != Duration::MAX);
        let bounds: Vec<_> = bounds.map(Duration::as_secs_f64).collect();
        assert_eq!(bounds, Buckets::Handler.bounds());
    }

    #[test]
    fn what_is_counted_is_shown_with_its_unit() {
        let health = Health::default();
        let handlers = Handlers::new().rest("a \"b\"", async |_| Ok::<_, std::io::Error>(()));
        health.runs(&handlers);
        health.knows_lanes();
        for ending in [Ending::Handled, Ending::Failed("no".to_owned())] {
            health.all()[0].note(&ending, Duration::from_millis(20));
        }
        health.read(Lane(3), 7);
        health.gave_up(Lane(3));
        let page = write(&health);
        for line in [
            "baton_consumer_ready 1",
            r#"baton_consumer_handled_total{handler="a \"b\""} 1"#,
            r#"baton_consumer_failed_total{handler="a \"b\""} 1"#,
            r#"baton_consumer_handler_well{handler="a \"b\""} 0"#,
            r#"baton_consumer_handler_seconds_bucket{handler="a \"b\"",le="0.005"} 0"#,
            r#"baton_consumer_handler_seconds_bucket{handler="a \"b\"",le="0.025"} 2"#,
            r#"baton_consumer_handler_seconds_bucket{handler="a \"b\"",le="+Inf"} 2"#,
            r#"baton_consumer_handler_seconds_sum{handler="a \"b\""} 0.04"#,
            r#"baton_consumer_handler_seconds_count{handler="a \"b\""} 2"#,
            r#"baton_consumer_lane_read{lane="3"} 1"#,
            r#"baton_consumer_entries_total{lane="3"} 7"#,
            r#"baton_consumer_dead_letters_total{lane="3"} 1"#,
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} is not in\n{page}");
        }
        ensure_it_is_the_catalogue(&page);
        let names = page.lines().filter(|line| !line.starts_with('#'));
        assert!(names.clone().count() > 12 && names.clone().all(|it| it.starts_with("baton_")));
    }
}
