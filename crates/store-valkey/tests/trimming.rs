//! Trimming on real servers, with entries of long ago and consumer groups that read them.

mod support;

use std::{collections::HashMap, time::Duration};

use baton_model::{Lane, Marker, StreamId, limits::ENTRIES_TRIMMED_MAX};
use baton_store::{EntryBody, Events, Trim, Trimmed, conformance::Scope};
use baton_store_valkey::Valkey;
use baton_test_servers::{Program, Server};
use support::{open_at, seed};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Groups are alive if they were heard of in this hour, and nothing is too much.
const TRIM: Trim =
    Trim { min_age: HOUR, entries_max: u64::MAX, bytes_max: u64::MAX, live_within: HOUR };

/// A lane whose entries were written in 1970, under the ids `1000-<number>`.
struct Old {
    server: Server,
    store: Valkey,
    scope: Scope,
    key: String,
}

impl Old {
    async fn with_entries(program: Program, count: u64) -> Self {
        let server = Server::start(program, &[]);
        let store = open_at(&server).await;
        let scope = Scope::new(seed());
        let key = format!("baton:{{{}.0}}:events", scope.app());
        let old = Self { server, store, scope, key };
        old.add(1, count);
        old
    }

    fn add(&self, first: u64, last: u64) {
        let script = "for n = ARGV[1], ARGV[2] do redis.call('XADD', KEYS[1], '1000-' .. n, 'v', \
                      '1', 't', 'X', 'sh', '0', 's', n, 'sid', '1', 'ep', '1', 'at', '0', 'g', '', \
                      'tp', '', 'd', string.rep('x', 100)) end";
        let (first, last) = (first.to_string(), last.to_string());
        self.server.command::<()>(&["EVAL", script, "1", &self.key, &first, &last]).expect("added");
    }

    fn group(&self, name: &str) {
        let words = ["XGROUP", "CREATE", &self.key, name, "0"];
        self.server.command::<()>(&words).expect("a group");
    }

    fn read(&self, group: &str, count: u64) {
        let count = count.to_string();
        let words =
            ["XREADGROUP", "GROUP", group, "one", "COUNT", &count, "STREAMS", &self.key, ">"];
        let read: redis::Value = self.server.command(&words).expect("an answer");
        assert_ne!(read, redis::Value::Nil, "there is something to read");
    }

    fn acknowledge(&self, group: &str, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            let id = format!("1000-{number}");
            let done: i64 =
                self.server.command(&["XACK", &self.key, group, &id]).expect("an answer");
            assert_eq!(done, 1, "{id} was pending");
        }
    }

    /// Waits until the group's consumer was not heard of for a moment.
    fn wait_until_idle(&self, group: &str) {
        let words = ["XINFO", "CONSUMERS", &self.key, group];
        let idle = || {
            let consumers: Vec<HashMap<String, redis::Value>> =
                self.server.command(&words).expect("a description");
            redis::from_redis_value::<u64>(consumers[0]["idle"].clone()).expect("a number")
        };
        while idle() == 0 {}
    }

    /// Trims, and sees to it that this was known before.
    async fn trim(&self, trim: Trim) -> Trimmed {
        let ahead = self.store.trimmable(self.scope.app(), Lane(0), &trim).await.expect("seen");
        let trimmed = self.store.trim(self.scope.app(), Lane(0), &trim).await.expect("trimmed");
        assert_eq!((ahead.removed, ahead.unread), (trimmed.removed, trimmed.unread));
        trimmed
    }

    /// The numbers of the entries that are left, and the markers among them.
    async fn left(&self) -> (Vec<u64>, Vec<Marker>) {
        let all = self.store.entries(self.scope.app(), Lane(0), StreamId::START, 100_000).await;
        let (mut numbers, mut markers) = (Vec::new(), Vec::new());
        for (id, entry) in all.expect("read") {
            match entry.expect("it is one").body {
                EntryBody::Dispatch(_) => numbers.push(id.number),
                EntryBody::Marker { marker, .. } => markers.push(marker),
            }
        }
        (numbers, markers)
    }

    async fn numbers(&self) -> Vec<u64> {
        let (numbers, markers) = self.left().await;
        assert_eq!(markers, [], "nobody has lost anything");
        numbers
    }
}

