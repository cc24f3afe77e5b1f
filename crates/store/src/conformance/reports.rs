//! What instances tell of themselves. Cases share the fleet, so each looks for its own.

use baton_model::{
    AppCondition, AppReport, AppSource, Beat, Generation, HealthLevel, InstanceId, InstanceReport,
    Line, ShardNumber, ShardState, UnixMicros, limits::REPORT_BYTES_MAX,
};

use super::scope::{Scope, record};
use crate::{ReportError, Reports, Store};

fn report(scope: &Scope, at: u64) -> InstanceReport {
    let states = [(ShardState::Live, ShardNumber(0)), (ShardState::BackingOff, ShardNumber(7))];
    let app = AppReport {
        condition: AppCondition::Rejected { code: 4_004, remedy: Line::shortened("a new token") },
        source: AppSource::Store,
        lag_ms_worst: 12,
        identify_waiting: 3,
        shards: [(Generation(1), states.into_iter().collect())].into(),
    };
    InstanceReport {
        at: UnixMicros(at),
        name: Line::shortened("h\u{f4}te-1"),
        pid: 42,
        health: HealthLevel::Degraded,
        reasons: vec![Line::shortened("Discord rejects an app")],
        resident_bytes: Some(1 << 40),
        ring_bytes: 5,
        ring_bytes_max: 6,
        dispatches: u64::MAX,
        apps: [(scope.app().clone(), app)].into(),
    }
}

/// The latest report of an instance.
async fn found<S: Reports>(s: &S, id: InstanceId) -> Option<InstanceReport> {
    let reports = s.reports().await.expect("read");
    assert!(reports.is_sorted_by_key(|(id, _)| *id));
    let (_, found) = reports.into_iter().find(|(found, _)| *found == id)?;
    Some(found.expect("it can be read"))
}

pub(super) async fn the_latest_report_of_each_is_read_as_it_was_written<S: Store>(
    s: S,
    scope: Scope,
) {
    let (me, other) = (scope.instance(1), scope.instance(2));
    for id in [me, other] {
        s.beat(id, Beat(1), &record()).await.expect("beaten");
        assert_eq!(found(&s, id).await, None);
    }
    for at in [1, 2] {
        s.report(me, &report(&scope, at)).await.expect("taken");
    }
    s.report(other, &report(&scope, 9)).await.expect("taken");
    assert_eq!(found(&s, me).await, Some(report(&scope, 2)));
    assert_eq!(found(&s, other).await, Some(report(&scope, 9)));
}

pub(super) async fn an_app_of_whose_consumers_nobody_has_heard_has_no_reports<S: Store>(
    s: S,
    scope: Scope,
) {
    assert_eq!(s.consumer_reports(scope.app()).await, Ok(Vec::new()));
}

pub(super) async fn only_members_report<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    assert_eq!(s.report(me, &report(&scope, 1)).await, Err(ReportError::NotAMember));
    assert_eq!(found(&s, me).await, None);
}

pub(super) async fn a_forgotten_instance_leaves_no_report<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    s.beat(me, Beat(7), &record()).await.expect("beaten");
    s.report(me, &report(&scope, 1)).await.expect("taken");
    s.forget(me, Beat(6)).await.expect("nothing to forget");
    assert!(found(&s, me).await.is_some(), "it has beaten since");
    s.forget(me, Beat(7)).await.expect("forgotten");
    assert_eq!(found(&s, me).await, None);
    s.beat(me, Beat(8), &record()).await.expect("back again");
    assert_eq!(found(&s, me).await, None);
}

pub(super) async fn a_report_that_nobody_could_read_is_refused<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    s.beat(me, Beat(1), &record()).await.expect("beaten");
    s.report(me, &report(&scope, 1)).await.expect("taken");
    let reason = Line::shortened(&"x".repeat(100));
    let long = InstanceReport { reasons: vec![reason; 1_000], ..report(&scope, 2) };
    let refused = s.report(me, &long).await;
    let is_too_large =
        matches!(refused, Err(ReportError::TooLarge(size)) if size > REPORT_BYTES_MAX);
    assert!(is_too_large, "{refused:?}");
    assert_eq!(found(&s, me).await, Some(report(&scope, 1)));
}
