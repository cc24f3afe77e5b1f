//! Every script of the SDK: as text on a real server, and by its digest on the embedded store,
//! which does the same in its own words. The same steps, the same answers.

use baton_store_embedded::{EmbeddedStore, Options, Resp, RespOptions};
use baton_test_servers::{Program, Server};
use redis::{Script, Value};

const ROW: &str = "baton:{bot.0}:reader:g";
const READERS: &str = "baton:{bot}:readers:g";
const LETTERS: &str = "baton:{bot.0}:dead:g";

/// Steps, one a line. Behind `@name` stands a call of that script; `-` is an empty word. A line
/// that begins with `!` is refused by both, with the same code.
const STEPS: &str = "
    XADD s 1-1 a 1
    XADD s 1-2 a 2
    XADD s 1-3 a 3
    XADD s 1-4 a 4
    !@claim g me - all 0 0-0 10 5
    !@keep g me - 0 1-1
    !@take g me - 10
    !@sweep g me - 0
    !@leave g me - 0
    @ack g me - 1-1
    @bury g me - 1-1 10 error none
    XGROUP CREATE s g 0
    XREADGROUP GROUP g one COUNT 3 STREAMS s >
    @keep g one - 7 1-1 1-2 1-4
    @keep g other - 0 1-1 1-2
    @keep g one - 0 1-4
    @claim g two - all 600000 0-0 10 5
    @claim g two - own 0 0-0 10 5
    @claim g two - all 0 0-0 2 5
    @claim g two - own 0 1-1 10 5
    @claim g two - all 0 0-0 10 2
    @claim g two - all 0 1-1 10 3
    @claim g one - all 0 0-0 10 4
    XDEL s 1-1
    @claim g one - all 0 0-0 10 9
    @claim g one - all 0 9-9 10 9
    @ack g me - 1-1 1-2
    @ack g me - 1-2
    @bury g me - 1-3 10 error poison id 1-3
    @bury g me - 1-3 10 error poison id 1-3
    XPENDING s g
    XLEN baton:{bot.0}:dead:g
    @take g two - 10
    @take g two - 10
    XADD s 2-1 a 5
    XADD s 2-2 a 6
    @take g two - 1
    XPENDING s g - + 10 two
    @leave g two - 600000
    @leave g one - 600000
    @leave g nobody - 600000
    XGROUP CREATECONSUMER s g idle
    XGROUP CREATECONSUMER s g me
    @sweep g me - 600000
    @ack g me - 1-4 2-1
    @leave g two - 600000
    @leave g idle - 600000
    @leave g me - 600000
    XPENDING s g
    @lease look me 0
    @lease claim me 7
    @lease release me 0
    HSET baton:{bot.0}:reader:g epoch 9000000000000000 owner other
    @lease look me 0
    @lease claim me 9000000000000000
    @lease release other 9000000000000001
    @lease release me 9000000000000000
    @ack g me 9000000000000001 1-1
    @ack g other 9000000000000001 1-1
    @take g me 9000000000000000 10
    @take g me 9000000000000001 10
    @take g me 9000000000000005 10
    HMGET baton:{bot.0}:reader:g epoch owner
    @claim g me 9000000000000001 all 0 0-0 10 5
    @bury g me 9000000000000001 2-2 10 error x
    @keep g me 9000000000000001 0 2-2
    @sweep g me 9000000000000001 0
    @leave g me 9000000000000001 0
    @lease release me 9000000000000005
    @lease look me 0
    HDEL baton:{bot.0}:reader:g epoch owner
    @keep g me 9000000000000005 0 2-2
    HGETALL baton:{bot.0}:reader:g
    @beat me {}
    @beat me {1}
    @beat two {2}
    @beat two {3} me nobody
    @beat me -
    @beat two -
    EXISTS baton:{bot}:readers:g
    SCRIPT EXISTS 0000000000000000000000000000000000000000
    !EVALSHA 0000000000000000000000000000000000000000 0
    !EVALSHA x 0
    !EVALSHA 0000000000000000000000000000000000000000 -1
    !EVALSHA 0000000000000000000000000000000000000000 y
    !EVALSHA 0000000000000000000000000000000000000000 2 a
    !EVALSHA x
