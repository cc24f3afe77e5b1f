//! A pure crate depends on `model` and on a few packages that cannot act.
//!
//! An allow list, because the packages that bring a clock, a task or randomness are without number,
//! and those that a pure crate needs are few. It covers what they depend on in turn. Macro packages
//! are judged by name and not followed: what they use runs in the compiler, not in Baton.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{
    DependencyKind, Metadata, Node, Package, PackageId, TargetKind, camino::Utf8Path,
};

use crate::{
    Finding, Tree,
    workspace::{PURE, metadata},
};

/// What any pure crate may use.
const ALL_MAY_USE: [&str; 6] =
    ["bytes", "serde", "serde_core", "serde_derive", "thiserror", "thiserror-impl"];

/// What only one of them may use.
const ONE_MAY_USE: [(&str, &str); 3] = [
    // Searching bytes is the envelope's whole work, and it does so many at a time.
    ("crates/envelope", "bytemuck"),
    ("crates/envelope", "safe_arch"),
    ("crates/envelope", "wide"),
];

/// What not even the tests of a pure crate may use: with a runtime at hand, time would be slept
/// and not stepped.
const TESTS_MAY_NOT_USE: [&str; 3] = ["tokio", "async-std", "smol"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let graph = match metadata(tree) {
        Ok(metadata) => Graph::new(metadata),
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    for member in PURE {
        findings.extend(graph.forbidden(member));
        findings.extend(graph.forbidden_in_tests(member));
    }
    findings
}

fn may_use(member: &str, used: &str) -> bool {
    ALL_MAY_USE.contains(&used) || ONE_MAY_USE.contains(&(member, used))
}

fn complain(member: &str, what: String, remedy: &str) -> Finding {
    Finding::in_file(&format!("{member}/Cargo.toml"), what, remedy)
}

struct Graph<'m> {
    root: &'m Utf8Path,
    packages: BTreeMap<&'m PackageId, &'m Package>,
    nodes: BTreeMap<&'m PackageId, &'m Node>,
    members: BTreeSet<&'m PackageId>,
}

impl<'m> Graph<'m> {
    fn new(metadata: &'m Metadata) -> Self {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        Self {
            root: &metadata.workspace_root,
            packages: metadata.packages.iter().map(|package| (&package.id, package)).collect(),
            nodes: nodes.map(|node| (&node.id, node)).collect(),
            members: metadata.workspace_members.iter().collect(),
        }
    }

    fn forbidden(&self, member: &str) -> Vec<Finding> {
        self.reached_from(member, DependencyKind::Normal)
            .into_iter()
            .filter(|used| !may_use(member, used))
            .map(|used| {
                let what = format!("the pure {member} depends on {used}");
                complain(member, what, "leave it out, or allow it with a reason")
            })
            .collect()
    }

    fn forbidden_in_tests(&self, member: &str) -> Vec<Finding> {
        self.reached_from(member, DependencyKind::Development)
            .into_iter()
            .filter(|used| TESTS_MAY_NOT_USE.contains(used))
            .map(|used| {
                let what = format!("the pure {member} tests with {used}");
                complain(member, what, "step time, do not sleep it")
            })
            .collect()
    }

    /// The names of the packages reached by a first step of this kind and normal steps from there.
    fn reached_from(&self, member: &str, first_step: DependencyKind) -> BTreeSet<&'m str> {
        let mut seen = BTreeSet::new();
        let start = self.package_of(member);
        let mut ahead = start.map_or_else(Vec::new, |id| self.steps(id, first_step));
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

    fn package_of(&self, member: &str) -> Option<&'m PackageId> {
        let folder = self.root.join(member);
        let is_there =
            |id: &&&PackageId| self.packages[**id].manifest_path.parent() == Some(folder.as_path());
        self.members.iter().find(is_there).copied()
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
    package.targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro))
}
