//! Every rule finds what small trees break, and nothing else in them.
//!
//! `fixtures/<rule>/<case>/` is a tree, and `fixtures/<rule>/<case>.findings` says line by line
//! what the rule has to find there. What looks like a breach in a tree and is not listed is there
//! to show that the rule lets it pass.

use std::{
    fs,
    path::{Path, PathBuf},
};

use baton_tidy::{EXCEPTIONS_FILE, RULES, Rule, Tree, without_exceptions};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn tree(path: &str) -> Tree {
    if path.starts_with("sizes/") {
        let folder = tempfile::tempdir().expect("a temporary folder");
        unfold(&fixture(path), folder.path());
        return Tree::read(folder.path()).expect("a fixture can be read");
    }
    Tree::read(&fixture(path)).expect("a fixture can be read")
}

/// Copies a tree. A line that ends in `//@ 400 times` stands there so often: files that are too
/// long would be long to read as well.
fn unfold(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&place).expect("a new folder");
            unfold(&entry.path(), &place);
        } else {
            let text = fs::read_to_string(entry.path()).expect("text");
            let lines: Vec<String> = text.split('\n').map(unfolded).collect();
            fs::write(place, lines.join("\n")).expect("a new file");
        }
    }
}

fn unfolded(line: &str) -> String {
    let folded = line.strip_suffix(" times").and_then(|line| line.split_once(" //@ "));
    let Some((line, times)) = folded else { return line.to_owned() };
    vec![line; times.parse().expect("a number")].join("\n")
}

fn listed(path: &str) -> Vec<String> {
    let list = fixture(&format!("{path}.findings"));
    let text = fs::read_to_string(list).expect("beside each tree stands its list of findings");
    text.lines().map(str::to_owned).collect()
}

fn found(rule: Rule, path: &str) -> Vec<String> {
    let mut findings = (rule.check)(&tree(path));
    findings.sort();
    findings.iter().map(ToString::to_string).collect()
}

/// The trees under `fixtures/<folder>`, in order.
fn cases(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(fixture(folder)).expect("each rule has a folder of trees");
    let mut cases: Vec<String> = entries
        .map(|entry| entry.expect("a fixture can be read"))
        .filter(|entry| entry.path().is_dir())
        .map(|tree| format!("{folder}/{}", tree.file_name().display()))
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_rule_finds_exactly_what_its_trees_break() {
    for rule in RULES {
        for case in cases(rule.name) {
            let (found, listed) = (found(rule, &case), listed(&case));
            assert_eq!(found, listed, "in {case}, found:\n{}\n", found.join("\n"));
        }
    }
}

#[test]
fn every_rule_has_a_tree_that_breaks_it() {
    for rule in RULES {
        let breaks = |case: &String| !listed(case).is_empty();
        assert!(cases(rule.name).iter().any(breaks), "nothing breaks {}", rule.name);
    }
}

#[test]
fn an_exception_silences_what_it_names_and_must_be_needed() {
    let case = "exceptions/some-not-needed";
    assert_eq!(without_exceptions(&tree(case)), listed(case));
}

#[test]
fn exceptions_that_cannot_be_read_are_a_finding_and_silence_nothing() {
    let findings = without_exceptions(&tree("unreadable/exceptions"));
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    assert!(finding.starts_with(&format!("{EXCEPTIONS_FILE}: it cannot be read")), "{finding}");
}

#[test]
fn what_cargo_refuses_is_a_finding_with_its_words() {
    for name in ["arrows", "pure-dependencies", "licences"] {
        let rule = RULES.into_iter().find(|rule| rule.name == name).unwrap();
        let findings = found(rule, "unreadable/stale-lock-file");
        let [finding] = findings.as_slice() else {
            panic!("{name}: {findings:#?}");
        };
        assert!(finding.starts_with("Cargo.toml: `cargo metadata --locked` fails"), "{finding}");
        assert!(finding.contains("lock file"), "{finding}");
    }
}
