//! Instances of different versions share the shards, and get them from each other: by hand-over
//! from an older one to the newest, and by take-over from the newest to the older ones.
//!
//! They differ in the version that they tell each other, not in their code.

use baton_e2e::{processes::valkey, scenario::Scenario, trial};
use rustix::process::Signal;

use crate::{EVERY, fleet, seconds, trial_gateway};

#[tokio::test(flavor = "multi_thread")]
async fn versions_share_the_shards_and_hand_them_over() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.start_another("old", trial_gateway(), &[(trial::VERSION, "0.0.1")]);
    fleet.start("a");
    fleet.start("b");
    fleet.until_all_live().await;
    fleet.load(EVERY).await;
    assert_eq!(fleet.held_by("old").await.len(), 4, "its version costs it no share");
    fleet.start_another("new", trial_gateway(), &[(trial::VERSION, "99.0.0")]);
    seconds(5).await;
    let new = fleet.gateway("new").id().expect("it runs");
    let mut a = fleet.gateways.remove("a").expect("it runs");
    let name = "mixed versions: SIGTERM of one, kill -9 of the newest";
    let scenario = Scenario::begin(name, &fleet).await;
    a.signal(Signal::TERM);
    assert_eq!(a.ended().await.code(), Some(0), "{}", a.log());
    seconds(3).await;
    fleet.gateway("new").signal(Signal::KILL);
    seconds(5).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
    let moves = || outcome.moves.iter().map(|(_, it)| (it.from, it.to));
    let to_the_newest = moves().filter(|(_, to)| *to == new).count();
    let back = moves().filter(|(from, _)| *from == new).count();
    assert_eq!((to_the_newest, back, moves().count()), (4, 4, 8), "{:?}", outcome.moves);
}
