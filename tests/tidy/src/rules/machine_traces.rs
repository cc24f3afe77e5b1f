//! Nothing names the machine it was written on: its folders, its private network, the mirrors that
//! its package clients go through.
//!
//! Such a line works for its author and for nobody else. Loopback is everyone's own.

use std::sync::LazyLock;

use regex::Regex;

use crate::{Finding, TextFile, Tree};

/// Home and working folders.
const FOLDERS: [&str; 3] = ["work", "root", "home"];

/// A path counts from its root, so `docs/home` is none.
static FOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let folders = FOLDERS.join("|");
    constant(&format!(r"(?:^|[^\w./~}}-])(/(?:{folders})(?:/[\w.-]*)?)(?:$|[^\w-])"))
});

/// The address blocks that RFC 1918 and RFC 3927 set aside.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let block = r"10\.\d{1,3}|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])";
    constant(&format!(r"(?:^|[^\w.])((?:{block})\.\d{{1,3}}\.\d{{1,3}})(?:$|[^\w.]|\.\D)"))
});

/// A package client finds these itself; a file that names one would bypass a configured mirror.
const REGISTRIES: [&str; 7] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("pypi", ".org/simple"),
    concat!("files.", "pythonhosted.org"),
    concat!("registry.", "npmjs.org"),
    concat!("proxy.", "golang.org"),
    concat!("deb.", "debian.org"),
];

/// What a package client wrote names where each package came from; that should be the public place.
const LOCK_FILES: [&str; 5] =
    ["Cargo.lock", "package-lock.json", "uv.lock", "poetry.lock", ".terraform.lock.hcl"];

/// The host in a lock file's line that says where a package came from.
static ORIGIN: LazyLock<Regex> = LazyLock::new(|| {
    constant(r#"^\s*"?(?:resolved|source|url|registry)"?\s*[=:].*?https?://(?<host>[^/"']+)"#)
});

const PUBLIC_ORIGINS: [&str; 5] =
    ["github.com", "crates.io", "npmjs.org", "pythonhosted.org", "pypi.org"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().flat_map(judge).collect()
}

fn judge(file: &TextFile) -> Vec<Finding> {
    let is_lock = LOCK_FILES.contains(&file.path.rsplit('/').next().unwrap_or_default());
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let mut complain = |what: String, remedy: &str| {
            findings.push(Finding::at(&file.path, number, what, remedy));
        };
        for found in FOLDER.captures_iter(line) {
            complain(format!("the folder `{}`", &found[1]), "write a relative path or a variable");
        }
        for found in ADDRESS.captures_iter(line) {
            let remedy = "use loopback, or an address of 192.0.2.0/24 in an example";
            complain(format!("the private address `{}`", &found[1]), remedy);
        }
        if is_lock {
            if let Some(host) = private_origin(line) {
                complain(format!("a package from `{host}`"), "lock again without the mirror");
            }
        } else if let Some(host) = REGISTRIES.iter().find(|host| line.contains(*host)) {
            complain(format!("the registry `{host}`"), "name the package, not where it comes from");
        }
    }
    findings
}

fn private_origin(line: &str) -> Option<&str> {
    let host = ORIGIN.captures(line)?.name("host")?.as_str();
    let is_public = PUBLIC_ORIGINS.iter().any(|public| {
        host.strip_suffix(public).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    });
    (!is_public).then_some(host)
}

fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders that a line names. No fixture can have all of them: it would name a machine's.
    fn named(line: &str) -> Vec<String> {
        FOLDER.captures_iter(line).map(|found| found[1].to_owned()).collect()
    }

    #[test]
    fn every_folder_counts_from_its_root_and_nowhere_else() {
        for folder in ["work", "root", "home"] {
            let path = format!("/{folder}/baton");
            assert_eq!(
                named(&format!("See `{path}`, and {path}.")),
                [&*path, &*format!("{path}.")]
            );
            assert_eq!(named(&format!("All of /{folder}.")), [format!("/{folder}")]);
            for other in ["docs", "..", "https://example.org", "~", "${X}"] {
                assert_eq!(named(&format!("Not {other}{path}.")), [""; 0], "{other}");
            }
            assert_eq!(named(&format!("Not /{folder}space.")), [""; 0]);
        }
    }
}
