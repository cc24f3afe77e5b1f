//! Commands as anybody writes them, straight into the stream of a real server: what is no command
//! holds up nobody, and its sender is told.

use std::{
    num::{NonZeroU16, NonZeroU32},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use baton_gateway::{
    clock::Clock,
    courier::Parcel,
    instruments::Scrapes,
    lane_face::LaneBoard,
    reader::{LaneReader, Listener, Readings},
    shard::{Mail, ToShard},
    store_clock::StoreClock,
    trimming::Trimming,
    tuning::AppTuning,
};
use baton_model::{
    AppName, AppShape, Epoch, Generation, InstanceId, Lane, LaneCount, Moment, ShardCount,
    ShardKey, ShardNumber, StoreMillis,
};
use baton_store::{Commands, Hold, ShardAddress, StreamId};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

/// A command comes within milliseconds; only one that never comes is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

const LANES: LaneCount = LaneCount(NonZeroU16::new(2).expect("not 0"));

const ME: InstanceId = InstanceId::new(1);

fn app() -> AppName {
    "bot".parse().expect("a name")
}

fn shard(number: u32) -> ShardKey {
    ShardKey { app: app(), generation: Generation(0), number: ShardNumber(number) }
}

/// An instance's reader of lane 0, and the shards that listen to it.
struct Lane0 {
    server: Server,
    store: Valkey,
    reader: LaneReader,
}

/// A shard of the lane, in place of its task.
struct Shard {
    inbox: mpsc::UnboundedReceiver<ToShard>,
    _letters: mpsc::UnboundedSender<ToShard>,
}

impl Lane0 {
    async fn new() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        let fleet = "main".parse().expect("a name");
        let config = ValkeyConfig::new(url.parse().expect("a url"), fleet);
        let store = Valkey::open(config).await.expect("it opens");
        let store_clock = StoreClock::default();
        store_clock.learn(Moment::ZERO, StoreMillis(0));
        let (board, scrapes) = (LaneBoard::default(), Scrapes::default());
        let readings =
            Readings { store: store.clone(), clock: Clock::Boot, store_clock, board, scrapes };
        let shards = ShardCount(NonZeroU32::new(4).expect("not 0"));
        let shape = AppShape { generation: Generation(0), shards, lanes: LANES };
        let (remarks, _) = mpsc::unbounded_channel();
        let (_, tuning) = watch::channel(AppTuning::default());
        let trimming = Trimming { tuning, shape, me: ME, remarks };
        let reader = LaneReader::start((app(), Lane(0)), readings, trimming);
        Self { server, store, reader }
    }

    async fn shard(&self, number: u32) -> Shard {
        let (letters, inbox) = mpsc::unbounded_channel();
        let address = ShardAddress::new(shard(number), LANES);
        let hold = Hold { address, owner: ME, epoch: Epoch(1) };
        let dealt: Arc<AtomicU64> = Arc::default();
        self.reader.join(Listener { hold, letters: letters.downgrade(), dealt });
        let mut shard = Shard { inbox, _letters: letters };
        assert!(matches!(shard.mail().await, Mail::Begin(_)));
        shard
    }

    /// Writes fields and values into the lane's command stream.
    fn write(&self, fields: &[&str]) {
        let all = [&["XADD", "baton:{bot.0}:commands", "*"], fields].concat();
        self.server.command::<String>(&all).expect("written");
    }

    /// How many commands the server has carried out, but for the asking.
    fn commands_served(&self) -> u64 {
        let stats = self.server.command::<String>(&["INFO", "commandstats"]).expect("stats");
        let calls = |line: &str| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let calls = rest.split(',').next()?.parse::<u64>().ok()?;
            matches!(name, "xread" | "xrange" | "fcall" | "hget").then_some(calls)
        };
        stats.lines().filter_map(calls).sum()
    }

    fn command(&self, shard: &str, frame: &str) {
        self.write(&["v", "1", "sh", shard, "exp", "", "re", "me", "tp", "", "d", frame]);
    }
}

impl Shard {
    async fn mail(&mut self) -> Mail {
        let letter = timeout(PATIENCE, self.inbox.recv()).await.expect("in time");
        let letter = letter.expect("the reader lives");
        let ToShard::Mail(Epoch(1), mail) = letter else {
            panic!("{letter:?} from a reader");
        };
        mail
    }