const BOTH: [Program; 2] = [Program::Valkey, Program::Redis];

#[tokio::test]
async fn what_every_living_group_has_acknowledged_goes() {
    for program in BOTH {
        let old = Old::with_entries(program, 20).await;
        // The server names groups in the order of the alphabet; the slow one is neither first nor
        // last.
        for group in ["fast", "slow", "swift"] {
            old.group(group);
        }
        old.read("slow", 15);
        for fast in ["fast", "swift"] {
            old.read(fast, 20);
            old.acknowledge(fast, 1..=20);
        }
        assert_eq!(old.trim(TRIM).await.removed, 0, "slow has acknowledged nothing");

        old.acknowledge("slow", (1..=6).chain(8..=15));
        let trimmed = old.trim(TRIM).await;
        let oldest = Some(StreamId { millis: 1000, number: 7 });
        assert_eq!((trimmed.removed, trimmed.unread, trimmed.length), (6, 0, 14));
        assert_eq!(trimmed.oldest, oldest, "its oldest delivery is pending still");
        assert!(trimmed.bytes > 1_400, "{trimmed:?}");

        old.acknowledge("slow", [7]);
        assert_eq!(old.trim(TRIM).await.removed, 9, "up to what it was given last");
        assert_eq!(old.numbers().await, [16, 17, 18, 19, 20]);
    }
}

#[tokio::test]
async fn a_dead_group_holds_nothing_back_and_a_living_one_that_reads_nothing_holds_all() {
    for program in BOTH {
        let old = Old::with_entries(program, 10).await;
        old.group("never read");
        old.group("dead");
        old.read("dead", 3);
        assert_eq!(old.trim(TRIM).await.removed, 0, "it was alive within the hour");
        old.wait_until_idle("dead");
        let hurried = Trim { live_within: Duration::ZERO, ..TRIM };
        let trimmed = old.trim(hurried).await;
        assert_eq!((trimmed.removed, trimmed.unread), (9, 0));
        assert_eq!(old.numbers().await, [10], "the last one stays");
    }
}

#[tokio::test]
async fn without_a_group_age_decides() {
    let old = Old::with_entries(Program::Valkey, 10).await;
    let since_1970 = Duration::from_secs(200 * 365 * 24 * 60 * 60);
    assert_eq!(old.trim(Trim { min_age: since_1970, ..TRIM }).await.removed, 0);
    let boundless = Trim { min_age: Duration::MAX, live_within: Duration::MAX, ..TRIM };
    assert_eq!(old.trim(boundless).await.removed, 0);
    assert_eq!(old.trim(TRIM).await.removed, 9);
}

#[tokio::test]
async fn above_the_cap_the_oldest_go_and_what_was_unread_is_counted_and_marked() {
    for program in BOTH {
        let old = Old::with_entries(program, 20).await;
        old.group("slow");
        old.read("slow", 12);
        old.acknowledge("slow", 1..=4);
        let young = Trim { min_age: Duration::MAX, ..TRIM };
        let capped = |entries_max| Trim { entries_max, ..young };
        assert_eq!(old.trim(capped(20)).await.removed, 0, "as many as may be");

        let trimmed = old.trim(capped(17)).await;
        assert_eq!((trimmed.removed, trimmed.unread, trimmed.length), (3, 0, 17));
        assert_eq!(old.numbers().await, (4..=20).collect::<Vec<_>>(), "those were read");

        let trimmed = old.trim(capped(12)).await;
        assert_eq!((trimmed.removed, trimmed.unread, trimmed.length), (5, 4, 13));
        let before = StreamId { millis: 1000, number: 9 };
        assert_eq!(trimmed.oldest, Some(before));
        let marker = Marker::Trimmed { before, entries: 4 };
        assert_eq!(old.left().await, ((9..=20).collect(), vec![marker]));
    }
}

