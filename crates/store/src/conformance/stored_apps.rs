//! Apps that operators put into the store. Cases share the fleet, so each looks for its own.

use baton_model::{AppName, StoredApp, limits::STORED_APP_BYTES_MAX};

use super::scope::Scope;
use crate::{FoundApp, PutAppError, Store};

fn wanted(token: &str) -> StoredApp {
    StoredApp::Wanted { options: [("token".to_owned(), token.to_owned())].into() }
}

async fn found<S: Store>(s: &S, app: &AppName) -> Option<FoundApp> {
    let all = s.stored_apps().await.expect("read");
    assert!(all.is_sorted_by_key(|(name, _)| name.clone()), "{all:?}");
    all.into_iter().find(|(name, _)| name == app).map(|(_, found)| found)
}

pub(super) async fn an_app_stands_in_the_store_as_it_was_put_there<S: Store>(s: S, scope: Scope) {
    let app = scope.app();
    assert_eq!(found(&s, app).await, None);
    for (seen, new) in
        (0..).zip([wanted("env:A"), wanted("env:\u{e9} \"B\""), StoredApp::Removed {}])
    {
        assert_eq!(s.put_app(app, seen, &new).await, Ok(seen + 1));
        assert_eq!(found(&s, app).await, Some(FoundApp { revision: seen + 1, app: Ok(new) }));
    }
}

pub(super) async fn only_what_was_seen_is_replaced<S: Store>(s: S, scope: Scope) {
    let app = scope.app();
    assert_eq!(s.put_app(app, 1, &wanted("env:A")).await, Err(PutAppError::Changed(0)));
    assert_eq!(s.put_app(app, 0, &wanted("env:A")).await, Ok(1));
    assert_eq!(s.put_app(app, 0, &wanted("env:B")).await, Err(PutAppError::Changed(1)));
    assert_eq!(s.put_app(app, 1, &wanted("env:C")).await, Ok(2));
    assert_eq!(s.put_app(app, 1, &wanted("env:B")).await, Err(PutAppError::Changed(2)));
    let stands = found(&s, app).await.expect("it stands").app;
    assert_eq!(stands, Ok(wanted("env:C")), "whoever was slower has changed nothing");
}

pub(super) async fn an_app_that_is_put_again_is_the_same<S: Store>(s: S, scope: Scope) {
    let app = scope.app();
    for _ in 0..2 {
        assert_eq!(s.put_app(app, 0, &wanted("env:A")).await, Ok(1), "the answer was lost");
    }
}

pub(super) async fn an_app_that_is_too_large_is_refused<S: Store>(s: S, scope: Scope) {
    let app = scope.app();
    let refused = s.put_app(app, 0, &wanted(&"x".repeat(STORED_APP_BYTES_MAX))).await;
    assert!(matches!(refused, Err(PutAppError::TooLarge(_))), "{refused:?}");
    assert_eq!(found(&s, app).await, None);
}
