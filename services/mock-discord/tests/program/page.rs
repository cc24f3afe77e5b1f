//! The page for people who test their bots against it: every command on it works, and says what
//! the page says; every option, fault and verdict is on it.

use std::{collections::BTreeSet, env, path::Path, process::Command};

use baton_mock_discord::{Fault, verdict::Rule};
use serde_json::Value;

use crate::{
    client::Client,
    running::{Program, run},
};

const PAGE: &str = include_str!("../../../../docs/mock-discord.md");

const FACES: [(&str, &str); 4] = [
    ("gateway", "127.0.0.1:4000"),
    ("resume", "127.0.0.1:4001"),
    ("rest", "127.0.0.1:4002"),
    ("admin", "127.0.0.1:4003"),
];

/// Stands for any value in what the page expects, and at the end of an array for any more.
const ANY: &str = "…";

/// A block of the page: its language and its text.
struct Block {
    language: &'static str,
    text: &'static str,
}

fn blocks() -> Vec<Block> {
    let fenced = PAGE.split("```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (language, text) = block.split_once('\n').expect("a block has lines");
            Block { language, text }
        })
        .collect()
}

#[tokio::test]
async fn every_command_says_what_the_page_says() {
    let blocks = blocks();
    let (mut bot, mut first, mut commands) = (Vec::new(), None, 0);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        commands += 1;
        let expected = blocks.get(at + 1).filter(|next| next.language != "sh");
        if !block.text.starts_with("curl") {
            let program = started(block.text);
            if let Some(expected) = expected.filter(|expected| expected.language == "text") {
                assert_eq!(announced(&program), here(expected.text, &program));
            }
            first.get_or_insert(program);
            continue;
        }
        let program = first.as_ref().expect("it is started first");
        if block.text.contains("/connections") {
            bot = connected(program).await;
        }
        let answer = answer_to(&here(block.text, program));
        if let Some(expected) = expected.filter(|expected| expected.language == "json") {
            let expected = serde_json::from_str(&here(expected.text, program)).expect("JSON");
            assert!(is_like(&answer, &expected), "{}\n{answer}", block.text);
        } else {
            assert!(answer.get("error").is_none(), "{}\n{answer}", block.text);
        }
    }
    assert_eq!((bot.len(), commands), (2, 16));
}

/// Starts what a block of the page starts, on free ports.
fn started(line: &str) -> Program {
    let folder = Path::new(env!("CARGO_BIN_EXE_baton-mock-discord")).parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), env::var("PATH").unwrap_or_default());
    let ports = "--gateway-port=0 --resume-port=0 --rest-port=0 --admin-port=0";
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec env {} {ports} --json", line.trim())]).env("PATH", path);
    Program::spawn(shell)
}

fn announced(program: &Program) -> String {
    let line = |(face, _): &(&str, &str)| {
        format!("{face:<7} {} (listens on {})\n", program.url(face), program.address(face))
    };
    FACES.iter().map(line).collect()
}

/// A text of the page with the addresses that are meant here.
fn here(text: &str, program: &Program) -> String {
    FACES.iter().fold(text.to_owned(), |text, (face, on_the_page)| {
        text.replace(on_the_page, &program.address(face).to_string())
    })
}

async fn connected(program: &Program) -> Vec<Client> {
    let mut bot = Vec::new();
    for shard in [0, 1] {
        let connect = Client::connect(program.address("gateway"), "v=10&encoding=json");
        let mut client = connect.await.expect("it connects");
        client.identify(shard, 2).await.expect("sent");
        // HELLO, READY and two guilds.
        for _ in 0..4 {
            client.message().await.expect("a message");
        }
        bot.push(client);
    }
    bot
}

