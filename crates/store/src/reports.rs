//! Reports: what instances and consumers tell operators of themselves.

use std::future::Future;

use baton_model::{AppName, ConsumerReport, InstanceId, InstanceReport, limits::REPORT_BYTES_MAX};
use thiserror::Error;

use crate::{FieldsError, StoreError, error::unhappy, stored};

/// Why a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    /// Who wants to see them all would have too much to read.
    #[error("report has {0} bytes; expected at most {REPORT_BYTES_MAX}")]
    TooLarge(usize),
    /// Nobody beats under this id: its report would stay for ever.
    #[error("the instance is no member; it must beat first")]
    NotAMember,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(ReportError);

/// A report as it is found: an error about it is no error of the others.
pub type FoundReport = Result<InstanceReport, FieldsError>;

/// A consumer's report as it is found, and likewise.
pub type FoundConsumerReport = Result<ConsumerReport, FieldsError>;

/// The latest report of each member, and of each consumer.
///
/// They are advisory: for people, and lost without harm. Each is replaced whole by the next.
pub trait Reports {
    /// Writes a member's report in place of its last one. Repeating it changes nothing. It goes
    /// when its instance is [forgotten](crate::Membership::forget), in the same atomic step.
    fn report(
        &self,
        me: InstanceId,
        report: &InstanceReport,
    ) -> impl Future<Output = Result<(), ReportError>> + Send;

    /// Everybody's report, ordered by instance. Who has not reported yet is missing.
    fn reports(
        &self,
    ) -> impl Future<Output = Result<Vec<(InstanceId, FoundReport)>, StoreError>> + Send;

    /// What the consumers of an app tell of their handlers, each under whatever name it has written
    /// it, ordered by that. Consumers write it by themselves (`docs/protocol.md`), and remove what
    /// the dead have left: what is found may be out of date.
    fn consumer_reports(
        &self,
        app: &AppName,
    ) -> impl Future<Output = Result<Vec<(String, FoundConsumerReport)>, StoreError>> + Send;
}

/// A report as a store keeps it.
///
/// # Errors
/// [`ReportError::TooLarge`] if no store keeps it.
pub fn written_report(report: &InstanceReport) -> Result<String, ReportError> {
    let text = stored::report::encode(report);
    match text.len() {
        0..=REPORT_BYTES_MAX => Ok(text),
        bytes => Err(ReportError::TooLarge(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{
        AppCondition, AppReport, AppSource, Generation, HealthLevel, Line, ShardNumber, ShardState,
        ShardStates, UnixMicros,
    };

    use super::*;

    /// A report about so many shards of a large app, in states that alternate.
    fn about(shards: u32) -> InstanceReport {
        let state = |number| if number % 2 == 0 { ShardState::Live } else { ShardState::Resuming };
        let numbers = 0..shards;
        let states: ShardStates =
            numbers.map(|number| (state(number), ShardNumber(8_000 + number))).collect();
        let app = AppReport {
            condition: AppCondition::Running,
            source: AppSource::File,
            lag_ms_worst: 0,
            identify_waiting: 0,
            shards: [(Generation(0), states)].into(),
        };
        InstanceReport {
            at: UnixMicros(1_700_000_000_000_000),
            name: Line::shortened("alloc"),
            pid: 1,
            health: HealthLevel::Healthy,
            reasons: Vec::new(),
            resident_bytes: None,
            ring_bytes: 0,
            ring_bytes_max: 0,
            dispatches: 0,
            apps: [("bot".parse().unwrap(), app)].into(),
        }
    }

    #[test]
    fn eight_thousand_shards_in_alternating_states_fit_and_twice_as_many_do_not() {
        let text = written_report(&about(8_000)).unwrap();
        assert!(text.len() > REPORT_BYTES_MAX / 2, "{}", text.len());
        let error = written_report(&about(16_000)).unwrap_err();
        assert!(matches!(error, ReportError::TooLarge(_)), "{error}");
    }
}
