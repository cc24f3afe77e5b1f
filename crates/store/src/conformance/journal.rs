//! What happened is noted down and read. Cases share the fleet, so each looks for its own.

use baton_model::{AppName, Line, UnixMicros, limits::JOURNAL_KEPT_MAX};

use super::scope::Scope;
use crate::{Doer, FoundHappening, Happening, Journal, Store, StreamId, What};

fn happening(scope: &Scope, at: u64) -> Happening {
    let by = match at % 2 {
        0 => Doer::Operator(Line::shortened("ann\u{e9}")),
        _ => Doer::Instance(scope.instance(1)),
    };
    let what = What::TokenRead { app: scope.app().clone(), changed: at == 1 };
    Happening { at: UnixMicros(at), by, what }
}

/// Those about the case's app.
fn ours(app: &AppName, found: Vec<(StreamId, FoundHappening)>) -> Vec<(StreamId, Happening)> {
    let readable = found.into_iter().filter_map(|(id, found)| Some((id, found.ok()?)));
    readable.filter(|(_, happening)| is_about(app, &happening.what)).collect()
}

fn is_about(app: &AppName, what: &What) -> bool {
    let What::TokenRead { app: about, .. } = what else { return false };
    about == app
}

async fn noted<S: Journal>(s: &S, scope: &Scope, count: u64) -> Vec<(StreamId, Happening)> {
    for at in 1..=count {
        s.note(&happening(scope, at)).await.expect("noted");
    }
    let all = s.happenings(StreamId::START, JOURNAL_KEPT_MAX * 2).await.expect("read");
    assert!(all.is_sorted_by_key(|(id, _)| *id));
    ours(scope.app(), all)
}

pub(super) async fn what_was_noted_down_is_read_in_its_order<S: Store>(s: S, scope: Scope) {
    let found = noted(&s, &scope, 5).await;
    let told: Vec<_> = found.iter().map(|(_, happening)| happening.clone()).collect();
    assert_eq!(told, (1..=5).map(|at| happening(&scope, at)).collect::<Vec<_>>());
    let next = s.happenings(found[0].0, 1).await.expect("read");
    assert!(next.len() == 1 && next[0].0 > found[0].0, "{next:?}");
}

pub(super) async fn the_most_recent_is_read_first<S: Store>(s: S, scope: Scope) {
    let mut found = noted(&s, &scope, 5).await;
    found.reverse();
    let all = s.recent(StreamId::END, JOURNAL_KEPT_MAX * 2).await.expect("read");
    assert!(all.iter().rev().is_sorted_by_key(|(id, _)| *id));
    assert_eq!(ours(scope.app(), all), found);
    let ahead = s.recent(found[0].0, 1).await.expect("read");
    assert!(ahead.len() == 1 && ahead[0].0 < found[0].0, "{ahead:?}");
    assert!(ahead[0].0 >= found[1].0, "the one right ahead of it");
    assert_eq!(s.recent(StreamId::START, 9).await, Ok(Vec::new()));
}
