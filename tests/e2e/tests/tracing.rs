//! Traces, as a real collector has understood them: of one event, of one command, and of one
//! hand-over.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use baton_consumer::{Command, Commander, Consumer, Delivery, Tracer, current_trace};
use baton_e2e::{
    collector::{Collector, Seen, traceparents},
    processes::{self, Fleet, PATIENCE, program, valkey},
    virtual_time::World,
};
use baton_mock_discord::Settings;
use baton_model::limits::DRAIN_LIMIT;
use rustix::process::Signal;
use tokio::sync::Notify;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Instances with four shards, all live, that trace one event in so many.
async fn world_of(instances: u128, collector: &Collector, trace_one_in: u64) -> World {
    let settings = Settings { max_concurrency: 16, guilds: 40, ..Settings::default() };
    let mut world = World::new(settings, 4).await;
    world.traces = Some((collector.url(), trace_one_in));
    for number in 1..=instances {
        world.start(number).await;
    }
    seconds(30).await;
    assert_eq!(world.sessions().await, 4, "every shard has identified");
    world
}

#[tokio::test(start_paused = true)]
async fn an_event_is_traced_from_its_frame_into_the_stream() {
    let collector = Collector::start();
    let world = world_of(1, &collector, 1).await;
    world.load(Duration::from_millis(500)).await;
    seconds(10).await;
    assert!(world.judge().await.is_clean());
    let traced = traceparents(&world).await;
    world.instances[&1].end_telemetry();
    let spans = collector.spans();
    let sent: BTreeMap<_, _> = spans
        .iter()
        .filter(|span| span.name == "send baton:{app.*}:events")
        .map(|span| ((span.trace.clone(), span.id.clone()), span))
        .collect();
    assert!(traced.len() > 20, "{} entries", traced.len());
    assert_eq!(sent.len(), traced.len(), "one span for each entry");
    for (trace, id) in traced {
        let span = sent.get(&(trace.clone(), id.clone()));
        let span = span.unwrap_or_else(|| panic!("{trace} {id} is in an entry and in no span"));
        assert_eq!((span.parent.as_str(), span.instance.as_str()), ("", "i1"));
        assert_eq!(span.attribute("messaging.system"), Some("redis_streams"));
        assert_eq!(span.attribute("messaging.operation.name"), Some("send"));
        assert!(span.attribute("discord.event").is_some_and(|name| !name.is_empty()), "{span:?}");
        let is_append = |it: &&Seen| it.parent == span.id && it.trace == span.trace;
        let appends: Vec<_> = spans.iter().filter(is_append).collect();
        assert_eq!(appends.len(), 1, "{span:?}");
        assert_eq!(appends[0].name, "append baton:{app.*}:events");
        assert!(span.times.0 <= appends[0].times.0 && appends[0].times.1 <= span.times.1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_sample_no_entry_and_no_span_is_made() {
    let collector = Collector::start();
    let world = world_of(1, &collector, 0).await;
    world.load(Duration::from_millis(500)).await;
    seconds(10).await;
    assert!(world.judge().await.is_clean());
    assert_eq!(traceparents(&world).await, []);
    world.instances[&1].end_telemetry();
    assert_eq!(collector.spans(), []);
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_is_one_trace_over_both_instances() {
    let collector = Collector::start();
    let world = world_of(2, &collector, 0).await;
    let held = world.held_by(1);
    assert!(held > 0, "instance 1 has something to give");
    world.instances[&1].ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
    seconds(60).await;
    assert_eq!((world.held_by(1), world.held_by(2)), (0, 4));
    world.instances.values().for_each(|instance| instance.end_telemetry());
    let spans = collector.spans();
    let given: Vec<_> = spans.iter().filter(|span| span.name == "hand over app").collect();
    assert_eq!(given.len(), held);
    for given in given {
        assert_eq!((given.instance.as_str(), given.parent.as_str()), ("i1", ""));
        assert_eq!(given.attribute("baton.outcome"), Some("moved"));
        let of_trace: Vec<_> = spans.iter().filter(|span| span.trace == given.trace).collect();
        let taken: Vec<_> = of_trace.iter().filter(|span| span.name == "take over app").collect();
        assert_eq!(taken.len(), 1, "{of_trace:?}");
        let taken = taken[0];
        assert_eq!((taken.instance.as_str(), &taken.parent), ("i2", &given.id));
        assert_eq!(taken.attribute("baton.outcome"), Some("resumed"));
        assert_eq!(taken.attribute("baton.shard"), given.attribute("baton.shard"));
        let steps = |of: &Seen| -> Vec<&str> {
            let steps = of_trace.iter().filter(|span| span.parent == of.id);
            steps.map(|span| span.name.as_str()).filter(|name| *name != taken.name).collect()
        };
        assert_eq!(steps(taken), ["warming", "warm", "accepting", "resuming"]);
        assert!(steps(given).ends_with(&["offering", "offered"]), "{:?}", steps(given));
    }
}

/// How many events the consumer is to have handled.
const HANDLED_MIN: usize = 40;

/// What has come of the fleet's events at a consumer.
#[derive(Debug, Default)]
struct Tally {
    creates: AtomicUsize,
    handled: AtomicUsize,
    commanded: AtomicUsize,
    tried_again: AtomicUsize,
}

impl Tally {
    fn is_enough(&self) -> bool {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        count(&self.handled) >= HANDLED_MIN
            && count(&self.commanded) == 1
            && count(&self.tried_again) == 1
    }

    /// Fails once, at the first `GUILD_CREATE`; at the second it has the shard show the bot in
    /// another way.
    async fn handle(&self, delivery: Delivery, commander: Commander) -> io::Result<()> {
        assert_eq!(current_trace().is_some(), delivery.trace().is_some());
        let add = |to: &AtomicUsize| to.fetch_add(1, Ordering::SeqCst);
        match (delivery.name(), delivery.attempt()) {
            ("GUILD_CREATE", 1) => match add(&self.creates) {
                0 => return Err(io::Error::other("once")),
                1 => {
                    let shown = r#"{"op":3,"d":{"status":"idle"}}"#;
                    let command = Command::raw(delivery.shard(), shown);
                    commander.ask(command, PATIENCE).await.map_err(io::Error::other)?;
                    add(&self.commanded);
                }
                _ => {}
            },
            (_, 1) => {}
            _ => drop(add(&self.tried_again)),
        }
        add(&self.handled);
        Ok(())
    }
}

/// Reads the fleet's events, and tells their traces there, until enough has come.
async fn consume(fleet: &Fleet, tracer: &Tracer) {
    let consumer = Consumer::builder(fleet.url(), processes::app().as_str(), "readers");
    let consumer = consumer.fleet(fleet.name()).traces(tracer).build().expect("a consumer");
    let commander = consumer.commander().expect("a commander");
    let (tally, stop) = (Arc::new(Tally::default()), Arc::new(Notify::new()));
    let (seen, stopped) = (tally.clone(), stop.clone());
    let handler = move |delivery: Delivery| {
        let (seen, commander) = (seen.clone(), commander.clone());
        async move { seen.handle(delivery, commander).await }
    };
    let running = tokio::spawn(async move {
        consumer.run_until(handler, async move { stopped.notified().await }).await
    });
    let begun = Instant::now();
    while !tally.is_enough() {
        assert!(begun.elapsed() < PATIENCE, "{tally:?}\n{}", fleet.logs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.notify_one();
    running.await.expect("no panic").expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_one_trace_from_its_frame_to_its_handler_and_on_to_what_that_commands() {
    let (collector, valkey) = (Collector::start(), valkey());
    let settings = Settings { guilds: 40, ..processes::discord() };
    let mut fleet = Fleet::over(&valkey, settings, 4).await;
    let url = collector.url();
    let told =
        [("BATON_TELEMETRY__OTLP_URL", url.as_str()), ("BATON_TELEMETRY__TRACE_ONE_IN", "1")];
    fleet.start_another("a", &program("baton-gateway"), &told);
    let tracer = Tracer::start(&url, "reader", "c1").expect("a tracer");
    fleet.until_all_live().await;
    consume(&fleet, &tracer).await;
    tracer.end(PATIENCE);
    fleet.gateway("a").signal(Signal::TERM);
    fleet.gateways.get_mut("a").expect("it runs").ended().await;
    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|it| it.name == name).collect::<Vec<_>>();
    let sent = named("send baton:{app.*}:events");
    let sent: BTreeMap<_, _> = sent.into_iter().map(|it| ((&it.trace, &it.id), it)).collect();
    let processed = named("process baton:{app.*}:events");
    assert!(processed.len() > HANDLED_MIN / 2, "{} of {HANDLED_MIN}", processed.len());
    for span in &processed {
        let event = sent[&(&span.trace, &span.parent)];
        assert_eq!((span.instance.as_str(), event.instance.as_str()), ("c1", "a"));
        assert_eq!(span.links, [event.id.as_str()]);
        for same in ["discord.event", "baton.seq", "messaging.destination.name"] {
            assert_eq!(span.attribute(same), event.attribute(same), "{same}");
        }
        assert_eq!(span.attribute("messaging.consumer.group.name"), Some("readers"));
        assert!(event.times.0 <= span.times.0, "{event:?} {span:?}");
    }
    let again = processed.iter().filter(|it| it.attribute("baton.attempt") == Some("2"));
    assert_eq!(again.count(), 1, "one has failed once");
    let asked = named("ask baton:{app.*}:commands");
    assert_eq!(asked.len(), 1);
    let handler = processed.iter().find(|it| it.id == asked[0].parent).expect("a handler's");
    let dealt = named("process baton:{app.*}:commands");
    assert_eq!(dealt.len(), 1);
    assert_eq!((dealt[0].instance.as_str(), &dealt[0].parent), ("a", &asked[0].id));
    assert_eq!(dealt[0].attribute("baton.outcome"), Some("sent"));
    assert!([&asked[0].trace, &dealt[0].trace].iter().all(|it| **it == handler.trace));
}
