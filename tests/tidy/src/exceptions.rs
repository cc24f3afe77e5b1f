//! The places where a rule does not hold, each with its reason, in one file.
//!
//! An exception that silences nothing is a finding itself: it would hide the next real one.

use serde::Deserialize;

use crate::{Finding, RULES, Tree};

/// Where the exceptions are written down.
pub const EXCEPTIONS_FILE: &str = "tests/tidy/exceptions.toml";

/// A reason in fewer characters is an excuse.
const REASON_CHARS_MIN: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    rule: String,
    /// A file, or a folder if it ends in `/`.
    path: String,
    /// A part of the finding's text, where not all findings of the file are meant.
    about: Option<String>,
    reason: String,
}

/// Checks every rule and takes out what is excepted; what is wrong with the exceptions comes last.
///
/// Each finding is shown with the rule it belongs to.
#[must_use]
pub fn without_exceptions(tree: &Tree) -> Vec<String> {
    let exceptions = match read(tree) {
        Ok(exceptions) => exceptions,
        Err(finding) => return vec![shown(&finding, "exceptions")],
    };
    let mut used = vec![false; exceptions.len()];
    let mut left = Vec::new();
    for rule in RULES {
        let mut findings = (rule.check)(tree);
        findings.sort();
        for finding in findings {
            match exceptions.iter().position(|exception| exception.covers(rule.name, &finding)) {
                Some(at) => used[at] = true,
                None => left.push(shown(&finding, rule.name)),
            }
        }
    }
    let judged = exceptions.iter().zip(used);
    left.extend(judged.filter_map(|(exception, is_used)| {
        exception.fault(is_used).map(|finding| shown(&finding, "exceptions"))
    }));
    left
}

fn shown(finding: &Finding, rule: &str) -> String {
    format!("{finding} [{rule}]")
}

fn read(tree: &Tree) -> Result<Vec<Exception>, Finding> {
    let Some(file) = tree.file(EXCEPTIONS_FILE) else {
        return Ok(Vec::new());
    };
    let exceptions: Exceptions = toml::from_str(&file.text).map_err(|error| {
        let what = format!("it cannot be read ({})", error.message());
        Finding::in_file(EXCEPTIONS_FILE, what, "mend it")
    })?;
    Ok(exceptions.exception)
}

impl Exception {
    fn covers(&self, rule: &str, finding: &Finding) -> bool {
        let is_here = match self.path.strip_suffix('/') {
            Some(_) => finding.path.starts_with(&self.path),
            None => finding.path == self.path,
        };
        let is_meant = self.about.as_ref().is_none_or(|about| finding.what.contains(about));
        self.rule == rule && is_here && is_meant
    }

    fn fault(&self, is_used: bool) -> Option<Finding> {
        let complain =
            |what: String, remedy: &str| Some(Finding::in_file(EXCEPTIONS_FILE, what, remedy));
        let this = format!("{} in {}", self.rule, self.path);
        if !RULES.iter().any(|rule| rule.name == self.rule) {
            return complain(format!("there is no rule {}", self.rule), "name one that exists");
        }
        if self.reason.chars().count() < REASON_CHARS_MIN {
            return complain(format!("{this} gives no reason"), "say why the rule does not hold");
        }
        if !is_used {
            return complain(format!("{this} is not needed"), "delete it");
        }
        None
    }
}
