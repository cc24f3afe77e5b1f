//! Consumers as real processes, killed and started under load, and counted by what they did.
//!
//! This program is both sides: with arguments it is a consumer, which pushes what it handles to a
//! list in the store; without, it starts such consumers and judges the list.

#[expect(dead_code, reason = "it waits without a runtime, and looks at no consumer from inside")]
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, io,
    num::NonZeroU16,
    process::{Child, Command, ExitCode, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use baton_consumer::{Consumer, Delivery};
use baton_model::LaneCount;
use baton_test_servers::{Program, Server};
use libtest_mimic::{Arguments, Failed, Trial};
use support::{PATIENCE, connection, entry, letters, pending, url, write};
use tokio::sync::Mutex;

const LANES: u16 = 4;
const GUILDS: u64 = 40;

/// Where consumers note what they did: `<consumer> <lane> <seq>`.
const EFFECTS: &str = "effects";

fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    if let [mode, url, name] = &*words
        && matches!(mode.as_str(), "shared" | "exclusive")
    {
        consume(mode == "exclusive", url, name);
        return ExitCode::SUCCESS;
    }
    let trials = vec![
        Trial::test("killed_consumers_lose_nothing_and_double_only_what_they_were_at", killed),
        Trial::test("from_one_to_eight_and_back_nothing_is_lost_or_doubled", scaled),
        Trial::test("exclusive_lanes_keep_the_order_of_guilds_when_consumers_are_killed", ordered),
        Trial::test("exclusive_lanes_keep_the_order_of_guilds_from_one_to_eight_and_back", moved),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Handles everything until its input ends.
fn consume(is_exclusive: bool, url: &str, name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = redis::Client::open(url.replace("valkey", "redis")).expect("an address");
        let effects = client.get_multiplexed_async_connection().await.expect("a connection");
        let effects = Arc::new(Mutex::new(effects));
        let builder = Consumer::builder(url, "bot", "group")
            .name(name)
            .lanes(LaneCount(NonZeroU16::new(LANES).expect("lanes")))
            .claim_after(Duration::from_secs(2));
        let builder = if is_exclusive { builder.exclusive() } else { builder };
        let own = name.to_owned();
        let handler = move |delivery: Delivery| {
            let (effects, own) = (effects.clone(), own.clone());
            async move {
                let what = format!("{own} {} {}", delivery.lane(), delivery.key().seq.0);
                let mut effects = effects.lock().await.clone();
                redis::cmd("RPUSH").arg(EFFECTS).arg(what).query_async::<()>(&mut effects).await?;
                tokio::time::sleep(Duration::from_millis(2)).await;
                Ok::<_, redis::RedisError>(())
            }
        };
        let consumer = builder.build().expect("a consumer");
        consumer.run_until(handler, input_ends()).await.expect("a clean end");
    });
}

async fn input_ends() {
    let wait = || io::copy(&mut io::stdin(), &mut io::sink());
    tokio::task::spawn_blocking(wait).await.expect("no panic").expect("an end");
}

/// A consumer process. Dropping it kills it.
struct Process(Child);

impl Process {
    fn start(mode: &str, server: &Server, name: &str) -> Self {
        let child = Command::new(env::current_exe().expect("this program"))
            .args([mode, &url(server), name])
            .env_clear()
            .stdin(Stdio::piped())
            .spawn();
        Self(child.expect("a process"))
    }

