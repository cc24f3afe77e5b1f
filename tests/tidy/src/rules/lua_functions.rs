//! A function that runs in the store is short, and says first what it promises.
//!
//! The store does nothing else while it runs one, and nobody can step through it there.

use crate::{Finding, TextFile, Tree};

const LINES_MAX: usize = 120;

/// A promise in fewer words is a name.
const PROMISE_WORDS_MIN: usize = 4;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("lua").flat_map(judge).collect()
}

fn judge(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = file.lines().count();
    if lines > LINES_MAX {
        let what = format!("{lines} lines, {LINES_MAX} are the most");
        findings.push(Finding::in_file(&file.path, what, "one function per file; split it"));
    }
    if promise_words(file) < PROMISE_WORDS_MIN {
        let remedy = "start with a comment: what holds when it returns, and when it refuses";
        findings.push(Finding::in_file(&file.path, "it promises nothing", remedy));
    }
    findings
}

/// Words of the comment at the top; the line that names the library may stand before it.
fn promise_words(file: &TextFile) -> usize {
    file.lines()
        .map(|(_, line)| line)
        .skip_while(|line| line.starts_with("#!"))
        .map_while(|line| line.strip_prefix("--"))
        .flat_map(str::split_whitespace)
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count()
}
