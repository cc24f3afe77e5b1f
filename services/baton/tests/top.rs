//! `baton top` at a real terminal, over a real store: util-linux's `script` gives it one.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use baton_model::{Beat, InstanceId, Wish};
use baton_store::{Membership, PresenceGuard};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};

/// What a program sends to get a screen of its own, and to give it back.
const ENTERS: &str = "\x1b[?1049h";
const LEAVES: &str = "\x1b[?1049l";

/// `baton top` at a terminal of 80 by 24.
struct AtTerminal {
    process: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    shown: String,
}

impl AtTerminal {
    fn start(server: &Server) -> Self {
        let script = format!(
            "stty rows 24 cols 80; echo pid $$.; exec {} --store valkey://127.0.0.1:{} top",
            env!("CARGO_BIN_EXE_baton"),
            server.port()
        );
        // A program that shows nothing is ended, and the test fails.
        let mut process = Command::new("timeout")
            .args(["60", "script", "--quiet", "--return", "--command", &script, "/dev/null"])
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux and coreutils are everywhere");
        let keyboard = process.stdin.take().expect("its input is piped");
        let screen = process.stdout.take().expect("its output is piped");
        Self { process, keyboard, screen, shown: String::new() }
    }

    /// Reads until the screen shows a text.
    fn wait_for(&mut self, text: &str) {
        let mut some = [0; 4_096];
        while !seen(&self.shown).contains(text) {
            let read = self.screen.read(&mut some).expect("a pipe is readable");
            assert!(read > 0, "it has ended without {text:?}: {:?}", self.shown);
            self.shown += &String::from_utf8_lossy(&some[..read]);
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("it still reads");
    }

    /// Its end: everything that was shown, and the code.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).expect("a pipe is readable");
        let code = self.process.wait().expect("a child ends").code();
        (self.shown + &String::from_utf8_lossy(&rest), code)
    }
}

/// What a terminal shows after all this. Only cells that change are sent, so no text need stand in
/// what was sent as it stands on the screen.
fn seen(shown: &str) -> String {
    let mut cells = vec![vec![' '; 81]; 25];
    let (mut row, mut column) = (1, 1);
    let mut rest = shown;
    while let Some(next) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\x1b[") {
            let Some(end) = sequence.find(|c: char| c.is_ascii_alphabetic()) else { break };
            if sequence[end..].starts_with('H') {
                let mut place = sequence[..end].split(';').map(|it| it.parse().unwrap_or(1));
                (row, column) = (place.next().unwrap_or(1), place.next().unwrap_or(1));
            }
            rest = &sequence[end + 1..];
            continue;
        }
        if let Some(cell) = cells.get_mut(row).and_then(|cells| cells.get_mut(column)) {
            *cell = next;
        }
        column += 1;
        rest = &rest[next.len_utf8()..];
    }
    cells.into_iter().flat_map(|row| row.into_iter().chain(['\n'])).collect()
}

#[test]
fn a_key_ends_it_and_the_terminal_is_given_back() {
    let server = Server::start(Program::Valkey, &[]);
    let mut top = AtTerminal::start(&server);
    top.wait_for("store safe");
    top.press("q");
    let (shown, code) = top.end();
    assert!(shown.contains(ENTERS) && shown.contains(LEAVES), "{shown:?}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_given_back() {
    let server = Server::start(Program::Valkey, &[]);
    let mut top = AtTerminal::start(&server);
    top.wait_for("store safe");
    let pid = top.shown.split_once("pid ").unwrap().1.split_once('.').unwrap().0.to_owned();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let (shown, code) = top.end();
    assert!(shown.contains(LEAVES), "{shown:?}");
    assert_eq!(code, Some(130));
}

#[test]
fn a_store_that_goes_away_does_not_end_it() {
    let mut server = Server::start(Program::Valkey, &[]);
    let mut top = AtTerminal::start(&server);
    top.wait_for("store safe");
    server.kill();
    top.wait_for("AWAY");
    server.restart();
    top.wait_for("store safe");
    top.press("q");
    assert_eq!(top.end().1, Some(0));
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let server = Server::start(Program::Valkey, &[]);
    let store = format!("valkey://127.0.0.1:{}", server.port());
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    let output = command.args(["--store", &store, "top"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "baton: top needs a terminal; `baton status` does without\n");
}

/// An instance that is up, for as long as the hold lives.
async fn present(store: &Valkey, id: InstanceId) -> impl PresenceGuard {
    let record = r#"{"phase":"up","tier":0,"zone":"a","weight":100,"capacity":4000,
        "version":"0.1.0","joined_at":0,"stalled":[]}"#;
    let record = serde_json::from_str(record).expect("it is a record");
    store.beat(id, Beat(1), &record).await.expect("it is the first beat");
    store.hold_presence(id).await.expect("a server takes subscribers")
}

#[tokio::test]
async fn a_drain_is_ordered_by_two_keys_and_taken_back_by_a_third() {
    let server = Server::start(Program::Valkey, &[]);
    let url = format!("valkey://127.0.0.1:{}", server.port()).parse().expect("it is a url");
    let fleet = "main".parse().expect("it is a name");
    let store = Valkey::open(ValkeyConfig::new(url, fleet)).await.expect("it runs");
    let (first, second) = (InstanceId::new(1), InstanceId::new(2));
    let _held = (present(&store, first).await, present(&store, second).await);
    let wanted = async || store.poll().await.expect("it answers").intents;
    let mut top = AtTerminal::start(&server);
    top.wait_for("store safe");
    top.press("d");
    top.wait_for("Do it?");
    top.press("n");
    top.wait_for("nothing has been done");
    assert_eq!(wanted().await, []);
    top.press("d");
    top.wait_for("Do it?");
    top.press("y");
    top.wait_for("the drain is ordered");
    let [intent] = wanted().await.try_into().expect("there is one");
    assert_eq!(intent.wish, Wish::Drain { instance: first, limit: None });
    top.press("u");
    top.wait_for("may be given shards again");
    assert_eq!(wanted().await, []);
    top.press("q");
    assert_eq!(top.end().1, Some(0));
}
