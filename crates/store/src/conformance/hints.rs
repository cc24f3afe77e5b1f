//! Hints between instances. Any may be lost, so a case tells until it is heard.

use std::{collections::BTreeSet, time::Duration};

use baton_model::limits::{HINT_BYTES_MAX, HINTS_WAITING_MAX};
use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::scope::Scope;
use crate::{Hearing, Hints, Store, Unhappy};

/// How long is told until it is heard. Only a hint that is never heard is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is waited for a hint before it is told again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A hint of this case: cases share the fleet, and so what is told in it.
fn hint(scope: &Scope, text: &str) -> Bytes {
    Bytes::from(format!("{} {text}", scope.app()))
}

/// Is this very hint heard soon?
async fn hears<H: Hearing>(hearing: &mut H, wanted: &Bytes) -> bool {
    let heard = async {
        while let Some(heard) = hearing.next().await {
            if heard == *wanted {
                return true;
            }
        }
        false
    };
    timeout(AGAIN_AFTER, heard).await == Ok(true)
}

async fn tell_until_heard<S: Hints, H: Hearing>(s: &S, hearing: &mut H, told: &Bytes) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match s.tell(told.clone()).await {
            Ok(()) if hears(hearing, told).await => return,
            Ok(()) => {}
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
        assert!(Instant::now() < deadline, "{told:?} is never heard");
    }
}

pub(super) async fn a_hint_reaches_everybody_who_hears_and_whoever_told_it<S: Store>(
    s: S,
    scope: Scope,
) {
    let other = s.clone();
    let mut hearings = [s.hear().await.expect("heard"), other.hear().await.expect("heard")];
    let told = hint(&scope, "look at shard 7");
    for hearing in &mut hearings {
        tell_until_heard(&s, hearing, &told).await;
    }
    let [first, mut second] = hearings;
    drop(first);
    tell_until_heard(&other, &mut second, &hint(&scope, "one has gone")).await;
}

pub(super) async fn a_hint_is_any_bytes_up_to_its_limit<S: Store>(s: S, scope: Scope) {
    let mut hearing = s.hear().await.expect("heard");
    let mut bytes = hint(&scope, "\0\r\n").to_vec();
    bytes.push(0xff);
    bytes.resize(HINT_BYTES_MAX, b'x');
    tell_until_heard(&s, &mut hearing, &Bytes::from(bytes.clone())).await;
    bytes.push(b'x');
    let refused = s.tell(Bytes::from(bytes)).await.expect_err("too large");
    assert!(!refused.is_retryable(), "{refused}");
}

pub(super) async fn who_falls_behind_goes_on_with_later_hints_and_hears_none_twice<S: Store>(
    s: S,
    scope: Scope,
) {
    let mut hearing = s.hear().await.expect("heard");
    tell_until_heard(&s, &mut hearing, &hint(&scope, "begin")).await;
    for number in 0..HINTS_WAITING_MAX * 2 {
        s.tell(hint(&scope, &format!("number {number}"))).await.expect("told");
    }
    let end = hint(&scope, "end");
    let mut heard = BTreeSet::new();
    let listening = async {
        loop {
            let told = hearing.next().await.expect("the store is open");
            if told == end {
                return;
            }
            let is_ours = told.starts_with(hint(&scope, "number").as_ref());
            assert!(!is_ours || heard.insert(told.clone()), "{told:?} twice");
        }
    };
    let telling = async {
        loop {
            s.tell(end.clone()).await.expect("told");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = telling => {}
        () = tokio::time::sleep(PATIENCE) => panic!("what was told last is never heard"),
    }
    assert!(heard.len() < HINTS_WAITING_MAX * 2, "more waited than may");
}
