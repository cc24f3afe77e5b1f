//! A fleet's store with a little in it, and the program that looks at it.

use std::process::{Command, Output, Stdio};

use baton_model::{
    AppName, AppShape, Generation, InstanceId, LaneCount, ShardCount, ShardKey, ShardNumber,
    UnixMicros,
};
use baton_store::{
    Apps, Doer, Events, Happening, Journal, ShardAddress, What,
    conformance::{append, live},
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use serde_json::Value;

/// An app of four shards on two lanes; lane 0 has a session's marker and four dispatches.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) store: Valkey,
    pub(crate) app: AppName,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        let config =
            ValkeyConfig::new(url.parse().expect("it is one"), "main".parse().expect("it is one"));
        let store = Valkey::open(config).await.expect("it opens");
        let app: AppName = "bot".parse().expect("it is one");
        let lanes = LaneCount(2.try_into().expect("it is one"));
        let shards = ShardCount(4.try_into().expect("it is one"));
        let shape = AppShape { generation: Generation(0), shards, lanes };
        assert_eq!(store.agree_app(&app, &shape).await, Ok(shape));
        let world = Self { server, store, app };
        let address = ShardAddress::new(world.shard(0), lanes);
        let (hold, session) = live(&world.store, &address, InstanceId::new(1)).await;
        world.store.append(&append(&hold, session, 0, 4)).await.expect("appended");
        world
    }

    pub(crate) fn shard(&self, number: u32) -> ShardKey {
        let number = ShardNumber(number);
        ShardKey { app: self.app.clone(), generation: Generation(0), number }
    }

    /// A group of lane 0 that has read so many entries and acknowledged none.
    pub(crate) fn group(&self, name: &str, read: u32) {
        let key = "baton:{bot.0}:events";
        self.server.command::<()>(&["XGROUP", "CREATE", key, name, "0"]).expect("made");
        if read > 0 {
            let read = read.to_string();
            let words =
                ["XREADGROUP", "GROUP", name, "worker", "COUNT", &read, "STREAMS", key, ">"];
            self.server.command::<redis::Value>(&words).expect("read");
        }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        let store = format!("valkey://127.0.0.1:{}", self.server.port());
        command.env_clear().args(["--store", &store]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("it runs")
    }

    /// What a command shows as JSON, when it ends well.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[&["-o", "json"], words].concat());
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", errors(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    pub(crate) fn code(&self, words: &[&str]) -> Option<i32> {
        self.run(words).status.code()
    }

    pub(crate) async fn note(&self, by: Doer, what: What) {
        let happening = Happening { at: UnixMicros(1_795_180_053_000_000), by, what };
        self.store.note(&happening).await.expect("noted");
    }
}

pub(crate) fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