    /// Asks it to stop, and waits until it has.
    fn stop(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("an end").success(), "a clean end");
    }

    fn kill(mut self) {
        self.0.kill().expect("a process can be killed");
        self.0.wait().expect("a killed process ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What was done, in its order.
struct Effects(Vec<(String, u16, u64)>);

impl Effects {
    fn of(server: &Server) -> Self {
        let list: Vec<String> = server.command(&["LRANGE", EFFECTS, "0", "-1"]).expect("a list");
        let read = |line: &String| {
            let words: Vec<_> = line.split(' ').collect();
            (words[0].to_owned(), number(words[1]), number::<u64>(words[2]))
        };
        Self(list.iter().map(read).collect())
    }

    fn distinct(&self) -> usize {
        self.0.iter().map(|(_, lane, seq)| (lane, seq)).collect::<BTreeSet<_>>().len()
    }

    /// Whatever was done more than once, and by whom first.
    fn doubled(&self) -> Vec<(&str, u16, u64)> {
        let mut first: BTreeMap<(u16, u64), &str> = BTreeMap::new();
        let mut doubled = Vec::new();
        for (name, lane, seq) in &self.0 {
            if let Some(before) = first.insert((*lane, *seq), name) {
                doubled.push((before, *lane, *seq));
            }
        }
        doubled
    }

    /// Where a guild's entry was done for the first time after a later one of the same guild.
    fn out_of_order(&self) -> Vec<(u16, u64)> {
        let (mut seen, mut last) = (BTreeSet::new(), BTreeMap::new());
        let mut found = Vec::new();
        for (_, lane, seq) in &self.0 {
            let last = last.entry((*lane, seq % GUILDS)).or_insert(0);
            if seen.insert((*lane, *seq)) && seq < last {
                found.push((*lane, *seq));
            }
            *last = (*last).max(*seq);
        }
        found
    }
}

fn number<N: std::str::FromStr>(word: &str) -> N {
    word.parse().unwrap_or_else(|_| panic!("{word:?} is no number"))
}

/// So many of every lane.
fn all_of(each: u64) -> usize {
    usize::try_from(each).expect("some") * usize::from(LANES)
}

/// Writes so many entries to every lane, over some time.
fn load(server: &Server, each: u64) -> thread::JoinHandle<()> {
    let port = server.port();
    thread::spawn(move || {
        let mut connection = connection(port);
        for first in (1..=each).step_by(20) {
            let some: Vec<_> =
                (first..first + 20).map(|seq| entry(seq, Some(seq % GUILDS))).collect();
            (0..LANES).for_each(|lane| write(&mut connection, lane, &some));
            thread::sleep(Duration::from_millis(20));
        }
    })
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn wait_until_done(server: &Server, count: usize) {
    wait_until("everything is done", || Effects::of(server).distinct() == count);
    wait_until("everything is acknowledged", || (0..LANES).all(|lane| pending(server, lane) == 0));
}

/// Kills one of three again and again, and starts another in its place. Answers who was killed.
fn kill_under_load(mode: &str, server: &Server, each: u64) -> (Vec<String>, Vec<Process>) {
    let start =
        |number: u64| (format!("c{number}"), Process::start(mode, server, &format!("c{number}")));
    let mut processes: Vec<_> = (0..3).map(start).collect();
    let writing = load(server, each);
    let mut killed = Vec::new();
    for number in 3..7 {
        let before = Effects::of(server).0.len();
        wait_until("something is done", || Effects::of(server).0.len() > before + 300);
        let (name, process) = processes.remove(0);
        process.kill();
        killed.push(name);
        processes.push(start(number));
    }
    writing.join().expect("all is written");
    (killed, processes.into_iter().map(|(_, process)| process).collect())
}

fn ensure_only_the_killed_doubled(effects: &Effects, killed: &[String]) {
    let doubled = effects.doubled();
    println!("{} handled twice, all by consumers that were killed", doubled.len());
    for (name, lane, seq) in doubled {
        assert!(killed.iter().any(|one| one == name), "{name} lives, and {lane}/{seq} came twice");
    }
}

fn killed() -> Result<(), Failed> {
    let server = Server::start(Program::Valkey, &[]);
    let each = 5_000;
    let (killed, processes) = kill_under_load("shared", &server, each);
    wait_until_done(&server, all_of(each));
    processes.into_iter().for_each(Process::stop);
    ensure_only_the_killed_doubled(&Effects::of(&server), &killed);
    assert!((0..LANES).all(|lane| letters(&server, lane).is_empty()), "nothing was given up on");
    Ok(())
}

fn ordered() -> Result<(), Failed> {
    let server = Server::start(Program::Valkey, &[]);
    let each = 5_000;
    let (killed, processes) = kill_under_load("exclusive", &server, each);
    wait_until_done(&server, all_of(each));
    processes.into_iter().for_each(Process::stop);
    let effects = Effects::of(&server);
    ensure_only_the_killed_doubled(&effects, &killed);
    assert_eq!(effects.out_of_order(), []);
    Ok(())
}

/// One, then eight, then one again, all while entries come. Answers what was done.
fn scale(mode: &str) -> (Server, Effects) {
    let server = Server::start(Program::Valkey, &[]);
    let each = 5_000;
    let first = Process::start(mode, &server, "c0");
    let writing = load(&server, each);
    let more = |from: usize| wait_until("some is done", || Effects::of(&server).0.len() > from);
    more(500);
    let others: Vec<_> =
        (1..8).map(|number| Process::start(mode, &server, &format!("c{number}"))).collect();
    let names =
        || Effects::of(&server).0.iter().map(|(name, ..)| name.clone()).collect::<BTreeSet<_>>();
    wait_until("others have their share", || names().len() > 2);
    more(Effects::of(&server).0.len() + 2_000);
    others.into_iter().for_each(Process::stop);
    writing.join().expect("all is written");
    wait_until_done(&server, all_of(each));
    first.stop();
    let effects = Effects::of(&server);
    assert_eq!(effects.doubled(), [], "nobody died");
    (server, effects)
}

fn scaled() -> Result<(), Failed> {
    scale("shared");
    Ok(())
}

fn moved() -> Result<(), Failed> {
    let (_server, effects) = scale("exclusive");
    assert_eq!(effects.out_of_order(), []);
    Ok(())
}
