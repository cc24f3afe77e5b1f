//! The live page in a real browser, while gateways serve a Discord: a drain is watched from its
//! start to its end, and the page says so when what it shows is not true any more.

use std::time::Duration;

use baton_e2e::{
    browser::Browser,
    operator::Operator,
    processes::{Fleet, discord, program, valkey},
};
use rustix::process::Signal;

const SHARDS: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_is_watched_from_its_start_to_its_end() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    for name in ["a", "b", "c"] {
        fleet.start_another(name, &program("baton-gateway"), &[("BATON_HTTP__PAGE", "on")]);
    }
    fleet.until_all_live().await;
    fleet.load(Duration::from_millis(100)).await;
    let operator = Operator::of(&fleet);
    let held = fleet.held_by("a").await.len();

    let mut page = Browser::open(&format!("http://{}/", fleet.gateway("b").http()));
    page.sees(&format!("live {SHARDS}")).await;
    page.sees(&format!("instance a up {held}")).await;
    assert_eq!(page.sees("choose a").await, held, "by keyboard");
    page.sees("picture before").await;
    page.sees("remember").await;
    let drain = operator.types("drain a --reason page").await;
    assert_eq!(drain.code, 0, "{drain:?}");
    page.sees("happened drain of a began").await;
    page.sees("happened drain of a ended").await;
    page.sees("instance a draining 0").await;
    page.sees(&format!("live {SHARDS}")).await;
    page.sees("picture after").await;
    let most = page.sees("remembered").await;
    assert_eq!(most.get("free"), None, "no shard was nobody's: {most}");
    assert_eq!(page.sees("phone").await, 0, "nothing reaches over its side");
    assert_eq!(page.sees("wrong").await, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_that_what_it_shows_is_old() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    fleet.start_another("a", &program("baton-gateway"), &[("BATON_HTTP__PAGE", "on")]);
    fleet.until_all_live().await;
    let mut page = Browser::open(&format!("http://{}/", fleet.gateway("a").http()));
    page.sees(&format!("live {SHARDS}")).await;
    valkey.freeze();
    page.sees("contact lost").await;
    valkey.thaw();
    page.sees("contact live").await;
    fleet.gateway("a").signal(Signal::KILL);
    page.sees("contact lost").await;
    assert_eq!(page.sees("wrong").await, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_page_unless_it_is_switched_on() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    fleet.start("a");
    fleet.until_all_live().await;
    let told = fleet.gateway("a").asked("/").await;
    assert!(told.starts_with("there is nothing here") && told.contains("http.page"), "{told}");
}
