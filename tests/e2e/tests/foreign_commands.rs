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
    lane_face::LaneBoard,
    reader::{LaneReader, Listener, Readings},
    shard::{Mail, ToShard},
    store_clock::StoreClock,
    trimming::{Trimming, USUAL},
};
use baton_model::{
    AppName, AppShape, Epoch, Generation, InstanceId, Lane, LaneCount, Moment, ShardCount,
    ShardKey, ShardNumber, StoreMillis,
};
use baton_store::{Hold, ShardAddress};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use tokio::{sync::mpsc, time::timeout};

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
        let board = LaneBoard::default();
        let readings = Readings { store, clock: Clock::Boot, store_clock, board };
        let shards = ShardCount(NonZeroU32::new(4).expect("not 0"));
        let shape = AppShape { generation: Generation(0), shards, lanes: LANES };
        let (remarks, _) = mpsc::unbounded_channel();
        let trimming = Trimming { keep: USUAL, shape, me: ME, remarks };
        let reader = LaneReader::start((app(), Lane(0)), readings, trimming);
        Self { server, reader }
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
