//! Nothing is silenced without a reason, nothing is left half done.

use std::sync::LazyLock;

use proc_macro2::TokenTree;
use regex::Regex;

use crate::{
    Finding, TextFile, Tree,
    rust_file::{RustFile, rust_files},
    tokens::{attribute_at, group, is_ident, is_punct, line_of},
};

const BANNED_ATTRIBUTES: [(&str, &str); 2] = [
    ("allow", "write `#[expect(lint, reason = \"…\")]`, which fails when it is not needed"),
    ("ignore", "make the test pass, or delete it: a skipped test guards nothing"),
];

const BANNED_MACROS: [(&str, &str); 3] = [
    ("todo", "write it, or leave the feature out"),
    ("unimplemented", "write it, or leave the feature out"),
    ("dbg", "take it out, or log a value"),
];

/// Where a to-do may hide. Documents may speak about the word.
const CODE: [&str; 10] = ["rs", "lua", "sh", "py", "js", "ts", "toml", "yml", "yaml", "tf"];

/// A to-do, and its `(name): reason` if it has them. Split, so that it does not find itself.
static TO_DO: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(r"\b(?:TO", "DO|FIX", r"ME)\b(?<owned>\(\w[^)]*\): \S+)?");
    Regex::new(pattern).expect("the pattern is constant")
});

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (files, mut findings) = rust_files(tree);
    for rust in &files {
        for stream in rust.streams() {
            findings.extend((0..stream.len()).filter_map(|at| banned_at(rust, stream, at)));
        }
    }
    for file in CODE.iter().flat_map(|extension| tree.with_extension(extension)) {
        findings.extend(orphaned_to_dos(file));
    }
    findings
}

fn banned_at(rust: &RustFile<'_>, stream: &[TokenTree], at: usize) -> Option<Finding> {
    let (shown, remedy) = banned_attribute(stream, at).or_else(|| banned_macro(stream, at))?;
    Some(Finding::at(&rust.file.path, line_of(&stream[at]), format!("`{shown}`"), remedy))
}

fn banned_attribute(stream: &[TokenTree], at: usize) -> Option<(String, &'static str)> {
    let inner = attribute_at(stream, at)?;
    let (name, remedy) = BANNED_ATTRIBUTES
        .iter()
        .find(|(name, _)| inner.first().is_some_and(|token| is_ident(token, name)))?;
    Some((format!("#[{name}]"), remedy))
}

/// A name, a `!` and brackets; `todo != later` is a comparison.
fn banned_macro(stream: &[TokenTree], at: usize) -> Option<(String, &'static str)> {
    let (bang, brackets) = (stream.get(at + 1)?, stream.get(at + 2)?);
    let (name, remedy) = BANNED_MACROS.iter().find(|(name, _)| is_ident(&stream[at], name))?;
    let is_call = is_punct(bang, '!') && group(brackets).is_some();
    is_call.then(|| (format!("{name}!"), *remedy))
}

fn orphaned_to_dos(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        if TO_DO.captures_iter(line).any(|found| found.name("owned").is_none()) {
            let remedy = "say who and why, as in `(name): reason`, or do it";
            findings.push(Finding::at(&file.path, number, "a to-do without a name", remedy));
        }
    }
    findings
}
