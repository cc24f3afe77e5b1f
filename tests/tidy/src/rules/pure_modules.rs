//! A pure module inside a crate that acts keeps the rules that `clippy-pure.toml` gives to whole
//! crates: no clock, no task, no randomness, no I/O, no order that differs from run to run.

use proc_macro2::TokenTree;

use crate::{
    Finding, Tree,
    rust_file::{RustFile, rust_files},
    tokens::{group, is_ident, is_punct, line_of},
};

/// Each a file without its `.rs`, and the folder of the same name.
const PURE: &[&str] = &[
    "crates/store-embedded/src/state",
    "crates/consumer/src/machine",
    "crates/consumer/src/roster",
    "crates/mock-discord/src/audit",
    "crates/mock-discord/src/commands",
    "crates/mock-discord/src/discord",
    "crates/mock-discord/src/fault",
    "crates/mock-discord/src/ledger",
    "crates/mock-discord/src/load",
    "crates/mock-discord/src/verdict",
    "services/gateway/src/courier",
    "services/gateway/src/supervisor",
    "services/gateway/src/health",
    "services/baton/src/top",
];

/// Never seen there, whatever they are imported as part of.
const WORDS: [&str; 8] =
    ["tokio", "rand", "Instant", "SystemTime", "HashMap", "HashSet", "async", "await"];

/// Never imported or named from the standard library.
const OF_STD: [&str; 5] = ["env", "fs", "net", "process", "thread"];

const REMEDY: &str = "take it as an input, or let the shell do it";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (files, mut findings) = rust_files(tree);
    for rust in files.iter().filter(|rust| is_pure(&rust.file.path)) {
        for stream in rust.streams() {
            findings.extend((0..stream.len()).flat_map(|at| impure_at(rust, stream, at)));
        }
    }
    findings
}

fn is_pure(path: &str) -> bool {
    PURE.iter().any(|module| {
        path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

fn impure_at(rust: &RustFile<'_>, stream: &[TokenTree], at: usize) -> Vec<Finding> {
    let line = line_of(&stream[at]);
    if rust.is_test_line(line) {
        return Vec::new();
    }
    let word = WORDS.iter().find(|word| is_ident(&stream[at], word));
    let words = word.into_iter().map(|word| (*word).to_owned());
    let parts = parts_of_std(stream, at).into_iter().map(|part| format!("std::{part}"));
    words
        .chain(parts)
        .map(|name| {
            let what = format!("`{name}` in a pure module");
            Finding::at(&rust.file.path, line, what, REMEDY)
        })
        .collect()
}

/// The forbidden modules in `std::fs` and `std::{fs, net::TcpStream}`, for the `std` at `at`.
fn parts_of_std(stream: &[TokenTree], at: usize) -> Vec<&'static str> {
    let named = match stream.get(at..at + 4) {
        Some([std, a, b, named])
            if is_ident(std, "std") && is_punct(a, ':') && is_punct(b, ':') =>
        {
            named
        }
        Some(_) | None => return Vec::new(),
    };
    let inner: Vec<TokenTree> = match group(named) {
        Some(braces) => braces.stream().into_iter().collect(),
        None => vec![named.clone()],
    };
    let opens_an_import = |at: usize| at == 0 || is_punct(&inner[at - 1], ',');
    let is_imported =
        |part: &&str| (0..inner.len()).any(|at| opens_an_import(at) && is_ident(&inner[at], part));
    OF_STD.into_iter().filter(is_imported).collect()
}
