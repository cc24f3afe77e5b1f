//! Clippy reads only the nearest `clippy.toml`, so what stands in several must stay the same.

use crate::{
    Finding, Tree,
    workspace::{PURE, manifest},
};

const OF_ALL: &str = "clippy.toml";
const OF_PURE: &str = "clippy-pure.toml";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (all, pure) = match (manifest(tree, OF_ALL), manifest(tree, OF_PURE)) {
        (Ok(all), Ok(pure)) => (all, pure),
        (Err(finding), Ok(_) | Err(_)) | (Ok(_), Err(finding)) => return vec![finding],
    };
    let mut findings = Vec::new();
    for (key, value) in &all {
        if pure.get(key) != Some(value) {
            let what = format!("`{key}` differs from {OF_ALL}");
            findings.push(Finding::in_file(OF_PURE, what, "make them agree"));
        }
    }
    findings.extend(PURE.iter().filter_map(|member| differs(tree, member)));
    findings
}

fn differs(tree: &Tree, member: &str) -> Option<Finding> {
    if !tree.has(member) {
        return None;
    }
    let path = format!("{member}/{OF_ALL}");
    let text = |path: &str| tree.file(path).map(|file| &file.text);
    if text(&path) == text(OF_PURE) {
        return None;
    }
    let what = format!("a pure crate without the rules of {OF_PURE}");
    Some(Finding::in_file(&path, what, "link it: ln -sf ../../clippy-pure.toml clippy.toml"))
}
