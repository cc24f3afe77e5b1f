//! A package that is a workspace of its own agrees with the rest as far as it can.
//!
//! Such packages are tools and tests, and are passed on to nobody: what they are built from may be
//! under any licence. But a test against another version of a library than Baton is built with
//! would prove nothing.

use toml::{Table, Value};

use crate::{
    Finding, Tree,
    workspace::{dependencies, manifest, members},
};

const SHARED: [&str; 3] = ["edition", "license", "publish"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (root, members) = match (manifest(tree, "Cargo.toml"), members(tree)) {
        (Ok(root), Ok(members)) => (root, members),
        (Err(finding), Ok(_) | Err(_)) | (Ok(_), Err(finding)) => return vec![finding],
    };
    let is_outside = |path: &str| {
        path.ends_with("/Cargo.toml") && members.iter().all(|member| member.manifest_path() != path)
    };
    let outside =
        tree.files().iter().map(|file| file.path.as_str()).filter(|path| is_outside(path));
    outside.flat_map(|path| judge(tree, &root, path)).collect()
}

fn judge(tree: &Tree, root: &Table, path: &str) -> Vec<Finding> {
    let this = match manifest(tree, path) {
        Ok(this) => this,
        Err(finding) => return vec![finding],
    };
    if !this.contains_key("workspace") {
        let remedy = "list it among the members, or give it a `[workspace]` of its own";
        return vec![Finding::in_file(path, "it belongs to no workspace", remedy)];
    }
    let mut findings = own_ways(root, &this, path);
    findings.extend(own_versions(root, &this, path));
    findings.extend(own_locked_versions(tree, &this, path));
    findings
}

fn own_ways(root: &Table, this: &Table, path: &str) -> Vec<Finding> {
    let ours = root.get("workspace").and_then(|workspace| workspace.get("package"));
    let differs = |key: &&str| {
        let ours = ours.and_then(|package| package.get(key));
        this.get("package").and_then(|package| package.get(key)) != ours
    };
    let complain = |key| {
        Finding::in_file(path, format!("`{key}` is not the root's"), "write what the root has")
    };
    SHARED.into_iter().filter(differs).map(complain).collect()
}

fn own_versions(root: &Table, this: &Table, path: &str) -> Vec<Finding> {
    let ours = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let other = |(name, dependency): (&str, &Value)| {
        let ours = requirement(ours?.get(name)?)?;
        let theirs = requirement(dependency).unwrap_or("any");
        let what = format!("{name} is {theirs}, and {ours} in the root");
        (theirs != ours).then(|| Finding::in_file(path, what, "write what the root has"))
    };
    dependencies(this).filter_map(other).collect()
}

/// Where both lock files have a direct dependency, they have the same one.
fn own_locked_versions(tree: &Tree, this: &Table, path: &str) -> Vec<Finding> {
    let beside = path.replace("Cargo.toml", "Cargo.lock");
    let (ours, theirs) = match (manifest(tree, "Cargo.lock"), manifest(tree, &beside)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(finding), Ok(_) | Err(_)) | (Ok(_), Err(finding)) => return vec![finding],
    };
    let other = |(name, _): (&str, &Value)| {
        let (ours, theirs) = (locked(&ours, name), locked(&theirs, name));
        let is_same = ours.is_empty() || theirs.iter().any(|version| ours.contains(version));
        let what =
            format!("{name} is locked at {}, and at {} in the root", list(&theirs), list(&ours));
        let remedy = format!("run `cargo update {name} --precise …` there");
        (!is_same).then(|| Finding::in_file(&beside, what, &remedy))
    };
    dependencies(this).filter_map(other).collect()
}

fn requirement(dependency: &Value) -> Option<&str> {
    dependency.as_str().or_else(|| dependency.get("version")?.as_str())
}

fn locked<'a>(lock: &'a Table, name: &str) -> Vec<&'a str> {
    let packages = lock.get("package").and_then(Value::as_array);
    let is_it = |package: &&Value| package.get("name").and_then(Value::as_str) == Some(name);
    let version = |package: &'a Value| package.get("version")?.as_str();
    packages.into_iter().flatten().filter(is_it).filter_map(version).collect()
}

fn list(versions: &[&str]) -> String {
    if versions.is_empty() { "nothing".to_owned() } else { versions.join(" and ") }
}
