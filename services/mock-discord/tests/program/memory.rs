//! A thousand connected shards fit into little memory.

use std::{fs, process::Command};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::{
    client::Client,
    running::{PATIENCE, Program, command},
};

const SHARDS: u32 = 1_000;

/// What a process with a thousand idle shards may take.
const RSS_KB_MAX: u64 = 300 * 1_024;

/// What a process holds in memory, in kB.
fn rss_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn a_thousand_idle_shards_take_less_than_300_mb() {
    raise_limit_of_open_files();
    let program = start_with_few_open_files();
    let before = rss_kb(program.pid());
    let mut clients = Vec::new();
    for shard in 0..SHARDS {
        let connect = async {
            let mut client =
                Client::connect(program.address("gateway"), "v=10&encoding=json").await?;
            client.identify(shard, SHARDS).await?;
            // HELLO, READY and two guilds.
            for _ in 0..4 {
                client.message().await?;
            }
            std::io::Result::Ok(client)
        };
        let client = tokio::time::timeout(PATIENCE, connect).await.expect("in time");
        clients.push(client.expect("it connects"));
    }
    let after = rss_kb(program.pid());
    println!("{SHARDS} idle shards: {before} kB before, {after} kB after");
    assert!(after < RSS_KB_MAX, "{after} kB");
}

/// The clients are open files as well.
fn raise_limit_of_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("up to the maximum everything is granted");
}

/// As most shells start programs: who needs more open files has to ask for them.
fn start_with_few_open_files() -> Program {
    let program = command();
    let ports = "--gateway-port=0 --resume-port=0 --rest-port=0 --admin-port=0";
    let many = format!("--shards-max={SHARDS} --max-concurrency={SHARDS}");
    let line = format!("ulimit -Sn 256 && exec \"$0\" --json {ports} {many}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).arg(program.get_program());
    Program::spawn(shell)
}
