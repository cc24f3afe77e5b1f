//! Who opens the repository learns how to test it, and the command works.

use crate::{Finding, Tree};

const WHERE: &str = "README.md";

const TEST_COMMAND: &str = "scripts/test";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names_it = tree.file(WHERE).is_some_and(|file| file.text.contains(TEST_COMMAND));
    if !names_it {
        let what = format!("`{TEST_COMMAND}` is not named");
        findings.push(Finding::in_file(WHERE, what, "say how to run the tests"));
    }
    if !tree.file(TEST_COMMAND).is_some_and(|script| script.executable) {
        let what = "it cannot be run";
        findings.push(Finding::in_file(TEST_COMMAND, what, "write it, and chmod +x"));
    }
    findings
}
