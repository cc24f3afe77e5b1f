//! The same commands to this store and to a real Valkey: the same replies.
//!
//! A trace is a file of commands, one a line, words quoted where they must be. A line that begins
//! with `!` is one that both refuse; any other, neither does. Times of the clock are compared as
//! such only in kind, and so is what a server says of its memory.

use std::fs;

use baton_store_embedded::{EmbeddedStore, Options, Resp, RespOptions};
use baton_test_servers::{Program, Server};
use tokio::runtime::Runtime;

use crate::client::{Client, Value};

/// A store in memory that listens.
pub(crate) struct Ours {
    pub(crate) resp: Resp,
    pub(crate) store: EmbeddedStore,
    pub(crate) runtime: Runtime,
}

impl Ours {
    pub(crate) fn in_memory() -> Self {
        Self::over(EmbeddedStore::in_memory(Options::default()), None)
    }

    pub(crate) fn over(store: EmbeddedStore, password: Option<&str>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let options = RespOptions {
            address: "127.0.0.1:0".parse().expect("an address"),
            password: password.map(str::to_owned),
        };
        let resp = runtime.block_on(Resp::listen(&store, options)).expect("it listens");
        Self { resp, store, runtime }
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.resp.address())
    }

    /// A client, for as long as it is kept with this.
    pub(crate) fn client_kept(self) -> (Self, Client) {
        let client = self.client();
        (self, client)
    }
}

/// This store and a server, to be asked the same.
pub(crate) struct Both {
    ours: Client,
    theirs: Client,
}

impl Both {
    pub(crate) fn speaking(protocol: &str, ours: &Ours, server: &Server) -> Self {
        let theirs = format!("127.0.0.1:{}", server.port()).parse().expect("an address");
        let mut theirs = Client::speaking(protocol, theirs);
        assert_eq!(theirs.ask(&["FLUSHALL"]).text(), "OK");
        let ours = Client::speaking(protocol, ours.resp.address());
        Self { ours, theirs }
    }

    /// Asks both, and returns what both have answered.
    pub(crate) fn ask(&mut self, words: &[String]) -> Result<Value, String> {
        let ours = masked(self.ours.ask(words), words);
        let theirs = masked(self.theirs.ask(words), words);
        if ours == theirs {
            return Ok(ours);
        }
        Err(format!("{words:?}\n  ours:   {ours:?}\n  theirs: {theirs:?}"))
    }
}

/// Fields whose values are the clock's, or of a server's memory.
const MASKED: [&str; 6] =
    ["idle", "inactive", "seen-time", "active-time", "radix-tree-keys", "radix-tree-nodes"];

/// What the clock says in milliseconds since 1970 is more than this.
const TIME_MIN: i64 = 1_000_000_000_000;

fn masked(value: Value, words: &[String]) -> Value {
    let is_pending = words[0].eq_ignore_ascii_case("XPENDING") && words.len() > 3;
    // Id, consumer, idle time, deliveries.
    if is_pending && let Value::List(rows) = value {
        return Value::List(rows.into_iter().map(without_idle).collect());
    }
    without_times(value)
}

fn without_idle(row: Value) -> Value {
    let Value::List(mut fields) = row else { return row };
    if fields.len() == 4 {
        fields[2] = in_kind(fields[2].clone());
    }
    Value::List(fields)
}

fn without_times(value: Value) -> Value {
    match value {
        Value::Number(time) if time >= TIME_MIN => Value::Simple("time".to_owned()),
        Value::List(items) => {
            let mut masked = Vec::new();
            for item in items {
                let is_masked = masked.last().is_some_and(is_masked_name);
                masked.push(if is_masked { in_kind(item) } else { without_times(item) });
            }
            Value::List(masked)
        }
        Value::Map(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let is_masked = is_masked_name(&name);
                (name, if is_masked { in_kind(value) } else { without_times(value) })
            });
            Value::Map(fields.collect())
        }
        Value::Simple(_)
        | Value::Error(_)
        | Value::Number(_)
        | Value::Bulk(_)
        | Value::Null
        | Value::NullList
        | Value::Push(_) => value,
    }
}

fn is_masked_name(value: &Value) -> bool {
    matches!(value, Value::Bulk(name) if MASKED.contains(&name.as_str()))
}

fn in_kind(value: Value) -> Value {
    if let Value::Number(0..) = value {
        return Value::Simple("a number".to_owned());
    }
    value
}

/// The words of a line: what is in quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn play(name: &str) {
    let file = format!("{}/tests/resp/traces/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let trace = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let server = Server::start(Program::Valkey, &[]);
    let mut differences = Vec::new();
    for protocol in ["2", "3"] {
        let ours = Ours::in_memory();
        let mut both = Both::speaking(protocol, &ours, &server);
        for (number, line) in (1..).zip(trace.lines()) {
            let (is_refused, line) = match line.strip_prefix('!') {
                Some(line) => (true, line),
                None => (false, line),
            };
            let words = words(line);
            if words.is_empty() || line.starts_with('#') {
                continue;
            }
            let difference = match both.ask(&words) {
                Ok(answer) if matches!(answer, Value::Error(_)) == is_refused => continue,
                Ok(answer) => format!("{words:?}: {answer:?}"),
                Err(difference) => difference,
            };
            differences.push(format!("line {number}, protocol {protocol}: {difference}"));
        }
    }
    assert!(differences.is_empty(), "{file}\n{}", differences.join("\n"));
}

macro_rules! traces {
    ($($name:ident $file:literal;)+) => {
        $(#[test]
        fn $name() {
            play($file);
        })+
    };
}

traces! {
    connections_are_as_in_valkey "connection";
    adding_and_trimming_are_as_in_valkey "adding";
    ranges_are_as_in_valkey "ranges";
    reading_is_as_in_valkey "reading";
    groups_are_as_in_valkey "groups";
    acknowledging_is_as_in_valkey "pending";
    claiming_is_as_in_valkey "claiming";
    descriptions_are_as_in_valkey "describing";
    transactions_are_as_in_valkey "transactions";
    keys_are_as_in_valkey "keys";
    lags_are_as_in_valkey "lags";
}
