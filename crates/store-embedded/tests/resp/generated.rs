//! Any commands in any order, over few names: the same replies as from a real Valkey.

use baton_test_servers::{Program, Server};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::differential::{Both, Ours};

/// Few enough that sequences meet each other.
const CASES: u32 = 500;

fn stream() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("s"), 1 => Just("t")].prop_map(str::to_owned)
}

fn group() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("g"), 1 => Just("h")].prop_map(str::to_owned)
}

fn consumer() -> impl Strategy<Value = String> {
    prop_oneof![Just("c"), Just("d")].prop_map(str::to_owned)
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (1..3_u64, 0..6_u64).prop_map(|(millis, number)| format!("{millis}-{number}")),
        1 => (0..4_u64).prop_map(|millis| millis.to_string()),
        1 => Just("0".to_owned()),
    ]
}

fn edge() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("-".to_owned()),
        Just("+".to_owned()),
        id(),
        id().prop_map(|id| format!("({id}")),
    ]
}

fn count() -> impl Strategy<Value = String> {
    (0..4_u64).prop_map(|count| count.to_string())
}

/// A command: words with `{}` for what is drawn.
fn filled(form: &'static str, drawn: Vec<String>) -> Vec<String> {
    let mut drawn = drawn.into_iter();
    let words = form.split(' ').map(|word| match word {
        "{}" => drawn.next().expect("enough is drawn"),
        word => word.to_owned(),
    });
    words.collect()
}

fn writing() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        8 => (stream(), id()).prop_map(|(s, id)| filled("XADD {} {} f v", vec![s, id])),
        2 => (stream(), count(), id())
            .prop_map(|(s, n, id)| filled("XADD {} MAXLEN {} {} f v", vec![s, n, id])),
        2 => (stream(), id()).prop_map(|(s, id)| filled("XDEL {} {}", vec![s, id])),
        1 => (stream(), count()).prop_map(|(s, n)| filled("XTRIM {} MAXLEN {}", vec![s, n])),
        1 => (stream(), id()).prop_map(|(s, id)| filled("XTRIM {} MINID {}", vec![s, id])),
        1 => (stream(), id()).prop_map(|(s, id)| filled("XSETID {} {}", vec![s, id])),
        1 => (stream(), id(), count(), id()).prop_map(|(s, last, added, deleted)| {
            filled("XSETID {} {} ENTRIESADDED {} MAXDELETEDID {}", vec![s, last, added, deleted])
        }),
        1 => stream().prop_map(|s| filled("DEL {}", vec![s])),
    ]
}

fn grouping() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        4 => (stream(), group(), id())
            .prop_map(|(s, g, id)| filled("XGROUP CREATE {} {} {} MKSTREAM", vec![s, g, id])),
        1 => (stream(), group()).prop_map(|(s, g)| filled("XGROUP CREATE {} {} $", vec![s, g])),
        1 => (stream(), group(), id(), count()).prop_map(|(s, g, id, n)| {
            filled("XGROUP SETID {} {} {} ENTRIESREAD {}", vec![s, g, id, n])
        }),
        1 => (stream(), group(), id())
            .prop_map(|(s, g, id)| filled("XGROUP SETID {} {} {}", vec![s, g, id])),
        1 => (stream(), group(), consumer())
            .prop_map(|(s, g, c)| filled("XGROUP CREATECONSUMER {} {} {}", vec![s, g, c])),
        1 => (stream(), group(), consumer())
            .prop_map(|(s, g, c)| filled("XGROUP DELCONSUMER {} {} {}", vec![s, g, c])),
        1 => (stream(), group()).prop_map(|(s, g)| filled("XGROUP DESTROY {} {}", vec![s, g])),
    ]
}

