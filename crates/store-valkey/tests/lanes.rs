//! What operators see of consumer groups that read a lane, and of what these gave up on.

mod support;

use std::time::Duration;

use baton_model::{Lane, StreamId, limits::DEAD_LETTERS_AT_ONCE_MAX};
use baton_store::{
    DeadLetter, GroupAddress, LaneView, Lanes, REDELIVERER, Redelivery,
    conformance::{Scope, append, live},
};
use baton_store_valkey::Valkey;
use baton_test_servers::{Cluster, Program, Server};
use bytes::Bytes;
use support::{open, open_at, seed};

/// A lane with entries, and a server on which consumers read it.
struct Read<'a> {
    server: &'a Server,
    store: Valkey,
    scope: Scope,
    events: String,
}

impl<'a> Read<'a> {
    /// A lane with the marker of a session and four dispatches.
    async fn on(server: &'a Server) -> Self {
        let store = open_at(server).await;
        let scope = Scope::new(seed());
        let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
        baton_store::Events::append(&store, &append(&hold, session, 0, 4)).await.expect("appended");
        let events = format!("baton:{{{}.0}}:events", scope.app());
        Self { server, store, scope, events }
    }

    fn group(&self, name: &str) {
        self.server.command::<()>(&["XGROUP", "CREATE", &self.events, name, "0"]).expect("made");
    }

    /// Lets a consumer read so many; answers their ids.
    fn read(&self, group: &str, consumer: &str, count: u64) -> Vec<StreamId> {
        let count = count.to_string();
        let key = &self.events;
        let words = ["XREADGROUP", "GROUP", group, consumer, "COUNT", &count, "STREAMS", key, ">"];
        let read: redis::streams::StreamReadReply = self.server.command(&words).expect("read");
        let ids = read.keys[0].ids.iter();
        ids.map(|read| read.id.parse().expect("a stream id")).collect()
    }

    fn address<'s>(&'s self, name: &'s str) -> GroupAddress<'s> {
        GroupAddress { app: self.scope.app(), lane: Lane(0), name }
    }

    async fn seen(&self) -> LaneView {
        self.store.lane(self.scope.app(), Lane(0)).await.expect("seen")
    }

    fn bury(&self, group: &str, body: &str) -> StreamId {
        let key = self.events.replace(":events", &format!(":dead:{group}"));
        let add = ["XADD", &key, "*", "d", body, "error", "it does not work"];
        let id: String = self.server.command(&add).expect("added");
        id.parse().expect("a stream id")
    }

    /// As the SDK does: the letter names its entry.
    fn bury_entry(&self, group: &str, entry: &str) -> StreamId {
        let key = self.events.replace(":events", &format!(":dead:{group}"));
        let add = ["XADD", &key, "*", "error", "it does not work", "id", entry];
        let id: String = self.server.command(&add).expect("added");
        id.parse().expect("a stream id")
    }

    async fn store_first(&self) -> String {
        self.seen().await.first.expect("it has entries").to_string()
    }
}

