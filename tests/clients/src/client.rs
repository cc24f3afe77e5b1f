//! One client: a process that says what it receives.

use std::{process::Stdio, time::Duration};

use baton_mock_discord::{
    audit::{Entry, EntrySession},
    server::Server,
};
use baton_model::{EventName, Seq, ShardNumber, UnixMicros};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

use crate::{Compression, Library};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that is running. Dropping it kills it.
#[derive(Debug)]
pub struct Client {
    process: Child,
    /// Held open: its end is what tells the program to go, even if the test dies.
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    session: String,
    received: Vec<Entry>,
}

/// What a program says.
enum Said {
    /// The library takes itself for ready.
    Ready,
    /// A dispatch has come, of this name.
    Dispatch(EventName),
    /// Another frame has come.
    Frame,
}

impl Client {
    /// Starts one that goes to this server.
    ///
    /// # Panics
    /// If the library is not installed.
    #[must_use]
    pub fn start(library: Library, compression: Compression, server: &Server) -> Self {
        let mut process = library
            .command(compression)
            .env("MOCK_GATEWAY", server.gateway_url())
            .env("MOCK_API", format!("http://{}/api", server.addresses().rest))
            .env("MOCK_TOKEN", "token")
            .env("MOCK_COMPRESSION", compression.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{library:?} does not start: {error}"));
        let stdin = process.stdin.take().expect("stdin is a pipe");
        let stdout = process.stdout.take().expect("stdout is a pipe");
        let lines = BufReader::new(stdout).lines();
        Self { process, stdin, lines, session: String::new(), received: Vec::new() }
    }

    /// Listens until the library takes itself for ready.
    ///
    /// # Panics
    /// If that does not happen.
    pub async fn until_ready(&mut self) {
        self.until("ready", |said| matches!(said, Said::Ready)).await;
    }

    /// Listens until an event of this name has come.
    ///
    /// # Panics
    /// If that does not happen.
    pub async fn until_event(&mut self, name: &str) {
        let is_it = |said: &Said| matches!(said, Said::Dispatch(event) if event.as_str() == name);
        self.until(name, is_it).await;
    }

    /// Has it say goodbye, and returns every dispatch that it received.
    ///
    /// # Panics
    /// If it does not go, or goes as one that failed.
    pub async fn leave(mut self) -> Vec<Entry> {
        drop(self.stdin);
        let rest = async {
            while let Some(line) = self.lines.next_line().await.expect("lines of text") {
                take(&line, &mut self.session, &mut self.received);
            }
            self.process.wait().await.expect("a process of ours")
        };
        let status = tokio::time::timeout(PATIENCE, rest).await.expect("it goes when it is told");
        assert!(status.success(), "the client ended with {status}");
        self.received
    }

    async fn until(&mut self, what: &str, is_it: impl Fn(&Said) -> bool) {
        let heard = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = self.lines.next_line().await.expect("lines of text") {
                if is_it(&take(&line, &mut self.session, &mut self.received)) {
                    return;
                }
            }
            panic!("the client ended before {what}");
        });
        heard.await.unwrap_or_else(|_| panic!("no {what} in {PATIENCE:?}"));
    }
}

/// Takes a line, and keeps it if it is a dispatch.
fn take(line: &str, session: &mut String, received: &mut Vec<Entry>) -> Said {
    let text = match line.split_once(' ') {
        None if line == "ready" => return Said::Ready,
        Some(("frame", text)) => text,
        Some(_) | None => panic!("the client says what no client should say: {line}"),
    };
    let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
    if frame["op"] != 0 {
        return Said::Frame;
    }
    let name = EventName::new(frame["t"].as_str().expect("a dispatch has a name"));
    if name.as_str() == "READY" {
        frame["d"]["session_id"].as_str().expect("READY has an id").clone_into(session);
    }
    received.push(Entry {
        shard: ShardNumber(0),
        session: EntrySession::Id(session.clone()),
        seq: Seq(frame["s"].as_u64().expect("a dispatch has a number")),
        name: name.clone(),
        bytes: text.to_owned().into(),
        at: UnixMicros(0),
    });
    Said::Dispatch(name)
}
