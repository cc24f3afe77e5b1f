//! An instance's report in the reports' hash, as JSON.

use baton_model::InstanceReport;

use crate::fields::{FieldsError, malformed};

/// The report as it is written.
#[must_use]
pub fn encode(report: &InstanceReport) -> String {
    serde_json::to_string(report)
        .unwrap_or_else(|error| unreachable!("a report is plain data: {error}"))
}

/// Reads a report.
///
/// # Errors
/// If it is none, or one of a Baton so new that this one cannot read it.
pub fn decode(value: &[u8]) -> Result<InstanceReport, FieldsError> {
    serde_json::from_slice(value).map_err(|_| malformed("report", value, "an instance's report"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use baton_model::{
        AppCondition, AppReport, AppSource, Generation, HealthLevel, Line, ShardNumber, ShardState,
        ShardStates, UnixMicros,
    };
    use proptest::prelude::*;

    use super::*;

    fn line() -> impl Strategy<Value = Line> {
        "\\PC{0,40}".prop_map(|text| text.parse().unwrap())
    }

    fn states() -> impl Strategy<Value = ShardStates> {
        let state = proptest::sample::select(ShardState::ALL);
        let known = proptest::collection::vec((state, (0..99_u32).prop_map(ShardNumber)), 0..20);
        let unknown = proptest::collection::vec((0..99_u32).prop_map(ShardNumber), 0..3);
        (known, unknown).prop_map(|(known, unknown)| ShardStates {
            unknown: unknown.into_iter().collect(),
            ..known.into_iter().collect()
        })
    }

    fn app() -> impl Strategy<Value = AppReport> {
        let condition = prop_oneof![
            line().prop_map(|because| AppCondition::Starting { because }),
            Just(AppCondition::Running),
            (any::<u16>(), line())
                .prop_map(|(code, remedy)| AppCondition::Rejected { code, remedy }),
            Just(AppCondition::Unknown),
        ];
        let generation = any::<u32>().prop_map(Generation);
        let shards = proptest::collection::btree_map(generation, states(), 0..3);
        (condition, any::<u64>(), any::<u32>(), shards).prop_map(
            |(condition, lag_ms_worst, identify_waiting, shards)| AppReport {
                condition,
                source: AppSource::Store,
                lag_ms_worst,
                identify_waiting,
                shards,
            },
        )
    }

    fn report() -> impl Strategy<Value = InstanceReport> {
        let health = proptest::sample::select(vec![
            HealthLevel::Healthy,
            HealthLevel::Degraded,
            HealthLevel::Unhealthy,
            HealthLevel::Fatal,
            HealthLevel::Unknown,
        ]);
        let apps = proptest::collection::btree_map("[a-z]{1,8}", app(), 0..3);
        let reasons = proptest::collection::vec(line(), 0..3);
        let numbers = any::<(u64, u32, Option<u64>, u64, u64, u64)>();
        (line(), health, reasons, apps, numbers).prop_map(
            |(name, health, reasons, apps, numbers)| InstanceReport {
                at: UnixMicros(numbers.0),
                name,
                pid: numbers.1,
                health,
                reasons,
                resident_bytes: numbers.2,
                ring_bytes: numbers.3,
                ring_bytes_max: numbers.4,
                dispatches: numbers.5,
                apps: apps.into_iter().map(|(app, of)| (app.parse().unwrap(), of)).collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn a_report_reads_as_it_was_written(report in report()) {
            prop_assert_eq!(decode(encode(&report).as_bytes()), Ok(report));
        }

        #[test]
        fn anything_else_is_an_error_never_a_panic(
            value in proptest::collection::vec(any::<u8>(), 0..40)
        ) {
            prop_assert!(decode(&value).is_err());
        }
    }

    #[test]
    fn a_report_of_a_newer_baton_is_read_as_far_as_it_is_known() {
        let newer = r#"{"at":7,"name":"a","pid":1,"health":"sleepy","reasons":[],"mood":"fine",
            "resident_bytes":null,"ring_bytes":0,"ring_bytes_max":0,"dispatches":0,"apps":{"bot":
            {"condition":"migrating","to":"x","lag_ms_worst":3,"identify_waiting":0,"shards":
            {"1":{"live":"0-2","asleep":"3,5","adrift":"4"}},"colour":1}}}"#;
        let report = decode(newer.as_bytes()).unwrap();
        assert_eq!(report.health, HealthLevel::Unknown);
        let app = &report.apps[&"bot".parse().unwrap()];
        assert_eq!((&app.condition, app.lag_ms_worst), (&AppCondition::Unknown, 3));
        let states = &app.shards[&Generation(1)];
        assert_eq!(states.unknown.to_string(), "3-5");
        let live = "0-2".parse().unwrap();
        assert_eq!(states.known, BTreeMap::from([(ShardState::Live, live)]));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let error = decode(br#"{"at":7}"#).unwrap_err();
        assert!(error.to_string().ends_with("expected an instance's report"), "{error}");
    }
}
