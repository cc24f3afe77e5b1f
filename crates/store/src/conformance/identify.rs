//! The identify budget.

use std::time::Duration;

use baton_model::limits::IDENTIFY_SPACING;

use super::scope::Scope;
use crate::{SessionStartLimit, Store, Take};

/// The store's clock counts whole milliseconds, and may be corrected while a case runs.
const CLOCK_SLACK: Duration = Duration::from_millis(50);

const HOUR: Duration = Duration::from_secs(3_600);

fn limit(total: u32, remaining: u32, reset_after: Duration) -> SessionStartLimit {
    SessionStartLimit { total, remaining, reset_after }
}

pub(super) async fn nothing_is_granted_before_the_limit_is_known<S: Store>(s: S, scope: Scope) {
    assert_eq!(s.identify_limit(scope.app()).await, Ok(None));
    assert_eq!(s.take_identify(scope.app(), 0).await, Ok(Take::Unlearned));
    s.learn_limit(scope.app(), limit(1_000, 900, HOUR)).await.expect("learned");
    let known = s.identify_limit(scope.app()).await.expect("read").expect("known");
    assert_eq!((known.total, known.remaining), (1_000, 900));
    assert!(known.reset_after <= HOUR && known.reset_after > HOUR / 2);
    let taken = s.take_identify(scope.app(), 0).await;
    assert_eq!(taken, Ok(Take::Granted { remaining: 899 }));
}

pub(super) async fn a_bucket_is_granted_once_in_its_spacing<S: Store>(s: S, scope: Scope) {
    s.learn_limit(scope.app(), limit(1_000, 900, HOUR)).await.expect("learned");
    let started = tokio::time::Instant::now();
    let mut takes = Vec::new();
    for _ in 0..8 {
        let (s, app) = (s.clone(), scope.app().clone());
        takes.push(tokio::spawn(async move { s.take_identify(&app, 3).await }));
    }
    let mut granted = 0;
    let mut wait = Duration::ZERO;
    for take in takes {
        match take.await.expect("no panic") {
            Ok(Take::Granted { remaining }) => {
                assert_eq!(remaining, 899);
                granted += 1;
            }
            Ok(Take::Wait(left)) => wait = wait.max(left),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(granted, 1);
    assert!(wait <= IDENTIFY_SPACING);
    assert!(wait + started.elapsed() + CLOCK_SLACK >= IDENTIFY_SPACING, "{wait:?}");

    // Who asks too early is refused until the spacing has passed, and then granted.
    loop {
        match s.take_identify(scope.app(), 3).await {
            Ok(Take::Wait(left)) => tokio::time::sleep(left.min(HOUR)).await,
            Ok(Take::Granted { remaining }) => break assert_eq!(remaining, 898),
            other => panic!("{other:?}"),
        }
    }
    let passed = started.elapsed();
    assert!(passed + CLOCK_SLACK >= IDENTIFY_SPACING, "{passed:?}");
}

pub(super) async fn buckets_do_not_wait_for_each_other<S: Store>(s: S, scope: Scope) {
    s.learn_limit(scope.app(), limit(1_000, 900, HOUR)).await.expect("learned");
    for bucket in 0..16 {
        let taken = s.take_identify(scope.app(), bucket).await;
        assert_eq!(taken, Ok(Take::Granted { remaining: 899 - bucket }));
    }
}

pub(super) async fn the_reserve_is_never_granted<S: Store>(s: S, scope: Scope) {
    s.learn_limit(scope.app(), limit(1_991, 202, HOUR)).await.expect("learned");
    for bucket in 0..2 {
        let taken = s.take_identify(scope.app(), bucket).await;
        assert!(matches!(taken, Ok(Take::Granted { .. })), "{taken:?}");
    }
    for bucket in 2..6 {
        match s.take_identify(scope.app(), bucket).await {
            Ok(Take::Exhausted { reset_after }) => {
                assert!(reset_after <= HOUR && reset_after > HOUR / 2);
            }
            other => panic!("a tenth of 1,991 is 199.1, so 200 are kept: {other:?}"),
        }
    }
    s.learn_limit(scope.app(), limit(60, 50, 2 * HOUR)).await.expect("learned");
    let taken = s.take_identify(scope.app(), 7).await;
    assert!(matches!(taken, Ok(Take::Exhausted { .. })), "50 are kept at least: {taken:?}");
}

pub(super) async fn within_a_window_the_lower_remainder_stands<S: Store>(s: S, scope: Scope) {
    s.learn_limit(scope.app(), limit(1_000, 500, HOUR)).await.expect("learned");
    s.take_identify(scope.app(), 0).await.expect("granted");
    s.learn_limit(scope.app(), limit(1_000, 500, HOUR)).await.expect("learned");
    let known = s.identify_limit(scope.app()).await.expect("read").expect("known");
    assert_eq!(known.remaining, 499, "Discord has not counted the permit yet");
    s.learn_limit(scope.app(), limit(1_000, 300, HOUR)).await.expect("learned");
    let known = s.identify_limit(scope.app()).await.expect("read").expect("known");
    assert_eq!(known.remaining, 300, "others have used some");
}

pub(super) async fn a_reset_starts_anew<S: Store>(s: S, scope: Scope) {
    s.learn_limit(scope.app(), limit(1_000, 100, HOUR)).await.expect("learned");
    let taken = s.take_identify(scope.app(), 0).await;
    assert!(matches!(taken, Ok(Take::Exhausted { .. })), "{taken:?}");
    s.learn_limit(scope.app(), limit(1_000, 1_000, 24 * HOUR)).await.expect("learned");
    let taken = s.take_identify(scope.app(), 0).await;
    assert_eq!(taken, Ok(Take::Granted { remaining: 999 }), "its reset belongs to a new window");

    s.learn_limit(scope.app(), limit(1_000, 100, Duration::ZERO)).await.expect("learned");
    let taken = s.take_identify(scope.app(), 1).await;
    assert_eq!(taken, Ok(Take::Granted { remaining: 999 }), "the window is over");
}
