//! Moves and drains that are cut short: somebody freezes just after an offer, or the store fails
//! over in the middle.

use std::{collections::BTreeSet, time::Duration};

use baton_e2e::{
    listening::Listening,
    operator::{Operator, said},
    processes::{Fleet, app, discord, valkey},
    scenario::Scenario,
};
use baton_fleet::Hint;
use baton_mock_discord::Settings;
use baton_model::{Holding, InstanceId, LeaseRow, ShardKey, ShardNumber};
use baton_store::{Leases, ShardAddress};
use baton_test_servers::{Program, SentinelTrio};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::{EVERY, fleet, seconds};

/// How long a shard may take to come to where it belongs.
const PATIENCE: Duration = Duration::from_secs(20);

/// So many of each of three instances that not all can have moved when the first is on offer.
const MANY: u32 = 24;

/// Nobody takes the primary's place sooner.
const DOWN_AFTER: Duration = Duration::from_secs(1);

async fn row(fleet: &Fleet, number: ShardNumber) -> LeaseRow {
    let shard = ShardKey { app: app(), generation: fleet.shape().generation, number };
    let address = ShardAddress::new(shard, fleet.shape().lanes);
    let rows = fleet.store.rows(&[address]).await.expect("the store answers");
    rows.into_iter().flatten().next().expect("it has a row")
}

/// Waits until the row is held like this.
async fn until_held(fleet: &Fleet, number: ShardNumber, is_so: impl Fn(Holding) -> bool) {
    let began = Instant::now();
    loop {
        let row = row(fleet, number).await;
        if is_so(row.holding) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{row:?}\n{}", fleet.logs());
        sleep(Duration::from_millis(1)).await;
    }
}

fn id(fleet: &Fleet, name: &str) -> InstanceId {
    fleet.gateway(name).id().expect("it has said who it is")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_freezes_before_it_accepts_leaves_the_shard_with_its_source() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let shard = *fleet.held_by("a").await.first().expect("it holds some");
    let [source, target] = ["a", "b"].map(|name| id(&fleet, name));
    let scenario = Scenario::begin("move: target frozen after the offer", &fleet).await;
    let scenario = scenario.about([shard].into());
    let mut hints = Listening::to(&fleet.store).await;
    let begun = operator.types(&format!("shard move {shard} --to b --detach")).await;
    assert_eq!(begun.code, 0, "{begun:?}");
    // Its last word: the source offers upon it, and nobody is there to accept.
    let warmed = |hint| {
        let Hint::Warmed { shard: it, by } = hint else { return None };
        (it.number == shard).then_some(by)
    };
    assert_eq!(hints.until(warmed).await, target);
    fleet.gateway("b").signal(Signal::STOP);
    until_held(&fleet, shard, |holding| matches!(holding, Holding::Offered { .. })).await;
    until_held(&fleet, shard, |holding| holding == Holding::Owned { owner: source }).await;
    // Everybody has taken the target for dead by then.
    seconds(9).await;
    assert_eq!(row(&fleet, shard).await.holding, Holding::Owned { owner: source });
    fleet.gateway("b").signal(Signal::CONT);
    until_held(&fleet, shard, |holding| holding == Holding::Owned { owner: target }).await;
    seconds(3).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_freezes_after_its_offer_is_not_needed_any_more() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let held = fleet.held_by("a").await;
    let shard = *held.first().expect("it holds some");
    let target = id(&fleet, "b");
    let scenario = Scenario::begin("move: source frozen after the offer", &fleet).await;
    let scenario = scenario.about([shard].into());
    let mut hints = Listening::to(&fleet.store).await;
    let begun = operator.types(&format!("shard move {shard} --to b --detach")).await;
    assert_eq!(begun.code, 0, "{begun:?}");
    let offered = |hint| {
        let Hint::Offered { shard: it, to } = hint else { return None };
        (it.number == shard).then_some(to)
    };
    assert_eq!(hints.until(offered).await, target);
    fleet.gateway("a").signal(Signal::STOP);
    until_held(&fleet, shard, |holding| holding == Holding::Owned { owner: target }).await;
    // Its other shards are taken over, and it finds that out.
    seconds(10).await;
    fleet.gateway("a").signal(Signal::CONT);
    let live = operator.types("wait --for all-live --timeout 5m").await;
    assert_eq!(live.code, 0, "{live:?}");
    seconds(3).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
    // Besides, one shard may have come to the source at once for the one that left: where the fleet
    // has been calm for long, it is kept even.
    let moved = outcome.moves.iter().map(|(_, it)| it.shard);
    let (mut moved, others): (Vec<_>, Vec<_>) = moved.partition(|it| held.contains(it));
    moved.sort();
    assert!(moved.iter().eq(&held), "each once: {:?}", outcome.moves);
    assert!(others.iter().collect::<BTreeSet<_>>().len() <= 1, "{:?}", outcome.moves);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_goes_on_where_the_store_has_failed_over_in_its_middle() {
    let mut trio = SentinelTrio::start(Program::Valkey);
    let settings = Settings { max_concurrency: MANY, ..discord() };
    let mut fleet = Fleet::new(settings, MANY, trio.url()).await;
    fleet.under_load(EVERY).await;
    let operator = Operator::of(&fleet);
    let held = fleet.held_by("a").await;
    let scenario = Scenario::begin("drain: Valkey fails over", &fleet).await.about(held);
    let mut hints = Listening::to(&fleet.store).await;
    let primary = trio.primary();
    let old = primary.port();
    let drain = operator.begins("drain a --timeout 5m");
    let offered = |hint| if let Hint::Offered { .. } = hint { Some(()) } else { None };
    hints.until(offered).await;
    primary.kill();
    trio.wait_for_another_primary(old);
    let ended = said(&drain.wait_with_output().await.expect("it ends"));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.besides.contains("cannot be read"), "it reads on over the new one: {ended:?}");
    assert_eq!(fleet.held_by("a").await.len(), 0);
    seconds(2).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
    let last = outcome.moves.iter().map(|(after, _)| *after).max();
    assert!(last > Some(DOWN_AFTER), "some were on their way when the primary died: {last:?}");
}
