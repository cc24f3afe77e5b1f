//! Every package that Baton is built from may be passed on under MIT or Apache-2.0.

use cargo_metadata::Package;
use spdx::{Expression, LicenseReq, ParseMode};

use crate::{Finding, Tree, workspace::metadata};

/// Licences that ask for no more than a notice.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Every package has its entry there, whoever brought it in.
const WHERE: &str = "Cargo.lock";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let metadata = match metadata(tree) {
        Ok(metadata) => metadata,
        Err(finding) => return vec![finding],
    };
    metadata.packages.iter().filter_map(judge).collect()
}

fn judge(package: &Package) -> Option<Finding> {
    let Some(licence) = &package.license else {
        let what = format!("{} {} states no licence", package.name, package.version);
        return Some(Finding::in_file(WHERE, what, "do without it"));
    };
    let expression = Expression::parse_mode(licence, ParseMode::LAX);
    if expression.is_ok_and(|expression| expression.evaluate(is_allowed)) {
        return None;
    }
    let what = format!("{} {} is under {licence}", package.name, package.version);
    Some(Finding::in_file(WHERE, what, "do without it, or allow the licence with a reason"))
}

fn is_allowed(licence: &LicenseReq) -> bool {
    ALLOWED.contains(&licence.to_string().as_str())
}
