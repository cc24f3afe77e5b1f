//! What documents say of `baton` in passing, as in `baton stream lag`: there are such commands,
//! with such options. Whole commands in blocks are run, by `tests/e2e`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use baton::arguments::Arguments;
use clap::{Parser, error::ErrorKind};
use regex::Regex;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

static BLOCK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)```.*?```").expect("constant"));
static MENTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"`(baton [^`]*)`").expect("constant"));

/// A word, or several in quotes.
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"'([^']*)'|(\S+)").expect("constant"));

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

fn mentions(text: &str) -> Vec<String> {
    let prose = BLOCK.replace_all(text, "");
    let on_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    MENTION.captures_iter(&prose).map(|mention| on_one_line(&mention[1])).collect()
}

/// Why there is no such command. One that lacks something is only called by its name.
fn refusal(command: &str) -> Option<ErrorKind> {
    let word =
        |word: regex::Captures<'_>| word.get(1).or(word.get(2)).expect("one").as_str().to_owned();
    let words: Vec<_> =
        WORD.captures_iter(command).map(word).filter(|it| it != "COMMAND").collect();
    let kind = Arguments::try_parse_from(words).err()?.kind();
    let is_a_name = matches!(
        kind,
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
    );
    (!is_a_name).then_some(kind)
}

#[test]
fn there_is_every_command_that_a_document_speaks_of() {
    let mut pages = vec![Path::new(ROOT).join("README.md"), Path::new(ROOT).join("CHANGELOG.md")];
    documents(&Path::new(ROOT).join("docs"), &mut pages);
    let mut count = 0;
    let mut wrong = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("a document is text");
        for command in mentions(&text) {
            count += 1;
            if let Some(kind) = refusal(&command) {
                wrong.push(format!("{}: `{command}`: {kind:?}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 40, "{count}: they are found");
}

#[test]
fn what_is_no_command_is_noticed() {
    for wrong in ["baton strem lag", "baton drain --al gateway-1", "baton wait --for nothing"] {
        assert!(refusal(wrong).is_some(), "{wrong}");
    }
    for right in ["baton drain", "baton COMMAND --help", "baton app set mybot brokers.mode=also"] {
        assert_eq!(refusal(right), None, "{right}");
    }
}
