//! Trimming as an instance does it, on a real server: by the reader of a lane, where the instance
//! holds the lane's first shard.

use std::{
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use baton_gateway::{
    clock::Clock,
    instruments::Scrapes,
    lane_face::{LaneBoard, LaneGlance},
    reader::{LaneReader, Listener, Readings},
    store_clock::StoreClock,
    supervisor::Remark,
    trimming::{Trimming, USUAL},
    tuning::AppTuning,
};
use baton_model::{
    AppName, AppShape, Epoch, Generation, InstanceId, Lane, LaneCount, Marker, Moment, ShardCount,
    ShardKey, ShardNumber, StoreMillis, StreamId,
};
use baton_store::{EntryBody, Events, Hold, ShardAddress, Trim, Trimmed};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use tokio::sync::{mpsc, watch};

/// The trims come by themselves every few seconds; only one that never comes is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Lanes with entries of 1970 and a group that has acknowledged the first ten of thirty.
struct Old {
    server: Server,
    store: Valkey,
    board: LaneBoard,
    remarks: mpsc::UnboundedReceiver<Remark>,
    remark: mpsc::UnboundedSender<Remark>,
    /// The tasks that the listening shards would have.
    tasks: Vec<Box<dyn std::any::Any>>,
}

fn app() -> AppName {
    "bot".parse().expect("a name")
}

impl Old {
    async fn new() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        let fleet = "main".parse().expect("a name");
        let config = ValkeyConfig::new(url.parse().expect("a url"), fleet);
        let store = Valkey::open(config).await.expect("it opens");
        let (remark, remarks) = mpsc::unbounded_channel();
        Self { server, store, board: LaneBoard::default(), remarks, remark, tasks: Vec::new() }
    }

    fn fill(&self, lane: u16) {
        let key = format!("baton:{{bot.{lane}}}:events");
        let script = "for n = 1, 30 do redis.call('XADD', KEYS[1], '1000-' .. n, 'v', '1', 't', \
                      'X', 'sh', '0', 's', n, 'sid', '1', 'ep', '1', 'at', '0', 'g', '', 'tp', \
                      '', 'd', '{}') end";
        self.server.command::<()>(&["EVAL", script, "1", &key]).expect("filled");
        self.server.command::<()>(&["XGROUP", "CREATE", &key, "slow", "0"]).expect("a group");
        let read = ["XREADGROUP", "GROUP", "slow", "one", "COUNT", "20", "STREAMS", &key, ">"];
        self.server.command::<redis::Value>(&read).expect("read");
        for number in 1..=10 {
            let id = format!("1000-{number}");
            self.server.command::<()>(&["XACK", &key, "slow", &id]).expect("acknowledged");
        }
    }

    /// Has an instance hold this shard of two lanes, and keep so much of its lane until it is told
    /// otherwise.
    fn hold(&mut self, number: u32, keep: Trim) -> watch::Sender<AppTuning> {
        let lanes = LaneCount(NonZeroU16::new(2).expect("not 0"));
        let shards = ShardCount(NonZeroU32::new(4).expect("not 0"));
        let shape = AppShape { generation: Generation(0), shards, lanes };
        let me = InstanceId::new(1);
        let (tune, tuning) = watch::channel(AppTuning { keep, ..AppTuning::default() });
        let trimming = Trimming { tuning, shape, me, remarks: self.remark.clone() };
        let store_clock = StoreClock::default();
        store_clock.learn(Moment::ZERO, StoreMillis(0));
        let (store, board) = (self.store.clone(), self.board.clone());
        let scrapes = Scrapes::default();
        let readings = Readings { store, clock: Clock::Boot, store_clock, board, scrapes };
        let number = ShardNumber(number);
        let lane = lanes.lane_of(number);
        let reader = LaneReader::start((app(), lane), readings, trimming);
        let shard = ShardKey { app: app(), generation: Generation(0), number };
        let hold = Hold { address: ShardAddress { shard, lane }, owner: me, epoch: Epoch(1) };
        let (letters, inbox) = mpsc::unbounded_channel();
        let dealt = Arc::default();
        reader.join(Listener { hold, letters: letters.downgrade(), dealt });
        self.tasks.push(Box::new((letters, inbox, reader)));
        tune
    }

    /// Waits until a trim of the lane has removed so much.
    async fn trimmed(&self, lane: u16, removed: u64) -> LaneGlance {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let seen = async {
            loop {
                looks.tick().await;
                let glances = self.board.glances();
                let glance = glances.iter().find(|((_, seen), _)| *seen == Lane(lane));
                let is_it = |trim: Trimmed| trim.removed == removed;
                if let Some((_, glance)) = glance.filter(|(_, it)| it.last_trim.is_some_and(is_it))
                {
                    return *glance;
                }
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("the lane is trimmed")
    }

    /// The numbers of the entries that are left, and the markers among them.
    async fn left(&self, lane: u16) -> (Vec<u64>, Vec<Marker>) {
        let all = self.store.entries(&app(), Lane(lane), StreamId::START, 1_000).await;
        let (mut numbers, mut markers) = (Vec::new(), Vec::new());
        for (id, entry) in all.expect("read") {
            match entry.expect("it is one").body {
                EntryBody::Dispatch(_) => numbers.push(id.number),
                EntryBody::Marker { marker, .. } => markers.push(marker),
            }
        }
        (numbers, markers)
    }
}

#[tokio::test]
async fn what_a_slow_group_has_not_read_is_left_until_the_cap_and_then_told_of() {
    let mut old = Old::new().await;
    old.fill(0);
    old.fill(1);
    old.hold(0, Trim { min_age: HOUR, ..USUAL });
    old.hold(1, Trim { min_age: HOUR, entries_max: 12, ..USUAL });

    let patient = old.trimmed(0, 10).await;
    assert_eq!((patient.trimmed, patient.unread), (10, 0));
    assert_eq!(old.left(0).await, ((11..=30).collect(), vec![]), "all that was not acknowledged");

    let capped = old.trimmed(1, 18).await;
    assert_eq!((capped.trimmed, capped.unread), (18, 8));
    let before = StreamId { millis: 1_000, number: 19 };
    let marker = Marker::Trimmed { before, entries: 8 };
    assert_eq!(old.left(1).await, ((19..=30).collect(), vec![marker]));
    let remark = tokio::time::timeout(PATIENCE, old.remarks.recv()).await.expect("in time");
    assert_eq!(remark, Some(Remark::Unread { app: app(), lane: Lane(1), entries: 8 }));
    assert!(old.remarks.try_recv().is_err(), "nobody is told of what was read");
}

#[tokio::test]
async fn only_who_holds_a_lanes_first_shard_trims_it() {
    let mut old = Old::new().await;
    old.fill(0);
    old.fill(1);
    old.hold(2, Trim { min_age: HOUR, ..USUAL });
    old.hold(1, Trim { min_age: HOUR, ..USUAL });
    old.trimmed(1, 10).await;
    // Meanwhile lane 0 would have had its turn.
    old.trimmed(1, 0).await;
    assert_eq!(old.left(0).await.0.len(), 30);
}

#[tokio::test]
async fn what_is_kept_can_be_changed_while_the_lane_is_read() {
    let mut old = Old::new().await;
    old.fill(1);
    let tune = old.hold(1, Trim { min_age: HOUR, ..USUAL });
    old.trimmed(1, 10).await;
    let keep = Trim { min_age: HOUR, entries_max: 12, ..USUAL };
    tune.send_replace(AppTuning { keep, ..AppTuning::default() });
    old.trimmed(1, 8).await;
    assert_eq!(old.left(1).await.0, (19..=30).collect::<Vec<_>>());
}
