//! A consumer's report in the handlers' hash, as JSON behind the version of the contract.

use baton_model::{ConsumerReport, StoreMillis, limits::CONSUMER_REPORT_BYTES_MAX};
use serde::{Deserialize, Serialize};

use crate::fields::{FORMAT, FieldsError, malformed};

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    #[serde(flatten)]
    report: &'a ConsumerReport,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The report as it is written. Handlers for which there is no room, the last ones, are left out,
/// and counted.
#[must_use]
pub fn encode(report: &ConsumerReport) -> String {
    let mut report = report.clone();
    loop {
        let text = serde_json::to_string(&Written { v: FORMAT, report: &report })
            .unwrap_or_else(|error| unreachable!("a report is plain data: {error}"));
        if text.len() <= CONSUMER_REPORT_BYTES_MAX || report.handlers.pop().is_none() {
            return text;
        }
        report.left_out = report.left_out.saturating_add(1);
    }
}

/// Reads a report.
///
/// # Errors
/// If it is none, is too long for one, or has a format that this Baton does not know.
pub fn decode(value: &[u8]) -> Result<ConsumerReport, FieldsError> {
    let not_one = |_| malformed("report", value, "a consumer's report");
    if value.len() > CONSUMER_REPORT_BYTES_MAX {
        return Err(malformed("report", value, "a consumer's report of at most 16 KiB"));
    }
    match serde_json::from_slice(value).map_err(not_one)? {
        Version { v: FORMAT } => serde_json::from_slice(value).map_err(not_one),
        Version { v: newer } => Err(FieldsError::Format(newer)),
    }
}

/// When a report was written, whatever else it says: in every version it says so.
#[must_use]
pub fn told_at(value: &[u8]) -> Option<StoreMillis> {
    #[derive(Deserialize)]
    struct Told {
        at: StoreMillis,
    }
    serde_json::from_slice(value).ok().map(|Told { at }| at)
}

#[cfg(test)]
mod tests {
    use baton_model::{HandlerReport, Line};
    use proptest::prelude::*;

    use super::*;

    fn line() -> impl Strategy<Value = Line> {
        "\\PC{0,40}".prop_map(|text| text.parse().unwrap())
    }

    fn handler() -> impl Strategy<Value = HandlerReport> {
        let numbers = any::<(u64, u64, u64, u64, u64)>();
        (line(), numbers, proptest::option::of(line())).prop_map(|(name, numbers, error)| {
            let (handled, failed, failed_in_a_row, running, busy_ms) = numbers;
            HandlerReport { name, handled, failed, failed_in_a_row, running, busy_ms, error }
        })
    }

    fn report() -> impl Strategy<Value = ConsumerReport> {
        let handlers = proptest::collection::vec(handler(), 0..4);
        (any::<u64>(), line(), line(), handlers, any::<u32>()).prop_map(
            |(at, group, consumer, handlers, left_out)| {
                let at = StoreMillis(at);
                ConsumerReport { at, group, consumer, handlers, left_out }
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

    const LEAST: &str = r#"{"v":1,"at":7,"group":"g","consumer":"c","colour":1,
        "handlers":[{"name":"n","handled":3,"failed":0,"mood":"fine"}]}"#;

    #[test]
    fn what_may_be_missing_may_be_missing_and_what_is_unknown_is_ignored() {
        let report = decode(LEAST.as_bytes()).unwrap();
        let [handler] = &report.handlers[..] else { panic!("{report:?}") };
        assert_eq!((report.left_out, handler.handled, &handler.error), (0, 3, &None));
    }

    #[test]
    fn a_newer_format_is_named_and_not_guessed_at() {
        let newer = LEAST.replace(r#""v":1"#, r#""v":2"#);
        assert_eq!(decode(newer.as_bytes()), Err(FieldsError::Format(2)));
        assert_eq!(told_at(newer.as_bytes()), Some(StoreMillis(7)));
    }

    #[test]
    fn what_has_no_room_is_left_out_and_counted_and_what_is_too_long_is_not_read() {
        let long = Line::shortened(&"\\".repeat(999));
        let handler = HandlerReport {
            name: long.clone(),
            handled: u64::MAX,
            failed: u64::MAX,
            failed_in_a_row: u64::MAX,
            running: u64::MAX,
            busy_ms: u64::MAX,
            error: Some(long.clone()),
        };
        let (group, consumer) = (long.clone(), long);
        let handlers = vec![handler; 100];
        let at = StoreMillis(u64::MAX);
        let text = encode(&ConsumerReport { at, group, consumer, handlers, left_out: 2 });
        let read = decode(text.as_bytes()).unwrap();
        assert!(text.len() > CONSUMER_REPORT_BYTES_MAX / 2 && read.handlers.len() >= 8);
        assert_eq!(read.handlers.len() + usize::try_from(read.left_out).unwrap(), 102);
        let padded = format!("{text}{}", " ".repeat(CONSUMER_REPORT_BYTES_MAX));
        assert!(decode(padded.as_bytes()).is_err());
    }
}
