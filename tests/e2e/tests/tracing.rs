//! Traces, as a real collector has understood them: of one event, and of one hand-over.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::{
    collector::{Collector, Seen, traceparents},
    virtual_time::World,
};
use baton_mock_discord::Settings;
use baton_model::limits::DRAIN_LIMIT;

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
