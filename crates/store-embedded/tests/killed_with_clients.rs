//! A store that Redis clients use is killed in the middle of it, again and again, and opened again.
//!
//! The process is this test itself, started with another first argument: it listens, and says on
//! its standard output where. The clients are those of the `redis` crate. What was answered before
//! the kill must be so after it: nothing that was added is lost, nothing that was acknowledged is
//! pending or delivered again, and nothing that was delivered is forgotten.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    thread,
};

use baton_store_embedded::{EmbeddedStore, Options, Resp, RespOptions};
use libtest_mimic::{Arguments, Trial};
use redis::{Client, Connection, RedisResult, streams::StreamReadReply};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const CHILD: &str = "listen-until-killed";
const ROUNDS: usize = 8;
const CONSUMERS: usize = 3;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == CHILD) {
        listen_until_killed(Path::new(&arguments.next().expect("a folder")));
    }
    let rule = "what_a_client_was_answered_survives_a_kill";
    let trial = Trial::test(rule, || {
        kill_again_and_again();
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn listen_until_killed(folder: &Path) -> ! {
    let store = EmbeddedStore::open(folder, Options::default()).expect("the store opens");
    let runtime = Runtime::new().expect("a runtime");
    let options =
        RespOptions { address: "127.0.0.1:0".parse().expect("an address"), password: None };
    let resp = runtime.block_on(Resp::listen(&store, options)).expect("it listens");
    writeln!(std::io::stdout(), "{}", resp.address()).expect("somebody listens");
    // Until this process is killed, or the one that started it is gone.
    let mut end = String::new();
    std::io::stdin().read_line(&mut end).expect("an end");
    std::process::exit(1)
}

/// What was answered so far, in all rounds.
#[derive(Default)]
struct Answered {
    added: BTreeSet<String>,
    delivered: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    /// Asked for, whatever came of it.
    perhaps_acknowledged: BTreeSet<String>,
}

impl Answered {
    fn extend(&mut self, other: Self) {
        self.added.extend(other.added);
        self.delivered.extend(other.delivered);
        self.acknowledged.extend(other.acknowledged);
        self.perhaps_acknowledged.extend(other.perhaps_acknowledged);
    }
}

fn kill_again_and_again() {
    let folder = TempDir::new().expect("a folder");
    let mut all = Answered::default();
    for round in 0..ROUNDS {
        let (mut child, url) = start(folder.path());
        if round == 0 {
            let made: RedisResult<()> = ask(&mut connect(&url), "XGROUP CREATE s g 0 MKSTREAM");
            made.expect("a group");
        }
        check(&mut connect(&url), &all);
        let consumers: Vec<_> = (0..CONSUMERS)
            .map(|number| {
                let url = url.clone();
                thread::spawn(move || consume(&url, number))
            })
            .collect();
        wait_for_progress(&url, round);
        child.kill().expect("killed");
        child.wait().expect("it has ended");
        for consumer in consumers {
            all.extend(consumer.join().expect("a consumer ends with its connection"));
        }
    }
    let (mut child, url) = start(folder.path());
    check(&mut connect(&url), &all);
    child.kill().expect("killed");
    child.wait().expect("it has ended");
    assert!(all.acknowledged.len() > 20, "killed too early: {}", all.acknowledged.len());
}

fn start(folder: &Path) -> (Child, String) {
    let program = env::current_exe().expect("this test's path");
    let mut command = Command::new(program);
    command.env_clear().arg(CHILD).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a child");
    let mut address = String::new();
    let output = child.stdout.as_mut().expect("its output");
    BufReader::new(output).read_line(&mut address).expect("an address");
    (child, format!("redis://{}/", address.trim()))
}

fn connect(url: &str) -> Connection {
    Client::open(url).and_then(|client| client.get_connection()).expect("a connection")
}

fn ask<T: redis::FromRedisValue>(connection: &mut Connection, line: &str) -> RedisResult<T> {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().expect("a command"));
    for word in words {
        command.arg(word);
    }
    command.query(connection)
}

/// Until each round has got further than the one before, or the store is not killed at ever other
/// places.
fn wait_for_progress(url: &str, round: usize) {
    let mut connection = connect(url);
    let at_first: usize = ask(&mut connection, "XLEN s").expect("a length");
    while ask::<usize>(&mut connection, "XLEN s").expect("a length") < at_first + 10 + round * 7 {}
}

/// Adds, reads and acknowledges until the connection breaks.
fn consume(url: &str, number: usize) -> Answered {
    let mut answered = Answered::default();
    let mut connection = connect(url);
    drop(consume_over(&mut connection, number, &mut answered));
    answered
}

fn consume_over(
    connection: &mut Connection,
    number: usize,
    answered: &mut Answered,
) -> RedisResult<()> {
    for turn in 0.. {
        answered.added.insert(ask(connection, "XADD s * f v")?);
        let read = format!("XREADGROUP GROUP g c{number} COUNT 2 STREAMS s >");
        let read: Option<StreamReadReply> = ask(connection, &read)?;
        let keys = read.map_or_else(Vec::new, |read| read.keys);
        let ids = keys.into_iter().flat_map(|key| key.ids).map(|entry| entry.id);
        for id in ids {
            answered.delivered.insert(id.clone());
            // Every third stays pending.
            if turn % 3 > 0 {
                answered.perhaps_acknowledged.insert(id.clone());
                let count: usize = ask(connection, &format!("XACK s g {id}"))?;
                assert_eq!(count, 1, "{id} was delivered to nobody else");
                answered.acknowledged.insert(id);
            }
        }
    }
    Ok(())
}

fn check(connection: &mut Connection, answered: &Answered) {
    let entries: redis::streams::StreamRangeReply =
        ask(connection, "XRANGE s - +").expect("entries");
    let entries: BTreeSet<String> = entries.ids.into_iter().map(|entry| entry.id).collect();
    let lost: Vec<_> = answered.added.difference(&entries).collect();
    assert!(lost.is_empty(), "added and lost: {lost:?}");

    let pending: Vec<(String, String, u64, u64)> =
        ask(connection, "XPENDING s g - + 1000000").expect("what is pending");
    let pending: BTreeSet<String> = pending.into_iter().map(|(id, ..)| id).collect();
    let again: Vec<_> = answered.acknowledged.intersection(&pending).collect();
    assert!(again.is_empty(), "acknowledged and pending: {again:?}");
    let kept = answered.delivered.difference(&answered.perhaps_acknowledged);
    let forgotten: Vec<_> = kept.filter(|id| !pending.contains(*id)).collect();
    assert!(forgotten.is_empty(), "delivered and forgotten: {forgotten:?}");

    let new: Option<StreamReadReply> =
        ask(connection, "XREADGROUP GROUP g checker NOACK STREAMS s >").expect("what is new");
    let keys = new.map_or_else(Vec::new, |read| read.keys);
    let new: BTreeSet<String> =
        keys.into_iter().flat_map(|key| key.ids).map(|entry| entry.id).collect();
    let twice: Vec<_> = new.intersection(&answered.delivered).collect();
    assert!(twice.is_empty(), "delivered, and new once more: {twice:?}");
}
