//! The catalogue keeps Prometheus' rules, and `docs/metrics.md` says what it says.

use std::{collections::BTreeSet, fs, path::Path};

use baton_telemetry::{
    catalogue::{Buckets, Kind, Label, Metric, ShownBy, Unit, all},
    reference,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");

const GENERATED: &str =
    "<!-- What follows is written by the code; a test says if it differs. -->\n\n";

fn broken(rule: &str, is_broken: impl Fn(&Metric) -> bool) {
    let names: Vec<_> = all().filter(|metric| is_broken(metric)).map(|it| it.name).collect();
    assert!(names.is_empty(), "{rule}: {names:?}");
}

#[test]
fn the_page_has_every_metric_as_the_code_has_it() {
    let page = fs::read_to_string(Path::new(PAGE)).expect("it is there");
    let (before, written) = page.split_once(GENERATED).expect("the line before the generated part");
    let expected = reference();
    if std::env::var_os("BLESS").is_some() {
        fs::write(PAGE, format!("{before}{GENERATED}{expected}")).expect("it can be written");
        return;
    }
    for (at, (written, expected)) in written.lines().zip(expected.lines()).enumerate() {
        assert_eq!(written, expected, "line {at} of what the code writes; BLESS=1 writes it");
    }
    assert_eq!(written, expected);
}

#[test]
fn a_name_is_given_once() {
    let names: BTreeSet<_> = all().map(|metric| metric.name).collect();
    assert_eq!(names.len(), all().count());
}

#[test]
fn names_keep_the_rules_of_prometheus() {
    let is_of_name = |it: char| it.is_ascii_lowercase() || it == '_';
    broken("baton_ and small letters", |metric| {
        !metric.name.starts_with("baton_") || !metric.name.chars().all(is_of_name)
    });
    broken("_total is for counters, and all of them have it", |metric| {
        metric.name.ends_with("_total") != (metric.kind == Kind::Counter)
    });
    broken("what a histogram adds to its name belongs to nobody else", |metric| {
        ["_count", "_sum", "_bucket"].iter().any(|suffix| metric.name.ends_with(suffix))
    });
    broken("the unit is in the name", |metric| match metric.unit {
        Unit::Seconds | Unit::UnixSeconds => !metric.name.contains("_seconds"),
        Unit::Bytes => !metric.name.contains("_bytes"),
        Unit::Count | Unit::YesNo | Unit::Epoch => {
            metric.name.contains("_seconds") || metric.name.contains("_bytes")
        }
    });
    broken("base units only", |metric| {
        ["milli", "micro", "_ms", "_kb", "_mb", "minutes", "percent"]
            .iter()
            .any(|unit| metric.name.contains(unit))
    });
}

#[test]
fn no_series_has_an_event_and_a_shard() {
    broken("never both", |metric| {
        metric.labels.contains(&Label::Event) && metric.labels.contains(&Label::Shard)
    });
}

#[test]
fn what_has_a_shard_can_be_switched_off() {
    broken("a shard's label, and only that, makes a series of its shard", |metric| {
        metric.labels.contains(&Label::Shard) != (metric.shown_by == ShownBy::GatewayPerShard)
    });
    broken("a shard is of an app", |metric| {
        metric.labels.contains(&Label::Shard) && !metric.labels.contains(&Label::App)
    });
}

#[test]
fn a_label_stands_once_and_help_is_one_line_of_text() {
    broken("labels differ", |metric| {
        let labels: BTreeSet<_> = metric.labels.iter().collect();
        labels.len() != metric.labels.len()
    });
    broken("help is a sentence", |metric| {
        metric.help.contains('\n') || !metric.help.ends_with('.') || metric.help.contains("  ")
    });
    let used: BTreeSet<_> = all().flat_map(|metric| metric.labels).collect();
    assert_eq!(used, Label::ALL.iter().collect(), "every label is of use");
}

#[test]
fn bounds_of_buckets_grow() {
    for buckets in Buckets::ALL {
        let bounds = buckets.bounds();
        assert!(bounds.len() > 3 && bounds.windows(2).all(|two| two[0] < two[1]), "{buckets:?}");
    }
}
