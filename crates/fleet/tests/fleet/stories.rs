//! Stories: one machine, `a`, told what happens in plain text; what it does is compared exactly.
//!
//! The other instances are puppets that beat once a second until the story says otherwise. The
//! store answers at once. Beats, polls, sweeps and the news of leases taken are left out, because
//! they go on all the time. `BLESS=1 cargo test -p baton-fleet stories` writes down what happens.

mod stage;
mod telling;

use std::{fs, path::Path};

use self::stage::Stage;

/// Plays a story and returns it with the outputs as they were.
fn played(story: &str) -> String {
    let mut stage = Stage::new();
    let mut result = String::new();
    let mut is_expectation = false;
    for line in story.lines() {
        if line == "----" {
            result.push_str("----\n");
            for output in stage.take_lines() {
                result.push_str(&output);
                result.push('\n');
            }
            is_expectation = true;
        } else if line.is_empty() {
            result.push('\n');
            is_expectation = false;
        } else if !is_expectation {
            result.push_str(line);
            result.push('\n');
            if !line.starts_with('#') {
                stage.perform(line);
            }
        }
    }
    let untold = stage.take_lines();
    assert!(untold.is_empty(), "the story ends before its outputs: {untold:?}");
    result
}

#[expect(clippy::disallowed_methods, reason = "the person who runs the test asks for it")]
fn is_to_be_blessed() -> bool {
    std::env::var_os("BLESS").is_some()
}

#[test]
fn stories_end_as_they_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut paths: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 20, "stories are missing in {}", folder.display());
    let mut wrong = Vec::new();
    for path in paths {
        let told = fs::read_to_string(&path).unwrap();
        let happened = played(&told);
        if is_to_be_blessed() {
            fs::write(&path, &happened).unwrap();
        } else if told != happened {
            wrong.push(format!("{}\n{happened}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "happened otherwise:\n{}", wrong.join("\n"));
}
