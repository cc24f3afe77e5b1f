//! What the journal tells of what instances do: real instances in virtual time.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::virtual_time::{World, app};
use baton_mock_discord::Settings;
use baton_model::{Generation, InstanceId, RestartHow, ShardKey, ShardNumber, StreamId, Wish};
use baton_store::{Connecting, Doer, Happening, Journal, LettingGo, Taking, What};

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Three instances and eight shards, all live.
async fn all_live() -> World {
    let settings = Settings { max_concurrency: 16, guilds: 80, ..Settings::default() };
    let mut world = World::new(settings, 8).await;
    for number in 1..=3 {
        world.start(number).await;
    }
    seconds(30).await;
    assert_eq!(world.sessions().await, 8, "every shard has identified");
    world
}

/// What stands in the journal behind `after`, and the last place in it.
async fn journal(world: &World, after: StreamId) -> (Vec<Happening>, StreamId) {
    let found = world.store.happenings(after, 10_000).await.expect("a store");
    let last = found.last().map_or(after, |(id, _)| *id);
    let happenings = found.into_iter().map(|(_, happening)| happening.expect("it reads"));
    (happenings.collect(), last)
}

fn by(number: u128) -> Doer {
    Doer::Instance(InstanceId::new(number))
}

/// The shards that a drain of an instance moves, by the journal: whom each went to.
fn handed_over(happenings: &[Happening], from: u128) -> BTreeMap<ShardKey, InstanceId> {
    let moved = happenings.iter().filter(|it| it.by == by(from)).filter_map(|it| {
        if let What::LetGo { shard, to: Some(to), how: LettingGo::HandedOver, .. } = &it.what {
            Some((shard.clone(), *to))
        } else {
            None
        }
    });
    moved.collect()
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_is_eight_claims_and_as_many_new_sessions() {
    let world = all_live().await;
    let (happenings, _) = journal(&world, StreamId::START).await;
    let mut identified: Vec<_> = happenings
        .iter()
        .filter_map(|it| {
            if let What::Live {
                shard,
                how: Connecting::Identified,
                gap_ms: None,
                replayed: 0,
                ..
            } = &it.what
            {
                Some(shard.number)
            } else {
                None
            }
        })
        .collect();
    identified.sort();
    assert_eq!(identified, (0..8).map(ShardNumber).collect::<Vec<_>>(), "{happenings:?}");
    let claimed = happenings
        .iter()
        .filter(|it| matches!(&it.what, What::Took { from: None, how: Taking::Claimed, .. }));
    assert_eq!(claimed.count(), 8, "{happenings:?}");
}

#[tokio::test(start_paused = true)]
async fn the_drain_of_a_process_that_ends_is_told_from_its_first_shard_to_its_last() {
    let mut world = all_live().await;
    let held = world.held_by(1);
    assert!(held > 0);
    let (_, before) = journal(&world, StreamId::START).await;
    world.drain(1).await;
    seconds(10).await;
    let (happenings, _) = journal(&world, before).await;
    let moved = handed_over(&happenings, 1);
    assert_eq!(moved.len(), held, "{happenings:?}");
    for (shard, to) in &moved {
        let of_heir: Vec<_> = happenings
            .iter()
            .filter(|it| it.by == Doer::Instance(*to))
            .map(|it| &it.what)
            .collect();
        let took = of_heir.iter().position(|what| {
            matches!(what, What::Took { shard: it, from, how: Taking::Accepted, .. }
                if it == shard && *from == Some(InstanceId::new(1)))
        });
        let live = of_heir.iter().position(|what| {
            // Nobody has measured how long there were no events between the two.
            matches!(what, What::Live { shard: it, how: Connecting::Resumed, gap_ms: None, .. }
                if it == shard)
        });
        assert!(took.is_some() && took < live, "{shard}: {of_heir:?}");
    }
    let shards = u32::try_from(held).expect("few");
    let own: Vec<_> = happenings.iter().filter(|it| it.by == by(1)).map(|it| &it.what).collect();
    assert!(
        matches!(own.first(), Some(What::DrainBegan { reason, shards: told, .. })
            if reason.as_str() == "the process ends" && *told == shards),
        "{own:?}"
    );
    assert!(
        matches!(own.last(), Some(What::DrainEnded { handed_over, released: 0, .. })
            if *handed_over == shards),
        "{own:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_ordered_drain_names_who_wants_it_and_is_told_when_it_is_taken_back() {
    let world = all_live().await;
    let held = world.held_by(2);
    let (_, before) = journal(&world, StreamId::START).await;
    let wish = Wish::Drain { instance: InstanceId::new(2), limit: None };
    let id = world.intend(wish.clone()).await;
    seconds(30).await;
    let (happenings, drained) = journal(&world, before).await;
    assert_eq!(handed_over(&happenings, 2).len(), held);
    let own = || happenings.iter().filter(|it| it.by == by(2)).map(|it| &it.what);
    let began: Vec<_> = own()
        .filter_map(|what| {
            if let What::DrainBegan { reason, .. } = what { Some(reason.as_str()) } else { None }
        })
        .collect();
    assert_eq!(began, ["operator: a test"]);
    assert_eq!(own().filter(|what| matches!(what, What::DrainEnded { .. })).count(), 1);
    world.withdraw(wish, id).await;
    seconds(10).await;
    let (happenings, _) = journal(&world, drained).await;
    let taken_back = What::DrainTakenBack { instance: InstanceId::new(2) };
    assert!(happenings.iter().any(|it| it.what == taken_back), "{happenings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_told_where_the_shard_stays_and_a_token_that_was_read_as_well() {
    let world = all_live().await;
    let (_, before) = journal(&world, StreamId::START).await;
    let shard = ShardKey { app: app(), generation: Generation(0), number: ShardNumber(3) };
    world.intend(Wish::Restart { shard: shard.clone(), how: RestartHow::Resume }).await;
    world.intend(Wish::ReadToken { app: app() }).await;
    seconds(30).await;
    let (happenings, _) = journal(&world, before).await;
    let connected: Vec<_> = happenings
        .iter()
        .filter_map(|it| {
            if let What::Live { shard, how, gap_ms, .. } = &it.what {
                Some((shard.clone(), *how, gap_ms.is_some()))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(connected, [(shard, Connecting::Resumed, true)], "{happenings:?}");
    let read = What::TokenRead { app: app(), changed: false };
    assert_eq!(happenings.iter().filter(|it| it.what == read).count(), 3, "one of each instance");
}
