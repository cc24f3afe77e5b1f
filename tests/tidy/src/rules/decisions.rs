//! Decisions are numbered without holes, have a title, and say whether they still hold.

use std::collections::BTreeMap;

use crate::{Finding, TextFile, Tree};

const FOLDER: &str = "docs/adr";

const STATUSES: [&str; 4] = ["proposed", "accepted", "rejected", "superseded by "];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let decisions = tree
        .with_extension("md")
        .filter(|file| file.folder() == FOLDER && !file.path.ends_with("/README.md"));
    let mut findings = Vec::new();
    let mut numbered: BTreeMap<usize, &TextFile> = BTreeMap::new();
    for file in decisions {
        findings.extend(wrong_text(file));
        let Some(number) = number_of(file) else {
            let remedy = "call it NNNN-title.md, with the next free number";
            findings.push(Finding::in_file(&file.path, "a decision without a number", remedy));
            continue;
        };
        if let Some(other) = numbered.insert(number, file) {
            let what = format!("its number is that of {}", other.path);
            findings.push(Finding::in_file(&file.path, what, "take the next free number"));
        }
    }
    findings.extend(holes(&numbered));
    findings
}

fn number_of(file: &TextFile) -> Option<usize> {
    let (number, title) = file.path.rsplit('/').next()?.split_once('-')?;
    let is_number = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || title == ".md" {
        return None;
    }
    number.parse().ok()
}

fn holes(numbered: &BTreeMap<usize, &TextFile>) -> Option<Finding> {
    let missing = (1..=numbered.len()).find(|number| !numbered.contains_key(number))?;
    let what = format!("there is no decision {missing:04}, but there are later ones");
    Some(Finding::in_file(FOLDER, what, "close the hole; a decision is superseded, not deleted"))
}

fn wrong_text(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let title = file.text.lines().next().and_then(|line| line.strip_prefix("# "));
    if title.is_none_or(|title| title.trim().is_empty()) {
        let remedy = "start with `# ` and what was decided";
        findings.push(Finding::in_file(&file.path, "a decision without a title", remedy));
    }
    let mut lines = file.lines().map(|(_, line)| line);
    let status = lines.find_map(|line| line.strip_prefix("Status: ")).map(str::to_lowercase);
    let is_known = |status: String| STATUSES.iter().any(|known| status.starts_with(known));
    if !status.is_some_and(is_known) {
        let remedy = "add the line `Status: accepted` (or proposed, rejected, superseded by NNNN)";
        findings.push(Finding::in_file(&file.path, "a decision without a status", remedy));
    }
    findings
}
