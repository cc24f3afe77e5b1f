//! What cargo knows: the members in their order, their manifests, and the graph of packages.

use cargo_metadata::{Metadata, MetadataCommand};
use toml::{Table, Value};

use crate::{Finding, Tree};

/// Baton is shipped for Linux, so that is the graph to judge; others would have cargo download
/// packages that nobody here ever compiles.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// The crates that only decide: no sockets, clocks, tasks or randomness.
pub(crate) const PURE: [&str; 4] =
    ["crates/model", "crates/envelope", "crates/shard", "crates/fleet"];

const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// One member of the workspace.
pub(crate) struct Member {
    /// Its folder, as the workspace lists it.
    pub(crate) path: String,
    pub(crate) manifest: Table,
}

impl Member {
    /// Where its manifest is.
    pub(crate) fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.path)
    }

    /// The name of its package.
    pub(crate) fn name(&self) -> Option<&str> {
        self.manifest.get("package")?.get("name")?.as_str()
    }
}

/// The members in the order of the root manifest.
pub(crate) fn members(tree: &Tree) -> Result<Vec<Member>, Finding> {
    let root = manifest(tree, "Cargo.toml")?;
    let listed = root.get("workspace").and_then(|table| table.get("members")?.as_array());
    let Some(listed) = listed else {
        let remedy = "list them, in the order of the road";
        return Err(Finding::in_file("Cargo.toml", "no workspace members", remedy));
    };
    listed.iter().filter_map(Value::as_str).map(|path| member(tree, path)).collect()
}

fn member(tree: &Tree, path: &str) -> Result<Member, Finding> {
    Ok(Member { path: path.to_owned(), manifest: manifest(tree, &format!("{path}/Cargo.toml"))? })
}

/// A TOML file of the tree, parsed.
pub(crate) fn manifest(tree: &Tree, path: &str) -> Result<Table, Finding> {
    let Some(file) = tree.file(path) else {
        return Err(Finding::in_file(path, "it is not there", "add it"));
    };
    file.text.parse().map_err(|error: toml::de::Error| {
        let what = format!("this is not TOML ({})", error.message());
        Finding::in_file(path, what, "mend it")
    })
}

/// The dependencies that a manifest names, of every kind and for every target.
pub(crate) fn dependencies(manifest: &Table) -> impl Iterator<Item = (&str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let per_target = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(per_target)
        .flat_map(|table| DEPENDENCIES.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .map(|(name, dependency)| (name.as_str(), dependency))
}

/// What `cargo metadata` says, asked once per tree.
pub(crate) fn metadata(tree: &Tree) -> Result<&Metadata, Finding> {
    tree.metadata.get_or_init(|| ask_cargo(tree)).as_ref().map_err(|error| {
        let what = format!("`cargo metadata --locked` fails ({error})");
        Finding::in_file("Cargo.toml", what, "run it and mend what it names")
    })
}

fn ask_cargo(tree: &Tree) -> Result<Metadata, String> {
    let mut command = MetadataCommand::new();
    command.current_dir(tree.root());
    command.other_options(["--locked", "--filter-platform", PLATFORM].map(str::to_owned));
    command.exec().map_err(|error| error.to_string().replace('\n', " "))
}
