//! The shapes of apps, on which everybody agrees.

use std::num::{NonZeroU16, NonZeroU32};

use baton_model::{AppShape, Generation, LaneCount, ShardCount};

use super::scope::Scope;
use crate::Store;

fn shape(generation: u32, shards: u32, lanes: u16) -> AppShape {
    AppShape {
        generation: Generation(generation),
        shards: ShardCount(NonZeroU32::new(shards).expect("shards")),
        lanes: LaneCount(NonZeroU16::new(lanes).expect("lanes")),
    }
}

pub(super) async fn an_app_has_no_shape_before_one_is_proposed<S: Store>(s: S, scope: Scope) {
    assert_eq!(s.app_shape(scope.app()).await, Ok(None));
}

pub(super) async fn the_first_proposal_stands_and_everybody_is_told_it<S: Store>(
    s: S,
    scope: Scope,
) {
    let first = shape(3, 16_384, 1_024);
    assert_eq!(s.agree_app(scope.app(), &first).await, Ok(first));
    assert_eq!(s.agree_app(scope.app(), &first).await, Ok(first), "the answer was lost");
    for other in [shape(4, 16_384, 1_024), shape(3, 1, 1_024), shape(3, 16_384, 1)] {
        assert_eq!(s.agree_app(scope.app(), &other).await, Ok(first));
    }
    assert_eq!(s.app_shape(scope.app()).await, Ok(Some(first)));
}

pub(super) async fn of_many_proposals_at_once_one_stands<S: Store>(s: S, scope: Scope) {
    let proposals: Vec<_> = (1..=16)
        .map(|lanes| {
            let (s, app) = (s.clone(), scope.app().clone());
            tokio::spawn(async move { s.agree_app(&app, &shape(0, 64, lanes)).await })
        })
        .collect();
    let stands = s.agree_app(scope.app(), &shape(0, 64, 17)).await.expect("agreed");
    for proposal in proposals {
        assert_eq!(proposal.await.expect("no panic"), Ok(stands));
    }
}

pub(super) async fn apps_do_not_share_a_shape<S: Store>(s: S, scope: Scope) {
    let other = format!("{}-b", scope.app()).parse().expect("a name");
    s.agree_app(scope.app(), &shape(0, 1, 1)).await.expect("agreed");
    assert_eq!(s.app_shape(&other).await, Ok(None));
    let theirs = shape(0, 2, 2);
    assert_eq!(s.agree_app(&other, &theirs).await, Ok(theirs));
    assert_eq!(s.app_shape(scope.app()).await, Ok(Some(shape(0, 1, 1))));
}

pub(super) async fn all_apps_are_listed_by_name<S: Store>(s: S, scope: Scope) {
    let other = format!("{}-b", scope.app()).parse().expect("a name");
    s.agree_app(&other, &shape(0, 2, 2)).await.expect("agreed");
    s.agree_app(scope.app(), &shape(0, 1, 1)).await.expect("agreed");
    let mut apps = s.apps().await.expect("listed");
    apps.retain(|(app, _)| app == scope.app() || *app == other);
    assert_eq!(apps, [(scope.app().clone(), shape(0, 1, 1)), (other, shape(0, 2, 2))]);
}