#[tokio::test]
async fn a_lane_shows_who_reads_it_and_how_far_everybody_is() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let lane = Read::on(&server).await;
        lane.group("workers");
        lane.group("archive");
        let first = lane.read("workers", "one", 2);
        let then = lane.read("workers", "another", 1);
        server
            .command::<i64>(&["XACK", &lane.events, "workers", &first[0].to_string()])
            .expect("acknowledged");
        lane.bury("workers", "{}");
        let seen = lane.seen().await;
        assert_eq!((seen.length, seen.groups.len()), (5, 2));
        let [archive, workers] = &seen.groups[..] else { panic!("{seen:?}") };
        assert_eq!((archive.name.as_str(), archive.pending, archive.lag), ("archive", 0, Some(5)));
        assert_eq!((archive.last_delivered, archive.oldest_pending), (StreamId::START, None));
        assert_eq!((archive.consumers.len(), archive.dead_letters), (0, 0));
        assert_eq!((workers.name.as_str(), workers.pending, workers.lag), ("workers", 2, Some(2)));
        assert_eq!(workers.last_delivered, then[0]);
        assert_eq!((workers.oldest_pending, workers.dead_letters), (Some(first[1]), 1));
        let consumers = workers.consumers.iter().map(|one| (one.name.as_str(), one.pending));
        assert_eq!(consumers.collect::<Vec<_>>(), [("another", 1), ("one", 1)]);
        assert!(workers.consumers.iter().all(|one| one.idle < Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn a_lag_that_the_server_cannot_tell_is_none() {
    let server = Server::start(Program::Valkey, &[]);
    let lane = Read::on(&server).await;
    lane.group("workers");
    let ids = lane.read("workers", "one", 4);
    server.command::<i64>(&["XDEL", &lane.events, &ids[1].to_string()]).expect("deleted");
    let back = ids[0].to_string();
    server.command::<()>(&["XGROUP", "SETID", &lane.events, "workers", &back]).expect("set back");
    let seen = lane.seen().await;
    assert_eq!((seen.groups[0].lag, seen.groups[0].last_delivered), (None, ids[0]));
}

#[tokio::test]
async fn what_was_given_up_on_is_pending_again_in_its_group_and_in_no_other() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let lane = Read::on(&server).await;
        lane.group("workers");
        lane.group("archive");
        let entry = lane.read("workers", "one", 2)[1].to_string();
        let ack = ["XACK", &lane.events, "workers", &entry];
        server.command::<i64>(&ack).expect("acknowledged");
        let letter = lane.bury_entry("workers", &entry);
        let workers = lane.address("workers");
        assert_eq!(lane.store.redeliver(workers, letter).await, Ok(Redelivery::Pending));
        let [archive, workers_now] = &lane.seen().await.groups[..] else { panic!("two groups") };
        assert_eq!((archive.pending, archive.lag), (0, Some(5)));
        assert_eq!((workers_now.pending, workers_now.dead_letters), (2, 0));
        let holders = workers_now.consumers.iter().map(|one| (one.name.as_str(), one.pending));
        assert_eq!(holders.collect::<Vec<_>>(), [(REDELIVERER, 1), ("one", 1)]);
        let claim = ["XAUTOCLAIM", &lane.events, "workers", "two", "3600000", "0-0"];
        let claimed: redis::streams::StreamAutoClaimReply = server.command(&claim).expect("taken");
        assert_eq!(claimed.claimed.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), [entry]);
        assert_eq!(lane.store.redeliver(workers, letter).await, Ok(Redelivery::NoLetter));
    }
}

#[tokio::test]
async fn what_cannot_be_given_back_stays_a_dead_letter() {
    let server = Server::start(Program::Valkey, &[]);
    let lane = Read::on(&server).await;
    let entry = lane.store_first().await;
    let gone = StreamId { millis: 1, number: 1 };
    lane.group("workers");
    let workers = lane.address("workers");
    let unnamed = lane.bury("workers", "{}");
    assert_eq!(lane.store.redeliver(workers, unnamed).await, Ok(Redelivery::NamesNoEntry));
    let trimmed = lane.bury_entry("workers", &gone.to_string());
    assert_eq!(lane.store.redeliver(workers, trimmed).await, Ok(Redelivery::EntryGone(gone)));
    let of_nobody = lane.bury_entry("nobody", &entry);
    let nobody = lane.address("nobody");
    assert_eq!(lane.store.redeliver(nobody, of_nobody).await, Ok(Redelivery::NoGroup));
    for (group, letters) in [(workers, vec![unnamed, trimmed]), (nobody, vec![of_nobody])] {
        let left = lane.store.dead_letters(group, StreamId::START, 9).await.expect("read");
        assert_eq!(left.iter().map(|letter| letter.id).collect::<Vec<_>>(), letters);
    }
}

