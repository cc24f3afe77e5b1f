//! Conversations with the machine, as plain text in `stories/`.
//!
//! A story is a row of blocks: what happens, a line of dashes, what the machine wants done, and
//! in which state that leaves it. Every output counts, and so does the next wake. `BLESS=1`
//! writes what came out into the files; reading every changed line is up to who asked for it.

mod language;

use std::{env, fs, panic, path::PathBuf};

use baton_model::Moment;
use language::Stage;

#[test]
fn every_story_ends_as_it_is_written() {
    let mut wrong = Vec::new();
    let files = story_files();
    assert!(files.len() >= 40, "only {} stories found", files.len());
    for file in files {
        let written = fs::read_to_string(&file).unwrap();
        match panic::catch_unwind(|| tell(&written)) {
            Ok(told) if told == written => {}
            Ok(told) if is_blessed() => fs::write(&file, told).unwrap(),
            Ok(told) => {
                let difference = first_difference(&written, &told);
                wrong.push(format!("{}\n{difference}", file.display()));
            }
            Err(_) => wrong.push(format!("{}\n  the machine panicked", file.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "the machine has no environment, but whoever runs its tests does"
)]
fn is_blessed() -> bool {
    env::var_os("BLESS").is_some()
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
#[should_panic(expected = "append up to 99 acknowledged, but the furthest one sent went to 12")]
fn an_acknowledgement_of_what_was_never_appended_is_our_bug() {
    let mut stage = Stage::new();
    for line in ["given live s1/10", "k1 dispatch 12", "appended @5 s1/99"] {
        stage.play(line);
    }
}

#[test]
fn a_state_lasts_from_the_moment_it_began() {
    let mut stage = Stage::new();
    stage.play("given live s1/10");
    stage.play("k1 dispatch 12");
    assert_eq!(stage.since(), Moment::ZERO);
    stage.play("wait 5s");
    stage.play("k1 closed 1006");
    assert_eq!(stage.since(), Moment::from_millis(25_000));
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

/// The story again, with what the machine makes of it.
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
    lines.extend(stage.outputs());
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
