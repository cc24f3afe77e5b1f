//! A document, and what it has its readers type.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the repository is.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Documents that do not lie in `docs`.
const AT_THE_ROOT: [&str; 4] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/README.md"];

/// What a block may say that it is in. Only the first two hold commands: `sh` nothing else, and
/// `console` what was typed and what came of it.
pub(crate) const LANGUAGES: [&str; 10] =
    ["sh", "console", "text", "toml", "json", "js", "rust", "sql", "hcl", "yaml"];

/// A document of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Its path.
    pub(crate) name: String,
    /// In the order in which they stand there.
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// What it says that it is in.
    pub(crate) language: String,
    /// What stands in it.
    pub(crate) text: String,
}

/// A file of the repository.
pub(crate) fn in_repository(name: &str) -> PathBuf {
    Path::new(ROOT).join(name)
}

/// Every document.
pub(crate) fn all() -> Vec<Page> {
    let mut names: Vec<_> = AT_THE_ROOT.map(str::to_owned).into();
    below("docs", &mut names);
    names.sort();
    names.into_iter().map(Page::read).collect()
}

fn below(folder: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(in_repository(folder)).expect("a folder") {
        let entry = entry.expect("it is readable");
        let name = format!("{folder}/{}", entry.file_name().to_str().expect("a plain name"));
        if entry.path().is_dir() {
            below(&name, names);
        } else if name.ends_with(".md") {
            names.push(name);
        }
    }
}

impl Page {
    fn read(name: String) -> Self {
        let text = fs::read_to_string(in_repository(&name)).expect("a document is text");
        Self { name, blocks: blocks(&text) }
    }

    /// Everything that it has its readers type.
    pub(crate) fn commands(&self) -> impl Iterator<Item = String> {
        self.blocks.iter().flat_map(Block::commands)
    }

    /// Its blocks of a language.
    pub(crate) fn written_in(&self, language: &str) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |block| block.language == language)
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for (at, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, is_inside) {
            (Some(language), false) => {
                // As in `rust,no_run`.
                let language = language.split(',').next().unwrap_or(language).trim().to_owned();
                blocks.push(Block { line: at + 1, language, text: String::new() });
                is_inside = true;
            }
            (Some(_), true) => is_inside = false,
            (None, true) => {
                let block = blocks.last_mut().expect("one has begun");
                block.text += line;
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    blocks
}

impl Block {
    /// One a line, without what is said of it behind `#`; a line that ends in a backslash goes on.
    pub(crate) fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        let lines = joined.lines().map(str::trim);
        let typed: Vec<_> = match self.language.as_str() {
            "sh" => lines.collect(),
            "console" => lines.filter_map(|line| line.strip_prefix("$ ")).collect(),
            _ => Vec::new(),
        };
        let without_comment = |line: &str| match line.split_once(" # ") {
            Some((command, _)) => command.trim_end().to_owned(),
            None => line.to_owned(),
        };
        let is_a_command = |line: &&str| !line.is_empty() && !line.starts_with('#');
        typed.into_iter().filter(is_a_command).map(without_comment).collect()
    }
}
