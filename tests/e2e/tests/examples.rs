//! The consumers in `examples`, behind a real gateway and a real Valkey: each event is handled, one
//! that dies is replaced by another, and what they send reaches Discord.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::{
    consumers::{Consumer, Example},
    judgement::entries,
    processes::{Fleet, PATIENCE, app, discord, valkey},
};
use baton_mock_discord::{Input, audit::EntrySession, load::Content};
use baton_model::{EventName, Marker};
use baton_store::Lanes;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

const GROUP: &str = "examples";

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_in_node_handles_every_event() {
    handles_every_event(Example::Node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_with_discord_js_core_handles_every_event() {
    handles_every_event(Example::DiscordJsCore).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_in_python_handles_every_event() {
    handles_every_event(Example::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_in_rust_handles_every_event() {
    handles_every_event(Example::RustPing).await;
}

async fn handles_every_event(example: Example) {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), 4).await;
    fleet.start("a");
    fleet.until_all_live().await;
    fleet.load(Duration::from_millis(20)).await;

    let [killed, mut living] = [(); 2].map(|()| Consumer::start(example, &fleet, GROUP));
    until("both have something to do", &living, async || {
        killed.handled().len() > 50 && living.handled().len() > 50
    })
    .await;
    killed.signal(Signal::KILL);
    say_away(&fleet).await;
    until("Discord shows the bot as idle", &living, async || is_idle(&fleet).await).await;
    let report = fleet.judge().await;
    assert!(report.is_clean(), "{report:?}");
    until("everything is acknowledged", &living, async || unread(&fleet).await == 0).await;
    living.signal(Signal::TERM);
    assert_eq!(living.ended().await.code(), Some(0), "{}", living.errors());

    assert_eq!(groups_consumers(&fleet).await, 1, "who leaves with nothing in hand is struck off");
    all_is_handled(&fleet, &killed.handled(), &living.handled()).await;
}

/// Each by one of them; by both only what one had handled when it died and not acknowledged.
async fn all_is_handled(
    fleet: &Fleet,
    killed: &BTreeMap<String, usize>,
    living: &BTreeMap<String, usize>,
) {
    let mut twice = 0;
    for entry in entries(&fleet.store, &app(), fleet.shape().lanes).await {
        let EntrySession::Number(session) = entry.session else {
            panic!("streams name sessions by number");
        };
        if entry.name.as_str().starts_with(Marker::PREFIX) {
            continue;
        }
        let named = format!("{}/{session}/{}", entry.shard.0, entry.seq.0);
        let times = |by: &BTreeMap<String, usize>| by.get(&named).copied().unwrap_or(0);
        assert!(times(killed) + times(living) > 0, "{named} was handled by nobody");
        assert!(times(living) <= 1, "{named} was handled again by one that lived");
        twice += times(killed).min(times(living));
    }
    assert!(twice <= 4 * 100, "{twice}: more than one read of each lane");
}

/// Somebody writes "!away" to the bot.
async fn say_away(fleet: &Fleet) {
    let data = r#"{"id":"1","channel_id":"2","content":"!away"}"#.into();
    let content = Content::Given { name: EventName::new("MESSAGE_CREATE"), data };
    fleet.discord.input(Input::Emit { slice: None, content }).await;
}

async fn is_idle(fleet: &Fleet) -> bool {
    let said = |discord: &baton_mock_discord::Discord| {
        discord.commands().latest.iter().any(|it| it.op == 3 && it.d["status"] == "idle")
    };
    fleet.discord.look(said).await
}

/// What the group has not acknowledged or not even read.
async fn unread(fleet: &Fleet) -> u64 {
    let mut unread = 0;
    for lane in fleet.shape().lanes.lanes() {
        let view = fleet.store.lane(&app(), lane).await.expect("the store answers");
        let group = view.groups.iter().find(|group| group.name == GROUP).expect("it is there");
        unread += group.pending + group.lag.unwrap_or(1);
    }
    unread
}

/// How many consumers a lane knows at most.
async fn groups_consumers(fleet: &Fleet) -> usize {
    let mut most = 0;
    for lane in fleet.shape().lanes.lanes() {
        let view = fleet.store.lane(&app(), lane).await.expect("the store answers");
        most = view.groups.iter().map(|group| group.consumers.len()).max().unwrap_or(0).max(most);
    }
    most
}

async fn until(what: &str, consumer: &Consumer, is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "not so: {what}\n{}", consumer.errors());
        sleep(Duration::from_millis(100)).await;
    }
}
