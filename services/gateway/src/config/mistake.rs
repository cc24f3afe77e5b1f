//! What is wrong with a configuration.
//!
//! One line each: where, which option, its value if that can be no secret, what is expected.

use std::fmt;

use super::{
    origin::{Key, Origin},
    value::{NOT_SHOWN, Value, key},
};

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it was found; none for what is missing everywhere.
    pub origin: Option<Origin>,
    what: String,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, if less than the whole value.
    pub(super) about: Option<String>,
    /// What is expected, if the catalogue does not say it better.
    pub(super) expected: Option<String>,
    /// What may have been meant.
    pub(super) nearest: Option<String>,
}

impl Fault {
    /// A fault in a part of a value.
    pub(super) fn in_part(about: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { about: Some(about.into()), expected: Some(expected.into()), nearest: None }
    }
}

impl Mistake {
    /// Nobody set an option that nothing runs without.
    pub(super) fn missing(option: &Key) -> Self {
        let (variable, expected) = (option.variable(), option.entry().kind.expected());
        let what = format!("{option} is not set (nor is {variable}); expected {expected}");
        Self { origin: None, what }
    }

    /// There is no such option. Its value is not shown: nobody knows what it is.
    pub(super) fn unknown(origin: Origin, name: &str, nearest: Option<String>) -> Self {
        let mut what = format!("{} is unknown", key(name));
        if let Some(nearest) = nearest {
            what += &format!("; did you mean {nearest}?");
        }
        Self { origin: Some(origin), what }
    }

    /// A value that its option does not take.
    pub(super) fn value(origin: Origin, option: &Key, value: &Value, fault: Fault) -> Self {
        let kind = option.entry().kind;
        let name = match &origin {
            Origin::Variable(name) => name.clone(),
            // Whoever reads it knows of which app it is.
            Origin::Store => option.entry().name.to_owned(),
            Origin::Default | Origin::Line(_) => option.to_string(),
        };
        let shown = match kind.is_secret() {
            true => NOT_SHOWN.to_owned(),
            false => value.to_string(),
        };
        let about = fault.about.map(|about| format!(": {about}")).unwrap_or_default();
        let expected = fault.expected.unwrap_or_else(|| kind.expected());
        let mut what = format!("{name} = {shown}{about}; expected {expected}");
        if let Some(nearest) = fault.nearest {
            what += &format!("; did you mean {nearest}?");
        }
        Self { origin: Some(origin), what }
    }

    /// Where it comes among the others: what is missing, then the file from top to bottom, then
    /// the variables.
    pub(super) fn place(&self) -> (u8, usize) {
        match &self.origin {
            None | Some(Origin::Default) => (0, 0),
            Some(Origin::Line(line)) => (1, line.line),
            Some(Origin::Variable(_) | Origin::Store) => (2, 0),
        }
    }

    /// What is wrong with none of the values, but with several of them together.
    pub(super) fn together(origin: Option<Origin>, what: impl Into<String>) -> Self {
        Self { origin, what: what.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(Origin::Line(line)) => write!(f, "{line}: {}", self.what),
            // The variable's name is the option's.
            Some(Origin::Variable(_) | Origin::Default | Origin::Store) | None => {
                f.write_str(&self.what)
            }
        }
    }
}

/// One line each.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Mistake::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Mistakes {}
