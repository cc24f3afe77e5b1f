//! `ARCHITECTURE.md` names every member, and for every promise the test that would fail if it
//! broke.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    Finding, TextFile, Tree,
    rust_file::{RustFile, rust_files},
    tokens::{attribute_at, function_name, is_ident},
    workspace::members,
};

const WHERE: &str = "ARCHITECTURE.md";

const PROMISES: [&str; 7] = ["P1", "P2", "P3", "P4", "P5", "P6", "P7"];

/// Functions here are cases of the suite, which lists them all; rustc finds one that it forgets.
const SUITE: &str = "crates/store/src/conformance/";

/// What a promise says that nothing holds yet.
const NO_TEST: &str = "no test yet";

/// A test, as `path/to/file.rs::name`.
static TEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?<path>[\w./-]+\.rs)::(?<name>\w+)").expect("the pattern is constant")
});

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file(WHERE) else {
        return vec![Finding::in_file(WHERE, "it is not there", "write it")];
    };
    let (files, mut findings) = rust_files(tree);
    findings.extend(missing_members(tree, file));
    for promise in PROMISES {
        findings.extend(broken_promise(file, promise, &files));
    }
    findings
}

fn missing_members(tree: &Tree, file: &TextFile) -> Vec<Finding> {
    let members = match members(tree) {
        Ok(members) => members,
        Err(finding) => return vec![finding],
    };
    let paths = members.into_iter().map(|member| member.path);
    paths
        .filter(|path| !names(&file.text, path))
        .map(|path| {
            let what = format!("{path} is not named");
            Finding::in_file(WHERE, what, "say in a line what it is and what it refuses to do")
        })
        .collect()
}

/// Whether `text` names the member itself: neither `crates/store-valkey` nor a file inside names
/// `crates/store`.
fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let after = &text[at + path.len()..];
        let after = after.strip_prefix('/').unwrap_or(after);
        !after.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '-' | '_'))
    })
}

fn broken_promise(file: &TextFile, promise: &str, files: &[RustFile<'_>]) -> Vec<Finding> {
    let row = file.lines().find(|(_, line)| is_row_of(line, promise));
    let Some((number, row)) = row else {
        let what = format!("the promise {promise} has no row");
        let remedy = "add a row to the table of promises that starts with it";
        return vec![Finding::in_file(WHERE, what, remedy)];
    };
    let complain = |what: String, remedy: &str| Finding::at(WHERE, number, what, remedy);
    let tests: Vec<_> = TEST.captures_iter(row).collect();
    if tests.is_empty() && !row.contains(NO_TEST) {
        let remedy = "name it as path/to/file.rs::name, or admit \"no test yet\"";
        return vec![complain(format!("{promise} names no test"), remedy)];
    }
    if !tests.is_empty() && row.contains(NO_TEST) {
        let remedy = "keep one of the two";
        return vec![complain(format!("{promise} names a test and denies it"), remedy)];
    }
    tests
        .iter()
        .filter(|test| !is_a_test(files, &test["path"], &test["name"]))
        .map(|test| complain(format!("{promise}: {} is no test", &test[0]), "name one that runs"))
        .collect()
}

fn is_row_of(line: &str, promise: &str) -> bool {
    let first_cell = line.strip_prefix('|').and_then(|rest| rest.split('|').next());
    first_cell.is_some_and(|cell| cell.trim().trim_matches('*') == promise)
}

fn is_a_test(files: &[RustFile<'_>], path: &str, name: &str) -> bool {
    let Some(rust) = files.iter().find(|rust| rust.file.path == path) else {
        return false;
    };
    rust.streams().any(|stream| {
        (0..stream.len()).any(|at| {
            function_name(stream, at).is_some_and(|found| found == name)
                && (path.starts_with(SUITE) || has_test_attribute(&stream[..at]))
        })
    })
}

/// Whether the attributes directly before a function hold a `test`, as in `#[tokio::test]`.
fn has_test_attribute(before: &[proc_macro2::TokenTree]) -> bool {
    let starts = |at: &usize| attribute_at(before, *at).is_some();
    let is_between = |at: &usize| {
        let token = &before[*at];
        starts(at)
            || ["pub", "async", "const"].iter().any(|word| is_ident(token, word))
            || token.to_string() == "#"
    };
    (0..before.len())
        .rev()
        .take_while(is_between)
        .filter_map(|at| attribute_at(before, at))
        .any(|inner| inner.iter().any(|token| is_ident(token, "test")))
}