fn answer_to(line: &str) -> Value {
    let output = Command::new("sh").args(["-c", line]).output().expect("sh is everywhere");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: is curl installed? {stderr}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn is_like(told: &Value, expected: &Value) -> bool {
    match (told, expected) {
        (_, Value::String(any)) if any == ANY => true,
        (Value::Object(told), Value::Object(expected)) => {
            told.keys().eq(expected.keys())
                && told.iter().all(|(key, value)| is_like(value, &expected[key]))
        }
        (Value::Array(told), Value::Array(expected)) => {
            let goes_on = expected.len() > 1 && expected.last().is_some_and(|last| last == ANY);
            let least = expected.len() - usize::from(goes_on);
            (told.len() == least || goes_on && told.len() > least)
                && told
                    .iter()
                    .zip(&expected[..least])
                    .all(|(told, expected)| is_like(told, expected))
        }
        (told, expected) => told == expected,
    }
}

#[test]
fn every_option_is_on_the_page_with_its_default() {
    let help = String::from_utf8(run(&["--help"]).stdout).expect("text");
    let lines: Vec<_> = help.lines().map(str::trim).collect();
    let mut options = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = line.split(' ').find(|word| word.starts_with("--")) else { continue };
        if !line.starts_with('-') {
            continue;
        }
        options.insert(name.to_owned());
        let until_next = lines[at + 1..].iter().take_while(|line| !line.starts_with('-'));
        let default = until_next
            .clone()
            .chain([line])
            .find_map(|line| Some(line.split_once("[default: ")?.1.split(']').next()?.to_owned()));
        if let Some(default) = default {
            let row = format!("| `{name}` | `{default}` |");
            assert!(PAGE.contains(&row), "the page has no row {row}");
        }
    }
    assert!(options.len() > 20, "{options:?}");
    let table = PAGE.split("## ").find(|part| part.starts_with("Options")).expect("a table");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    let named: BTreeSet<_> = first_cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect();
    assert_eq!(named, options);
}

#[test]
fn every_fault_is_on_the_page_and_can_be_asked_for() {
    let cells = PAGE.lines().filter_map(|line| line.strip_prefix("| `{")?.split('`').next());
    let faults: Vec<_> = cells
        .map(|cell| {
            Fault::from_json(&format!("{{{cell}")).unwrap_or_else(|e| panic!("{cell}: {e}"))
        })
        .collect();
    let kinds: BTreeSet<_> = faults
        .iter()
        .map(|fault| serde_json::to_value(fault).expect("JSON")["fault"].to_string())
        .collect();
    // The library names them all in what it says about one that it does not know.
    let error = Fault::from_json(r#"{"fault":""}"#).expect_err("no fault is called so").to_string();
    let known = error.matches('`').count() / 2 - 1;
    assert_eq!(kinds.len(), known, "{error}");
}

#[test]
fn every_verdict_is_on_the_page() {
    let error = serde_json::from_str::<Rule>("\"\"").expect_err("no rule is called so").to_string();
    let rules: Vec<_> = error.split('`').skip(3).step_by(2).collect();
    assert!(rules.len() > 20, "{error}");
    for rule in rules {
        assert!(PAGE.contains(&format!("`{rule}`")), "{rule} is not on the page");
    }
}

#[test]
fn what_the_page_is_compared_with_is_compared() {
    let like = |told: &str, expected: &str| {
        let parsed = |text| serde_json::from_str::<Value>(text).expect("JSON");
        is_like(&parsed(told), &parsed(expected))
    };
    assert!(like(r#"{"a":[1,2,3],"b":7}"#, r#"{"a":[1,"…"],"b":"…"}"#));
    assert!(like(r#"{"a":[1]}"#, r#"{"a":[1,"…"]}"#));
    assert!(!like(r#"{"a":[2,3]}"#, r#"{"a":[1,"…"]}"#));
    assert!(!like(r#"{"a":1,"b":1}"#, r#"{"a":1}"#));
    assert!(!like(r#"{"a":1}"#, r#"{"a":1,"b":1}"#));
    assert!(!like("[1,2]", "[1]"));
}
