//! No file, folder or module has a name that fits anything.
//!
//! Such a name says what its contents have in common with every other code, so everything ends up
//! there. Names that end in such a word, as in `shard_utils`, are no better.

use crate::{
    Finding, Tree,
    rust_file::{RustFile, rust_files},
    tokens::{is_ident, line_of},
};

const EMPTY_WORDS: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "commons", "manager", "managers", "types"];

const REMEDY: &str = "name it after the one thing it is about";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (files, mut findings) = rust_files(tree);
    for file in ["rs", "lua"].iter().flat_map(|extension| tree.with_extension(extension)) {
        if let Some(part) = file.path.split('/').find(|part| is_empty_name(part)) {
            let what = format!("`{part}` says nothing");
            findings.push(Finding::in_file(&file.path, what, REMEDY));
        }
    }
    findings.extend(files.iter().flat_map(modules));
    findings
}

fn modules(rust: &RustFile<'_>) -> Vec<Finding> {
    let named = |stream: &[proc_macro2::TokenTree]| -> Vec<Finding> {
        (1..stream.len())
            .filter(|&at| is_ident(&stream[at - 1], "mod"))
            .filter(|&at| is_empty_name(&stream[at].to_string()))
            .map(|at| {
                let what = format!("the module `{}` says nothing", stream[at]);
                Finding::at(&rust.file.path, line_of(&stream[at]), what, REMEDY)
            })
            .collect()
    };
    rust.streams().flat_map(named).collect()
}

fn is_empty_name(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).to_lowercase();
    let last_word = stem.rsplit(['_', '-']).next().unwrap_or(&stem);
    stem == "type" || EMPTY_WORDS.contains(&last_word)
}
