//! A member imports only members that stand above it on the road of an event.
//!
//! The road is the table below, and `Cargo.toml` lists its members in the same order. Tests may
//! look anywhere, and so do dev-dependencies: a test of one member may well use another.

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

use crate::{
    Finding, Tree,
    workspace::{Member, members, metadata},
};

/// What a member may import of the other members.
#[derive(Clone, Copy)]
enum Reach {
    /// These and no others.
    Only(&'static [&'static str]),
    /// Every crate above it, and these.
    CratesAboveAnd(&'static [&'static str]),
    /// Anything: it is a test of the whole.
    Anything,
}

use Reach::{Anything, CratesAboveAnd, Only};

const MODEL: &[&str] = &["crates/model"];

const ROAD: [(&str, Reach); 26] = [
    ("crates/model", Only(&[])),
    ("crates/envelope", Only(MODEL)),
    ("crates/probe", Only(&[])),
    ("crates/shard", Only(MODEL)),
    ("crates/fleet", Only(MODEL)),
    ("crates/store", Only(MODEL)),
    ("crates/valkey-link", CratesAboveAnd(&[])),
    ("crates/store-valkey", CratesAboveAnd(&[])),
    ("crates/store-embedded", CratesAboveAnd(&[])),
    // Before the SDK, which shows metrics of the same catalogue (ADR 0021).
    ("crates/telemetry", Only(MODEL)),
    ("crates/consumer", CratesAboveAnd(&[])),
    ("crates/overview", CratesAboveAnd(&[])),
    // The judge of the gateway: it must not share the defendant's code.
    ("crates/mock-discord", Only(MODEL)),
    ("services/gateway", CratesAboveAnd(&[])),
    // `baton up` is a gateway in the same process.
    ("services/baton", CratesAboveAnd(&["services/gateway"])),
    ("services/archiver", CratesAboveAnd(&[])),
    ("services/mock-discord", CratesAboveAnd(&[])),
    // What a stranger would write sees what a stranger sees.
    ("examples/rust-ping", Only(&["crates/consumer"])),
    // Starts real servers for the tests of others; knows nothing of Baton.
    ("tests/servers", Only(&[])),
    // Plays stories for the tests of others; knows no machine.
    ("tests/stories", Only(&[])),
    ("tests/clients", Anything),
    ("tests/sim", Anything),
    ("tests/e2e", Anything),
    ("tests/chaos", Anything),
    ("tests/deploy", Anything),
    ("tests/tidy", Anything),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    match (members(tree), metadata(tree)) {
        (Ok(members), Ok(metadata)) => {
            let mut findings = out_of_order(&members);
            findings.extend(members.iter().flat_map(|member| wrong_arrows(member, metadata)));
            findings
        }
        (Err(finding), Ok(_) | Err(_)) | (Ok(_), Err(finding)) => vec![finding],
    }
}

fn out_of_order(members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut reached = 0;
    for member in members {
        let Some(place) = place_of(&member.path) else {
            let what = format!("{} is not on the road", member.path);
            let remedy = "give it a place in the table of tests/tidy/src/rules/arrows.rs";
            findings.push(Finding::in_file("Cargo.toml", what, remedy));
            continue;
        };
        if place < reached {
            let what = format!("{} stands below {}", member.path, ROAD[reached].0);
            let remedy = "list the members in the order of the road";
            findings.push(Finding::in_file("Cargo.toml", what, remedy));
        }
        reached = reached.max(place);
    }
    findings
}

fn wrong_arrows(member: &Member, metadata: &Metadata) -> Vec<Finding> {
    let packages = metadata.workspace_packages();
    let this = packages.iter().find(|package| Some(package.name.as_str()) == member.name());
    let (Some(this), Some(place)) = (this, place_of(&member.path)) else {
        return Vec::new();
    };
    this.dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter_map(|dependency| member_behind(dependency, &packages, metadata))
        .filter(|target| !may_import(place, target))
        .map(|target| {
            let what = format!("{} imports {target}", member.path);
            let remedy = "import only what stands above; move what both need further up";
            Finding::in_file(&member.manifest_path(), what, remedy)
        })
        .collect()
}

/// The folder of the member that a dependency names; none for a package from elsewhere.
fn member_behind(
    dependency: &Dependency,
    packages: &[&Package],
    metadata: &Metadata,
) -> Option<String> {
    let folder = dependency.path.as_ref()?;
    packages.iter().find(|package| package.manifest_path.parent() == Some(folder))?;
    Some(folder.strip_prefix(&metadata.workspace_root).ok()?.to_string())
}

fn may_import(place: usize, target: &str) -> bool {
    let is_crate_above = target.starts_with("crates/")
        && place_of(target).is_some_and(|target_place| target_place < place);
    match ROAD[place].1 {
        Only(members) => members.contains(&target),
        CratesAboveAnd(members) => is_crate_above || members.contains(&target),
        Anything => true,
    }
}

fn place_of(path: &str) -> Option<usize> {
    ROAD.iter().position(|(member, _)| *member == path)
}
