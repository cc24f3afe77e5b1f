//! What members share stands in the root manifest, once: lints, version, edition, licence, and the
//! version of every dependency.

use toml::{Table, Value};

use crate::{
    Finding, Tree,
    workspace::{Member, dependencies, members},
};

const SHARED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    match members(tree) {
        Ok(members) => members.iter().flat_map(judge).collect(),
        Err(finding) => vec![finding],
    }
}

fn judge(member: &Member) -> Vec<Finding> {
    let path = member.manifest_path();
    let complain = |what: String, remedy: &str| Finding::in_file(&path, what, remedy);
    let mut findings = Vec::new();
    if !member.manifest.get("lints").is_some_and(is_shared) {
        let remedy = "write `workspace = true` under `[lints]`";
        findings.push(complain("the lints are its own".to_owned(), remedy));
    }
    let package = member.manifest.get("package");
    for key in SHARED {
        if !package.and_then(|package| package.get(key)).is_some_and(is_shared) {
            let what = format!("`{key}` is not the workspace's");
            findings.push(complain(what, &format!("write `{key}.workspace = true`")));
        }
    }
    for name in own_dependencies(&member.manifest) {
        let what = format!("{name} has a version of its own");
        let remedy = "put it into `[workspace.dependencies]` and write `workspace = true` here";
        findings.push(complain(what, remedy));
    }
    findings
}

fn own_dependencies(manifest: &Table) -> Vec<&str> {
    dependencies(manifest)
        .filter(|(_, dependency)| !is_shared(dependency))
        .map(|(name, _)| name)
        .collect()
}

fn is_shared(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}