";

/// A script's text, as the SDK sends it, and whether it acts at a lane.
fn script(name: &str) -> (Script, bool) {
    macro_rules! text {
        ($name:literal) => {
            include_str!(concat!("../src/scripts/", $name, ".lua"))
        };
    }
    let held = |text: &str| (Script::new(&format!("{}\n{text}", text!("hold"))), true);
    match name {
        "ack" => held(text!("ack")),
        "bury" => held(text!("bury")),
        "keep" => held(text!("keep")),
        "claim" => held(text!("claim")),
        "sweep" => held(text!("sweep")),
        "leave" => held(text!("leave")),
        "take" => held(text!("take")),
        "beat" => (Script::new(text!("beat")), false),
        "lease" => (Script::new(text!("lease")), false),
        other => panic!("no script {other:?}"),
    }
}

/// One of both, and how it calls itself.
struct Side {
    connection: redis::Connection,
    run_id: String,
}

impl Side {
    fn at(port: u16) -> Self {
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("a url");
        let mut connection = client.get_connection().expect("connected");
        let info: String = redis::cmd("INFO").arg("server").query(&mut connection).expect("told");
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:")).expect("its id");
        let run_id = run_id.to_owned();
        Self { connection, run_id }
    }

    fn ask(&mut self, words: &[&str]) -> Result<Value, String> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        let answer = command.query(&mut self.connection);
        let code = |error: redis::RedisError| error.code().unwrap_or("no code").to_owned();
        answer.map(|value| self.masked(value)).map_err(code)
    }

    fn masked(&self, value: Value) -> Value {
        if value == Value::BulkString(self.run_id.clone().into_bytes()) {
            return Value::Okay;
        }
        let Value::Array(mut items) = value else { return value };
        // A pending delivery: for how long it has been idle differs by how long a step takes.
        if let [Value::BulkString(_), Value::BulkString(_), idle @ Value::Int(_), Value::Int(_)] =
            &mut items[..]
        {
            *idle = Value::Nil;
        }
        Value::Array(items.into_iter().map(|item| self.masked(item)).collect())
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().map(|word| if word == "-" { "" } else { word }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_scripts_do_on_a_server_the_embedded_store_does_by_their_digests() {
    let server = Server::start(Program::Valkey, &[]);
    let store = EmbeddedStore::in_memory(Options::default());
    let options =
        RespOptions { address: "127.0.0.1:0".parse().expect("an address"), password: None };
    let resp = Resp::listen(&store, options).await.expect("it listens");
    let (mut ours, mut theirs) = (Side::at(resp.address().port()), Side::at(server.port()));
    let mut differences = Vec::new();
    for line in STEPS.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (is_refused, step) = match line.strip_prefix('!') {
            Some(step) => (true, step),
            None => (false, line),
        };
        let answers = match step.strip_prefix('@') {
            None => {
                let range = step.contains(" - + ");
                let words = if range { step.split(' ').collect() } else { words(step) };
                (ours.ask(&words), theirs.ask(&words))
            }
            Some(call) => {
                let (name, arguments) = call.split_once(' ').expect("arguments");
                let (script, is_at_lane) = script(name);
                let keys: &[&str] = match (is_at_lane, name) {
                    (true, _) => &["s", ROW, LETTERS],
                    (false, "beat") => &[READERS],
                    (false, _) => &[ROW],
                };
                let count = keys.len().to_string();
                let head = ["EVALSHA", script.get_hash(), &count];
                let call = [&head[..], keys, &words(arguments)].concat();
                let theirs = {
                    script.prepare_invoke().load(&mut theirs.connection).expect("loaded");
                    theirs.ask(&call)
                };
                (ours.ask(&call), theirs)
            }
        };
        if answers.0 != answers.1 || answers.0.is_err() != is_refused {
            differences
                .push(format!("{line}\n  ours:   {:?}\n  theirs: {:?}", answers.0, answers.1));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