    /// The next command: under which name its sender waits, and what it is.
    async fn parcel(&mut self) -> (String, Result<String, String>) {
        loop {
            match self.mail().await {
                Mail::Command(Parcel { reply_to, frame, .. }) => {
                    let text = |frame: bytes::Bytes| String::from_utf8_lossy(&frame).into_owned();
                    return (reply_to, frame.map(text));
                }
                Mail::Passed(_) => {}
                mail @ (Mail::Begin(_) | Mail::Saved(_) | Mail::NotSaved | Mail::Fenced) => {
                    panic!("{mail:?} is no command")
                }
            }
        }
    }
}

fn good(frame: &str) -> (String, Result<String, String>) {
    ("me".to_owned(), Ok(frame.to_owned()))
}

fn bad(reply_to: &str, why: &str) -> (String, Result<String, String>) {
    (reply_to.to_owned(), Err(why.to_owned()))
}

#[tokio::test]
async fn what_is_no_command_holds_up_nobody_and_is_answered_once() {
    let lane = Lane0::new().await;
    let (mut first, mut other) = (lane.shard(0).await, lane.shard(2).await);
    lane.write(&["hello", "world"]);
    lane.write(&["v", "1", "sh", "2", "exp", "soon", "re", "me", "tp", "", "d", "{}"]);
    lane.write(&["v", "1", "sh", "all", "exp", "", "re", "you", "tp", "", "d", "{}"]);
    lane.command("2", "a");
    lane.command("0", "b");
    // What names no shard is the business of the lane's first.
    assert_eq!(first.parcel().await, bad("", r#"there is no field "v""#));
    let no_shard = r#"field "sh" holds "all"; expected a whole number"#;
    assert_eq!(first.parcel().await, bad("you", no_shard));
    assert_eq!(first.parcel().await, good("b"));
    let no_time = r#"field "exp" holds "soon"; expected a whole number"#;
    assert_eq!(other.parcel().await, bad("me", no_time));
    assert_eq!(other.parcel().await, good("a"));
}

/// The goal: a command of anybody's reaches its shard within 50 ms, and an idle lane asks the store
/// for next to nothing.
#[tokio::test]
async fn a_command_is_read_at_once_and_an_idle_lane_asks_for_next_to_nothing() {
    let lane = Lane0::new().await;
    let mut shard = lane.shard(2).await;
    let mut waits = Vec::new();
    for number in 0..60_u64 {
        // Somewhere in the rhythm of the reader, whatever that is.
        tokio::time::sleep(Duration::from_millis(number * 7 % 150)).await;
        let written = Instant::now();
        lane.command("2", "{}");
        assert_eq!(shard.parcel().await, good("{}"));
        waits.push(written.elapsed());
    }
    waits.sort();
    let typical = waits[waits.len() / 2];
    println!("typical {typical:?}, worst {:?}", waits[waits.len() - 1]);
    assert!(typical < Duration::from_millis(60), "{waits:?}");

    tokio::time::sleep(Duration::from_secs(4)).await;
    let before = lane.commands_served();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let served = lane.commands_served() - before;
    println!("{served} commands in 10 s");
    assert!(served < 10, "{served}");
}

#[tokio::test]
async fn where_commands_cannot_be_waited_for_they_are_read_all_the_same() {
    let lane = Lane0::new().await;
    let mut shard = lane.shard(2).await;
    // A key of a wrong type spoils the waiting for all whose commands are waited for together.
    lane.server.command::<()>(&["SET", "baton:{bot.1}:commands", "x"]).expect("set");
    let store = lane.store.clone();
    let spoiling = tokio::spawn(async move {
        let mut spoiled = 0_u32;
        loop {
            let waited = store.await_commands(&app(), Lane(1), StreamId::START).await;
            spoiled += u32::from(waited.is_err());
            assert!(spoiled > 0, "it can be waited for");
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..5 {
        lane.command("2", "{}");
        assert_eq!(shard.parcel().await, good("{}"));
    }
    assert!(!spoiling.is_finished());
    spoiling.abort();
}
