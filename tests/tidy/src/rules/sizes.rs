//! A file can be read in one sitting, a function on one screen, a line without scrolling.
//!
//! Counted is production code: lines with code on them, outside tests and benches. Blank lines and
//! comments are free. The `main.rs` of a service tells the life of the process and nothing else,
//! so it is shorter. A line's width counts everywhere, for rustfmt breaks no string or comment. The
//! rows of a table and raw strings are as wide as they have to be.

use crate::{
    Finding, TextFile, Tree,
    rust_file::{RustFile, rust_files},
};

const FILE_LINES_MAX: usize = 400;
const MAIN_LINES_MAX: usize = 80;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// What people read as code beside Rust. Documents wrap on the screen, and manifests have long
/// values.
const SCRIPTS: [&str; 2] = ["lua", "sh"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (files, mut findings) = rust_files(tree);
    for rust in files.iter().filter(|rust| is_production(&rust.file.path)) {
        findings.extend(long_file(rust));
        findings.extend(long_functions(rust));
    }
    for rust in &files {
        findings.extend(wide_lines(rust.file, |number, line| {
            is_table_row(line) || rust.is_raw_string_line(number)
        }));
    }
    for script in SCRIPTS.iter().flat_map(|extension| tree.with_extension(extension)) {
        findings.extend(wide_lines(script, |_, _| false));
    }
    findings
}

/// A member's own `tests` and `benches` folders are exempt; the programs of the top-level `tests`
/// folder are not: they are read and changed as any other.
fn is_production(path: &str) -> bool {
    let inside_member = path.splitn(3, '/').nth(2).unwrap_or(path);
    !inside_member.starts_with("tests/") && !inside_member.starts_with("benches/")
}

fn long_file(rust: &RustFile<'_>) -> Option<Finding> {
    let is_main = rust.file.path.rsplit('/').next() == Some("main.rs");
    let most = if is_main { MAIN_LINES_MAX } else { FILE_LINES_MAX };
    let lines = rust.production_lines();
    if lines <= most {
        return None;
    }
    let what = format!("{lines} lines of production code, {most} are the most");
    Some(Finding::in_file(&rust.file.path, what, "find its second subject and move that out"))
}

fn long_functions(rust: &RustFile<'_>) -> Vec<Finding> {
    rust.functions()
        .into_iter()
        .filter(|function| !function.is_test && function.length > FUNCTION_LINES_MAX)
        .map(|function| {
            let (name, length) = (function.name, function.length);
            let what = format!("`{name}` has {length} lines, {FUNCTION_LINES_MAX} are the most");
            let remedy = "let it branch, and move what it computes into functions under it";
            Finding::at(&rust.file.path, function.line, what, remedy)
        })
        .collect()
}

fn wide_lines(file: &TextFile, may_be_wide: impl Fn(usize, &str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let columns = line.chars().count();
        if columns > LINE_COLUMNS_MAX && !may_be_wide(number, line) {
            let what = format!("{columns} columns, {LINE_COLUMNS_MAX} are the most");
            findings.push(Finding::at(&file.path, number, what, "break the line"));
        }
    }
    findings
}

fn is_table_row(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//! |") || line.starts_with("/// |")
}
