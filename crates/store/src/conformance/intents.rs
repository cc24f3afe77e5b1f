//! What operators want stands until it is taken back. Cases share the fleet, so each looks for its
//! own and leaves nothing behind.

use std::time::Duration;

use baton_model::{Beat, Intent, IntentId, NewIntent, PinUntil, RestartHow, Subject, Wish};

use super::scope::{Scope, record};
use crate::{Membership, Store};

fn intent(id: u64, wish: Wish) -> NewIntent {
    let line = |text: &str| text.parse().unwrap_or_else(|error| unreachable!("{error}"));
    NewIntent { id: IntentId(id), wish, by: line("ann\u{e9}"), reason: line("new kernel") }
}

fn drain(scope: &Scope, id: u64) -> NewIntent {
    let limit = Some(Duration::from_secs(30));
    intent(id, Wish::Drain { instance: scope.instance(1), limit })
}

/// What stands about these subjects, in the order of the poll.
async fn standing<S: Membership>(s: &S, subjects: &[Subject]) -> Vec<Intent> {
    let mut intents = s.poll().await.expect("polled").intents;
    assert!(intents.is_sorted_by_key(Intent::subject));
    intents.retain(|intent| subjects.contains(&intent.subject()));
    intents
}

pub(super) async fn every_kind_of_intent_shows_in_the_next_poll<S: Store>(s: S, scope: Scope) {
    let (shard, to) = (scope.shard(7).shard, scope.instance(2));
    let wishes = [
        Wish::Drain { instance: scope.instance(1), limit: None },
        Wish::Pin { shard: shard.clone(), to, until: PinUntil::TakenBack },
        Wish::Restart { shard, how: RestartHow::Identify },
        Wish::ReadToken { app: scope.app().clone() },
    ];
    let wanted: Vec<_> = (1..).zip(wishes).map(|(id, wish)| intent(id, wish)).collect();
    let subjects: Vec<_> = wanted.iter().map(NewIntent::subject).collect();
    let before = s.poll().await.expect("polled").now;
    for intent in &wanted {
        assert_eq!(s.intend(intent).await, Ok(None));
    }
    let found = standing(&s, &subjects).await;
    let after = s.poll().await.expect("polled").now;
    assert!(found.iter().all(|found| (before..=after).contains(&found.at)), "{found:?}");
    assert_eq!(found.into_iter().map(NewIntent::from).collect::<Vec<_>>(), wanted);
    for intent in &wanted {
        assert_eq!(s.withdraw(&intent.subject(), intent.id).await, Ok(true));
    }
    assert_eq!(standing(&s, &subjects).await, []);
}

pub(super) async fn a_later_intent_replaces_the_one_about_the_same_subject<S: Store>(
    s: S,
    scope: Scope,
) {
    let (first, second) = (drain(&scope, 1), drain(&scope, 2));
    let subject = first.subject();
    assert_eq!(s.intend(&first).await, Ok(None));
    let replaced = s.intend(&second).await.expect("taken").expect("the first");
    assert_eq!(NewIntent::from(replaced), first);
    let found = standing(&s, std::slice::from_ref(&subject)).await;
    assert!(found.iter().map(|intent| intent.id).eq([second.id]), "{found:?}");
    assert_eq!(s.withdraw(&subject, second.id).await, Ok(true));
}

pub(super) async fn an_intent_that_is_repeated_is_the_same_one<S: Store>(s: S, scope: Scope) {
    let told = drain(&scope, 1);
    let subject = [told.subject()];
    assert_eq!(s.intend(&told).await, Ok(None));
    let first = standing(&s, &subject).await;
    while s.poll().await.expect("polled").now <= first[0].at {} // or its time could not tell
    assert_eq!(s.intend(&told).await, Ok(None), "the answer was lost");
    assert_eq!(standing(&s, &subject).await, first);
    assert_eq!(s.withdraw(&subject[0], told.id).await, Ok(true));
}

pub(super) async fn only_the_very_intent_is_taken_back<S: Store>(s: S, scope: Scope) {
    let told = drain(&scope, 7);
    let subject = told.subject();
    assert_eq!(s.withdraw(&subject, told.id).await, Ok(false));
    s.intend(&told).await.expect("taken");
    assert_eq!(s.withdraw(&subject, IntentId(8)).await, Ok(false), "another one");
    assert_eq!(standing(&s, std::slice::from_ref(&subject)).await.len(), 1);
    assert_eq!(s.withdraw(&subject, told.id).await, Ok(true));
    assert_eq!(s.withdraw(&subject, told.id).await, Ok(false), "again");
    assert_eq!(standing(&s, &[subject]).await, []);
}

pub(super) async fn a_forgotten_instance_need_not_drain<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let pin = |id, to| {
        let shard = scope.shard(7).shard;
        intent(id, Wish::Pin { shard, to, until: PinUntil::Arrived })
    };
    let (drain, pin) = (drain(&scope, 1), pin(2, me));
    let subjects = [drain.subject(), pin.subject()];
    s.beat(me, Beat(7), &record()).await.expect("beaten");
    s.intend(&drain).await.expect("taken");
    s.intend(&pin).await.expect("taken");
    s.forget(me, Beat(6)).await.expect("nothing to forget");
    assert_eq!(standing(&s, &subjects).await.len(), 2, "it has beaten since");
    s.forget(me, Beat(7)).await.expect("forgotten");
    let left = standing(&s, &subjects).await;
    assert!(left.iter().map(Intent::subject).eq([pin.subject()]), "{left:?}");
    assert_eq!(s.withdraw(&pin.subject(), pin.id).await, Ok(true));
}
