//! Every relative link in a document leads to something, and every anchor to a heading.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::{Finding, TextFile, Tree};

const REMEDY: &str = "mend it, or take it out";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("md").flat_map(|file| broken_links(tree, file)).collect()
}

fn broken_links(tree: &Tree, file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (event, range) in parser(&file.text).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else {
            continue;
        };
        if is_relative(&dest_url) && !resolves(tree, file, &dest_url) {
            let line = file.text[..range.start].matches('\n').count() + 1;
            let what = format!("the link `{dest_url}` leads nowhere");
            findings.push(Finding::at(&file.path, line, what, REMEDY));
        }
    }
    findings
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES)
}

fn is_relative(url: &str) -> bool {
    !url.contains("://") && !url.starts_with("mailto:")
}

fn resolves(tree: &Tree, file: &TextFile, url: &str) -> bool {
    let (path, anchor) = url.split_once('#').unwrap_or((url, ""));
    let Some(target) = target_of(file, path) else {
        return false;
    };
    let document = tree.file(&target).filter(|file| file.extension() == Some("md"));
    match document {
        Some(document) => anchor.is_empty() || has_anchor(document, anchor),
        None => tree.has(&target),
    }
}

/// The path a link means, from the root; none where it leaves the tree.
fn target_of(file: &TextFile, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(file.path.clone());
    }
    let mut parts: Vec<&str> = match path.starts_with('/') {
        true => Vec::new(),
        false => file.folder().split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether one of the document's headings gets this anchor, the way code hosts make them.
fn has_anchor(document: &TextFile, anchor: &str) -> bool {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    headings(&document.text).into_iter().any(|heading| {
        let slug = slug_of(&heading);
        let earlier = seen.entry(slug.clone()).or_default();
        let unique = if *earlier == 0 { slug } else { format!("{slug}-{earlier}") };
        *earlier += 1;
        unique == anchor
    })
}

fn headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut is_inside = false;
    for event in parser(text) {
        if matches!(event, Event::Start(Tag::Heading { .. })) {
            is_inside = true;
            headings.push(String::new());
        } else if matches!(event, Event::End(TagEnd::Heading(_))) {
            is_inside = false;
        } else if let (true, Event::Text(part) | Event::Code(part)) = (is_inside, event) {
            headings.last_mut().into_iter().for_each(|heading| heading.push_str(&part));
        }
    }
    headings
}

fn slug_of(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
