//! Conversations with a simulated Discord, as plain text in `stories/`.
//!
//! A story is a row of blocks: what clients and operators do, a line of dashes, what Discord does
//! about it, and which verdicts it passes. Every output counts, and so does the next wake.
//! `BLESS=1` writes what came out into the files; reading every changed line is up to who asked
//! for it.

mod language;

use std::{collections::BTreeSet, env, fs, panic, path::PathBuf};

use baton_mock_discord::verdict::Rule;
use language::Stage;

#[test]
fn every_story_ends_as_it_is_written() {
    let mut wrong = Vec::new();
    let files = story_files();
    assert!(files.len() >= 25, "only {} stories found", files.len());
    for file in files {
        let written = fs::read_to_string(&file).unwrap();
        match panic::catch_unwind(|| tell(&written)) {
            Ok(told) if told == written => {}
            Ok(told) if env::var_os("BLESS").is_some() => fs::write(&file, told).unwrap(),
            Ok(told) => {
                let difference = first_difference(&written, &told);
                wrong.push(format!("{}\n{difference}", file.display()));
            }
            Err(_) => wrong.push(format!("{}\n  the machine panicked", file.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_story_says_its_rule_first() {
    for file in story_files() {
        let story = fs::read_to_string(&file).unwrap();
        assert!(story.starts_with("# "), "{} has no rule", file.display());
        assert!(story.contains("\n----\n"), "{} tells nothing", file.display());
    }
}

#[test]
fn every_verdict_and_every_close_code_has_a_story() {
    let told: String = story_files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for rule in every_rule() {
        assert!(told.contains(&format!("! {rule} by")), "no story earns {rule}");
    }
    for code in (4_000..=4_014).filter(|code| *code != 4_006) {
        assert!(told.contains(&format!(" close {code} ")), "no story ends with {code}");
    }
}

/// All of them: serde names them in what it says about one that it does not know.
fn every_rule() -> BTreeSet<String> {
    let error = serde_json::from_str::<Rule>("\"\"").expect_err("no rule is called so").to_string();
    let names = error.split('`').skip(3).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    assert!(names.contains("rest_unauthorized") && names.len() >= 20, "{error}");
    names
}

fn story_files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder of stories")
        .map(|entry| entry.expect("a story").path())
        .collect();
    files.sort();
    files
}

/// The story again, with what Discord makes of it.
fn tell(written: &str) -> String {
    let mut stage = Stage::new();
    let blocks: Vec<_> =
        written.trim_end().split("\n\n").map(|block| tell_block(block, &mut stage)).collect();
    blocks.join("\n\n") + "\n"
}

fn tell_block(block: &str, stage: &mut Stage) -> String {
    let asked: Vec<_> = block.lines().take_while(|line| *line != "----").collect();
    let inputs: Vec<_> = asked.iter().filter(|line| !line.starts_with('#')).collect();
    if inputs.is_empty() {
        return asked.join("\n");
    }
    for input in inputs {
        stage.play(input);
    }
    let mut lines: Vec<_> = asked.into_iter().map(str::to_owned).collect();
    lines.push("----".to_owned());
    lines.extend(stage.take_lines());
    lines.push(stage.state());
    lines.join("\n")
}

fn first_difference(written: &str, told: &str) -> String {
    let differs = |(a, b): (&str, &str)| a != b;
    let at = written.lines().zip(told.lines()).position(differs);
    let at = at.unwrap_or_else(|| written.lines().count().min(told.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
    format!("  line {}\n  written: {}\n  told:    {}", at + 1, line(written), line(told))
}
