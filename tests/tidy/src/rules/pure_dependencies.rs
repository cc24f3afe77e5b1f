//! A pure crate depends on `model` and on a few packages that cannot act.
//!
//! An allow list, because the packages that bring a clock, a task or randomness are without number,
//! and those that a pure crate needs are few. It covers what they depend on in turn. Macro packages
//! are judged by name and not followed: what they use runs in the compiler, not in Baton.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId, TargetKind};

use crate::{Finding, Tree, workspace::metadata};

/// What any pure crate may use.
const ALL_MAY_USE: [&str; 6] = [
    "bytes",
    "serde",
    "serde_core",
    "serde_derive",
    "thiserror",
    "thiserror-impl",
];

/// The pure crates, and what only one of them may use.
const PURE: [(&str, &[&str]); 4] = [
    ("baton-model", &[]),
    // Searching bytes is its whole work, and it does so many at a time.
    ("baton-envelope", &["bytemuck", "safe_arch", "wide"]),
    ("baton-shard", &[]),
    ("baton-fleet", &[]),
];

/// What not even the tests of a pure crate may use: with a runtime at hand, time would be slept
/// and not stepped.
const TESTS_MAY_NOT_USE: [&str; 3] = ["tokio", "async-std", "smol"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let graph = match metadata(tree) {
        Ok(metadata) => Graph::new(metadata),
        Err(finding) => return vec![finding],
    };
    PURE.iter()
        .flat_map(|(name, extra)| graph.judge(name, extra))
        .collect()
}

struct Graph<'m> {
    packages: BTreeMap<&'m PackageId, &'m Package>,
    nodes: BTreeMap<&'m PackageId, &'m Node>,
    members: BTreeSet<&'m PackageId>,
}

impl<'m> Graph<'m> {
    fn new(metadata: &'m Metadata) -> Self {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        Self {
            packages: metadata
                .packages
                .iter()
                .map(|package| (&package.id, package))
                .collect(),
            nodes: nodes.map(|node| (&node.id, node)).collect(),
            members: metadata.workspace_members.iter().collect(),
        }
    }

    fn judge(&self, name: &str, extra: &[&str]) -> Vec<Finding> {
        let is_this = |id: &&&PackageId| self.packages[**id].name.as_str() == name;
        let Some(this) = self.members.iter().find(is_this) else {
            return Vec::new();
        };
        let path = format!("crates/{}/Cargo.toml", name.trim_start_matches("baton-"));
        let complain = |uses: &str, remedy: &str| {
            Finding::in_file(&path, format!("the pure crate {name} {uses}"), remedy)
        };
        let is_allowed = |used: &str| ALL_MAY_USE.contains(&used) || extra.contains(&used);

        let used = self.reached_from(this, DependencyKind::Normal);
        let forbidden = used.iter().filter(|used| !is_allowed(used)).map(|used| {
            complain(
                &format!("depends on {used}"),
                "leave it out, or allow it with a reason",
            )
        });
        let used_in_tests = self.reached_from(this, DependencyKind::Development);
        let forbidden_in_tests = used_in_tests
            .iter()
            .filter(|used| TESTS_MAY_NOT_USE.contains(used))
            .map(|used| complain(&format!("tests with {used}"), "step time, do not sleep it"));
        forbidden.chain(forbidden_in_tests).collect()
    }

    /// The names of the packages reached by a first step of this kind and normal steps from there.
    fn reached_from(&self, start: &'m PackageId, first_step: DependencyKind) -> BTreeSet<&'m str> {
        let mut seen = BTreeSet::new();
        let mut ahead = self.steps(start, first_step);
        while let Some(id) = ahead.pop() {
            let is_new = seen.insert(id);
            if is_new && !is_macro(self.packages[id]) {
                ahead.extend(self.steps(id, DependencyKind::Normal));
            }
        }
        seen.iter()
            .filter(|id| !self.members.contains(**id))
            .map(|id| self.packages[*id].name.as_str())
            .collect()
    }

    fn steps(&self, from: &PackageId, kind: DependencyKind) -> Vec<&'m PackageId> {
        let dependencies = self.nodes.get(from).map_or(&[][..], |node| &node.deps);
        dependencies
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|found| found.kind == kind))
            .map(|dependency| &dependency.pkg)
            .collect()
    }
}

fn is_macro(package: &Package) -> bool {
    package
        .targets
        .iter()
        .any(|target| target.kind.contains(&TargetKind::ProcMacro))
}