fn reading() -> impl Strategy<Value = Vec<String>> {
    let from = prop_oneof![3 => Just(">".to_owned()), 1 => id()];
    prop_oneof![
        6 => (group(), consumer(), count(), stream(), from.clone()).prop_map(
            |(g, c, n, s, from)| {
                filled("XREADGROUP GROUP {} {} COUNT {} STREAMS {} {}", vec![g, c, n, s, from])
            }
        ),
        1 => (group(), consumer(), from.clone(), from).prop_map(|(g, c, one, other)| {
            filled("XREADGROUP GROUP {} {} NOACK STREAMS s t {} {}", vec![g, c, one, other])
        }),
        1 => (stream(), id()).prop_map(|(s, id)| filled("XREAD STREAMS {} {}", vec![s, id])),
        1 => stream().prop_map(|s| filled("XREAD STREAMS {} +", vec![s])),
        1 => (stream(), edge(), edge())
            .prop_map(|(s, one, other)| filled("XRANGE {} {} {}", vec![s, one, other])),
        1 => (stream(), edge(), edge(), count()).prop_map(|(s, one, other, n)| {
            filled("XREVRANGE {} {} {} COUNT {}", vec![s, one, other, n])
        }),
    ]
}

fn settling() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        4 => (stream(), group(), id(), id())
            .prop_map(|(s, g, one, other)| filled("XACK {} {} {} {}", vec![s, g, one, other])),
        3 => (stream(), group(), consumer(), id(), id()).prop_map(|(s, g, c, one, other)| {
            filled("XCLAIM {} {} {} 0 {} {}", vec![s, g, c, one, other])
        }),
        1 => (stream(), group(), consumer(), id(), count()).prop_map(|(s, g, c, id, n)| {
            filled("XCLAIM {} {} {} 0 {} FORCE RETRYCOUNT {}", vec![s, g, c, id, n])
        }),
        1 => (stream(), group(), consumer(), id(), id()).prop_map(|(s, g, c, id, last)| {
            filled("XCLAIM {} {} {} 0 {} JUSTID FORCE LASTID {}", vec![s, g, c, id, last])
        }),
        3 => (stream(), group(), consumer(), id(), count()).prop_map(|(s, g, c, id, n)| {
            filled("XAUTOCLAIM {} {} {} 0 {} COUNT {}", vec![s, g, c, id, n])
        }),
        1 => (stream(), group(), consumer(), edge()).prop_map(|(s, g, c, from)| {
            filled("XAUTOCLAIM {} {} {} 0 {} JUSTID", vec![s, g, c, from])
        }),
    ]
}

fn looking() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        (stream(), group(), edge(), edge(), count())
            .prop_map(|(s, g, a, b, n)| filled("XPENDING {} {} {} {} {}", vec![s, g, a, b, n])),
        (stream(), group()).prop_map(|(s, g)| filled("XPENDING {} {}", vec![s, g])),
        stream().prop_map(|s| filled("XINFO GROUPS {}", vec![s])),
        (stream(), group()).prop_map(|(s, g)| filled("XINFO CONSUMERS {} {}", vec![s, g])),
        stream().prop_map(|s| filled("XINFO STREAM {}", vec![s])),
        stream().prop_map(|s| filled("XINFO STREAM {} FULL", vec![s])),
    ]
}

fn command() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![3 => writing(), 2 => grouping(), 4 => reading(), 3 => settling(), 2 => looking()]
}

#[test]
fn whatever_is_asked_is_answered_as_by_valkey() {
    let server = Server::start(Program::Valkey, &[]);
    let protocols = prop_oneof![Just("2"), Just("3")];
    let stories = (protocols, proptest::collection::vec(command(), 1..60));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let told = TestRunner::new(config).run(&stories, |(protocol, story)| {
        let ours = Ours::in_memory();
        let mut both = Both::speaking(protocol, &ours, &server);
        for (at, words) in story.iter().enumerate() {
            if let Err(difference) = both.ask(words) {
                let before = story[..at].iter().map(|words| words.join(" "));
                let before = before.collect::<Vec<_>>().join("\n");
                return Err(TestCaseError::fail(format!("{before}\n{difference}")));
            }
        }
        Ok(())
    });
    told.unwrap_or_else(|error| panic!("{error}"));
}