#[tokio::test]
async fn a_group_that_is_removed_is_gone_and_what_it_gave_up_on_stays() {
    let server = Server::start(Program::Valkey, &[]);
    let lane = Read::on(&server).await;
    lane.group("workers");
    lane.group("archive");
    let id = lane.bury("workers", "{}");
    let workers = lane.address("workers");
    assert_eq!(lane.store.remove_group(workers).await, Ok(true));
    assert_eq!(lane.store.remove_group(workers).await, Ok(false));
    let left = lane.seen().await.groups.into_iter().map(|group| group.name);
    assert_eq!(left.collect::<Vec<_>>(), ["archive"]);
    let letters = lane.store.dead_letters(workers, StreamId::START, 9).await.expect("read");
    assert_eq!(letters.iter().map(|letter| letter.id).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn dead_letters_are_read_as_they_are_and_dropped_by_their_ids() {
    let server = Server::start(Program::Valkey, &[]);
    let lane = Read::on(&server).await;
    let ids = ["one", "two", "three"].map(|body| lane.bury("workers", body));
    let workers = lane.address("workers");
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    let fields = vec![(text("d"), text("two")), (text("error"), text("it does not work"))];
    let second = lane.store.dead_letters(workers, ids[0], 1).await;
    assert_eq!(second, Ok(vec![DeadLetter { id: ids[1], fields }]));
    assert_eq!(lane.store.drop_dead_letters(workers, &ids[..2]).await, Ok(2));
    assert_eq!(lane.store.drop_dead_letters(workers, &ids).await, Ok(1), "two were gone");
    assert_eq!(lane.store.dead_letters(workers, StreamId::START, 9).await, Ok(Vec::new()));
}

#[tokio::test]
async fn more_dead_letters_than_go_at_once_are_dropped_too() {
    let server = Server::start(Program::Valkey, &[]);
    let lane = Read::on(&server).await;
    let count = DEAD_LETTERS_AT_ONCE_MAX as u64 + 1;
    let key = lane.events.replace(":events", ":dead:workers");
    let script = "for n = 1, ARGV[1] do redis.call('XADD', KEYS[1], '1-' .. n, 'd', '') end";
    server.command::<()>(&["EVAL", script, "1", &key, &count.to_string()]).expect("filled");
    let ids: Vec<_> = (1..=count).map(|number| StreamId { millis: 1, number }).collect();
    assert_eq!(lane.store.drop_dead_letters(lane.address("workers"), &ids).await, Ok(count));
}

#[tokio::test]
async fn a_group_may_have_any_name() {
    let server = Server::start(Program::Valkey, &[]);
    let lane = Read::on(&server).await;
    let script = r"return redis.call('XGROUP', 'CREATE', KEYS[1], '\255{x}', '0')";
    server.command::<()>(&["EVAL", script, "1", &lane.events]).expect("made");
    assert_eq!(lane.seen().await.groups[0].name, "\u{fffd}{x}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_found_wherever_in_a_cluster_their_lane_is() {
    let cluster = Cluster::start(Program::Valkey);
    let store = open(&cluster.url()).await;
    let scope = Scope::new(seed());
    let mut client = redis::cluster::ClusterClient::new(
        cluster.nodes().map(|node| format!("redis://127.0.0.1:{}", node.port())),
    )
    .and_then(|client| client.get_connection())
    .expect("connected");
    // Lanes enough to meet every node.
    for lane in 0..16 {
        let events = format!("baton:{{{}.{lane}}}:events", scope.app());
        let dead = events.replace(":events", ":dead:workers");
        let make = ["CREATE", &events, "workers", "0", "MKSTREAM"];
        redis::cmd("XGROUP").arg(&make).query::<()>(&mut client).expect("made");
        redis::cmd("XADD").arg(&[&dead, "*", "d", ""]).query::<()>(&mut client).expect("added");
        let seen = store.lane(scope.app(), Lane(lane)).await.expect("seen");
        assert_eq!((seen.length, seen.groups[0].dead_letters), (0, 1), "lane {lane}");
    }
}
