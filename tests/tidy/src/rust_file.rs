//! A Rust file as tokens, and which of its lines are production code.
//!
//! Tokens rather than text, because `todo!` in a comment or a string is no `todo!`; tokens rather
//! than a syntax tree, because code inside macro calls (`proptest!`, `select!`) is code too and a
//! tree shows it only as tokens.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::{
    Finding, TextFile, Tree,
    tokens::{
        attribute_at, brace_group, function_name, is_ident, is_punct, item_end, last_line_of,
        line_of,
    },
};

/// A Rust file, taken apart.
pub(crate) struct RustFile<'t> {
    pub(crate) file: &'t TextFile,
    /// The tokens of the file and of every pair of brackets in it, outer before inner.
    streams: Vec<Vec<TokenTree>>,
    code_lines: BTreeSet<usize>,
    test_lines: BTreeSet<usize>,
    raw_string_lines: BTreeSet<usize>,
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Lines of code from its `fn` to its closing brace.
    pub(crate) length: usize,
    pub(crate) is_test: bool,
}

/// Every Rust file of the tree, with what could not be read as one.
pub(crate) fn rust_files(tree: &Tree) -> (Vec<RustFile<'_>>, Vec<Finding>) {
    let mut files = Vec::new();
    let mut findings = Vec::new();
    for file in tree.with_extension("rs") {
        match file.text.parse::<TokenStream>() {
            Ok(tokens) => files.push(RustFile::new(file, tokens)),
            Err(error) => findings.push(Finding::at(
                &file.path,
                error.span().start().line,
                "this is not Rust",
                "make it compile first",
            )),
        }
    }
    mark_files_of_test_modules(&mut files);
    (files, findings)
}

impl<'t> RustFile<'t> {
    fn new(file: &'t TextFile, tokens: TokenStream) -> Self {
        let mut this = Self {
            file,
            streams: Vec::new(),
            code_lines: BTreeSet::new(),
            test_lines: BTreeSet::new(),
            raw_string_lines: BTreeSet::new(),
        };
        this.take_apart(tokens);
        this
    }

    /// Every run of tokens between two brackets, so that a pattern can be looked for as a slice.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &[TokenTree]> {
        self.streams.iter().map(Vec::as_slice)
    }

    /// Whether this line exists only in test builds.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.test_lines.contains(&line)
    }

    /// Whether a raw string covers this line: it holds what some bytes really are.
    pub(crate) fn is_raw_string_line(&self, line: usize) -> bool {
        self.raw_string_lines.contains(&line)
    }

    /// Lines of code outside tests. Blank lines and comments, doc comments too, do not count:
    /// an explanation must never be what makes a file too long.
    pub(crate) fn production_lines(&self) -> usize {
        self.code_lines.difference(&self.test_lines).count()
    }

    /// Every function with a body, also those inside macro calls.
    pub(crate) fn functions(&self) -> Vec<Function> {
        self.streams()
            .flat_map(|stream| (0..stream.len()).filter_map(|at| self.function_at(stream, at)))
            .collect()
    }

    fn function_at(&self, stream: &[TokenTree], at: usize) -> Option<Function> {
        let name = function_name(stream, at)?;
        let line = line_of(&stream[at]);
        let end = item_end(stream, at)?;
        let body = stream.get(end).and_then(brace_group)?;
        let last = body.span_close().end().line;
        Some(Function {
            name,
            line,
            length: self.code_lines.range(line..=last).count(),
            is_test: self.is_test_line(line),
        })
    }

    fn take_apart(&mut self, tokens: TokenStream) {
        let stream: Vec<TokenTree> = tokens.into_iter().collect();
        self.mark_test_items(&stream);
        let place = self.streams.len();
        self.streams.push(Vec::new());
        for (at, token) in stream.iter().enumerate() {
            if is_doc_comment(&stream, at) {
                continue;
            }
            let lines = line_of(token)..=last_line_of(token);
            match token {
                TokenTree::Group(group) => {
                    self.code_lines.extend([*lines.start(), *lines.end()]);
                    self.take_apart(group.stream());
                }
                TokenTree::Literal(literal) => {
                    if literal.to_string().trim_start_matches('b').starts_with('r') {
                        self.raw_string_lines.extend(lines.clone());
                    }
                    self.code_lines.extend(lines);
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => self.code_lines.extend(lines),
            }
        }
        self.streams[place] = stream;
    }

    fn mark_test_items(&mut self, stream: &[TokenTree]) {
        for at in 0..stream.len() {
            if !is_test_attribute(stream, at) {
                continue;
            }
            let is_inner = at > 0 && is_punct(&stream[at - 1], '!');
            let end = if is_inner { None } else { item_end(stream, at + 1) };
            let last = stream.get(end.unwrap_or(stream.len() - 1)).map_or(0, last_line_of);
            self.test_lines.extend(line_of(&stream[at])..=last);
        }
    }
}

/// `#[cfg(test)] mod tests;` makes another file test code, and all files below it.
fn mark_files_of_test_modules(files: &mut [RustFile<'_>]) {
    let stems: Vec<String> = files.iter().flat_map(test_module_stems).collect();
    for rust in files {
        let path = &rust.file.path;
        let is_test = |stem: &String| {
            path.strip_prefix(stem.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if stems.iter().any(is_test) {
            rust.test_lines.extend(rust.code_lines.iter().copied());
        }
    }
}

fn test_module_stems(rust: &RustFile<'_>) -> Vec<String> {
    let path = rust.file.path.trim_end_matches(".rs");
    let folder = match path.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => folder,
        Some(_) | None => path,
    };
    let declared = |stream: &[TokenTree]| -> Vec<String> {
        stream
            .windows(3)
            .filter(|window| is_ident(&window[0], "mod") && is_punct(&window[2], ';'))
            .filter(|window| rust.is_test_line(line_of(&window[0])))
            .map(|window| format!("{folder}/{}", window[1]))
            .collect()
    };
    rust.streams().flat_map(declared).collect()
}

fn is_doc_comment(stream: &[TokenTree], at: usize) -> bool {
    let ends_at = |end: usize| {
        attribute_at(stream, end)
            .is_some_and(|inner| inner.first().is_some_and(|token| is_ident(token, "doc")))
    };
    let opens = is_punct(&stream[at], '#') || is_punct(&stream[at], '!');
    ends_at(at) || opens && (ends_at(at + 1) || ends_at(at + 2))
}

/// `cfg(test)`, or `cfg(all(test, …))`: what is compiled for tests and never else.
fn is_test_attribute(stream: &[TokenTree], at: usize) -> bool {
    let Some(inner) = attribute_at(stream, at) else {
        return false;
    };
    let text: String = inner.iter().map(ToString::to_string).collect();
    let text = text.replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}