#[tokio::test]
async fn what_age_takes_counts_for_the_cap() {
    let old = Old::with_entries(Program::Valkey, 20).await;
    old.group("slow");
    old.read("slow", 8);
    old.acknowledge("slow", 1..=8);
    let trimmed = old.trim(Trim { entries_max: 15, ..TRIM }).await;
    assert_eq!((trimmed.removed, trimmed.unread, trimmed.length), (8, 0, 12));
    let trimmed = old.trim(Trim { entries_max: 10, ..TRIM }).await;
    assert_eq!((trimmed.removed, trimmed.unread), (2, 2));
}

#[tokio::test]
async fn the_cap_in_bytes_is_kept_as_far_as_the_server_can_tell() {
    for program in BOTH {
        let old = Old::with_entries(program, 1_000).await;
        let whole = old.trim(Trim { min_age: Duration::MAX, ..TRIM }).await;
        assert_eq!((whole.removed, whole.length), (0, 1_000));
        let bytes_max = whole.bytes / 2;
        let half = old.trim(Trim { min_age: Duration::MAX, bytes_max, ..TRIM }).await;
        assert!((400..=600).contains(&half.removed), "{half:?}");
        assert_eq!(half.length, 1_000 - half.removed);
        assert!(half.bytes < whole.bytes * 2 / 3, "{half:?}");
    }
}

#[tokio::test]
async fn a_trim_takes_a_bounded_number_at_a_time_and_exactly_those_it_should() {
    let old = Old::with_entries(Program::Valkey, ENTRIES_TRIMMED_MAX + 2_345).await;
    old.group("all");
    old.read("all", ENTRIES_TRIMMED_MAX + 1_234);
    let last = (ENTRIES_TRIMMED_MAX + 1_234).to_string();
    let script = "for n = 1, ARGV[1] do redis.call('XACK', KEYS[1], 'all', '1000-' .. n) end";
    old.server.command::<()>(&["EVAL", script, "1", &old.key, &last]).expect("acknowledged");
    assert_eq!(old.trim(TRIM).await.removed, ENTRIES_TRIMMED_MAX);
    assert_eq!(old.trim(TRIM).await.removed, 1_234);
    assert_eq!(old.trim(TRIM).await.removed, 0);
    assert_eq!(old.numbers().await.len(), 1_111);
    let over = Trim { entries_max: 0, ..TRIM };
    assert_eq!(old.trim(over).await.unread, 1_110, "the last one stays");
}

#[tokio::test]
async fn the_work_left_bounds_what_goes_over_the_cap() {
    let old = Old::with_entries(Program::Valkey, ENTRIES_TRIMMED_MAX * 2).await;
    let over = Trim { min_age: Duration::MAX, entries_max: 5, ..TRIM };
    assert_eq!(old.trim(over).await.removed, ENTRIES_TRIMMED_MAX);
    let both = Trim { entries_max: 5, ..TRIM };
    assert_eq!(old.trim(both).await.removed, ENTRIES_TRIMMED_MAX - 1);
}

#[tokio::test]
async fn a_delivery_whose_entry_is_gone_holds_nothing_back() {
    let old = Old::with_entries(Program::Valkey, 10).await;
    old.group("slow");
    old.read("slow", 10);
    let trimmed = old.trim(Trim { entries_max: 5, ..TRIM }).await;
    assert_eq!((trimmed.removed, trimmed.unread), (5, 5));
    // Nobody claims 1 to 5, which are pending for ever.
    old.acknowledge("slow", 6..=9);
    let trimmed = old.trim(TRIM).await;
    assert_eq!((trimmed.removed, trimmed.unread), (4, 0));
}

#[tokio::test]
async fn an_entry_of_a_moment_ago_stays_above_every_cap() {
    let old = Old::with_entries(Program::Valkey, 5).await;
    for number in ["1", "2"] {
        let words = ["XADD", &old.key, "*", "v", number];
        old.server.command::<String>(&words).expect("added");
    }
    let trim = Trim { min_age: Duration::ZERO, entries_max: 0, bytes_max: 0, ..TRIM };
    let trimmed = old.trim(trim).await;
    assert_eq!((trimmed.removed, trimmed.length), (5, 2));
}
