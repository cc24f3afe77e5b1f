//! The list of rules, one file each.

mod architecture;
mod arrows;
mod banned_code;
mod clippy_config;
mod decisions;
mod licences;
mod links;
mod lua_functions;
mod machine_traces;
mod manifests;
mod names;
mod outsiders;
mod pure_dependencies;
mod pure_modules;
mod readme;
mod sizes;

use crate::{Finding, Tree};

/// A rule of the house.
#[derive(Clone, Copy)]
pub struct Rule {
    /// How exceptions, fixtures and messages call it.
    pub name: &'static str,
    /// Finds where a tree breaks it.
    pub check: fn(&Tree) -> Vec<Finding>,
}

/// Every rule: first how members hang together, then how code is written, then what is written
/// about it.
pub const RULES: [Rule; 16] = [
    rule("arrows", arrows::check),
    rule("pure-dependencies", pure_dependencies::check),
    rule("manifests", manifests::check),
    rule("outsiders", outsiders::check),
    rule("clippy-config", clippy_config::check),
    rule("licences", licences::check),
    rule("sizes", sizes::check),
    rule("names", names::check),
    rule("banned-code", banned_code::check),
    rule("pure-modules", pure_modules::check),
    rule("lua-functions", lua_functions::check),
    rule("machine-traces", machine_traces::check),
    rule("decisions", decisions::check),
    rule("architecture", architecture::check),
    rule("links", links::check),
    rule("readme", readme::check),
];

const fn rule(name: &'static str, check: fn(&Tree) -> Vec<Finding>) -> Rule {
    Rule { name, check }
}
