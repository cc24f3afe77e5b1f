//! Where a value was found, and what it is the value of.

use std::fmt;

use baton_model::AppName;

use super::catalogue::{APP, Entry, INSTANCE};

/// Where a value was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it holds by default.
    Default,
    /// In a line of the file.
    Line(FileLine),
    /// In an environment variable.
    Variable(String),
    /// In the store, where an operator has put an app.
    Store,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// One option of the instance, or of one of its apps, in the order of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Whose.
    app: Option<AppName>,
    /// Its place in the catalogue.
    at: usize,
}

impl Key {
    /// The option of this name; none if there is none.
    pub(super) fn find(app: Option<&AppName>, name: &str) -> Option<Self> {
        let at = catalogue(app).iter().position(|entry| entry.name == name)?;
        Some(Self { app: app.cloned(), at })
    }

    /// All options of the instance, or of one of its apps.
    pub(super) fn all(app: Option<&AppName>) -> impl Iterator<Item = Self> {
        (0..catalogue(app).len()).map(move |at| Self { app: app.cloned(), at })
    }

    /// What the catalogue says of it.
    pub(super) fn entry(&self) -> &'static Entry {
        &catalogue(self.app.as_ref())[self.at]
    }

    /// Whose it is; none if it is the instance's.
    pub(super) fn app(&self) -> Option<&AppName> {
        self.app.as_ref()
    }

    /// The environment variable that sets it.
    pub(super) fn variable(&self) -> String {
        let name = in_variable(self.entry().name);
        match &self.app {
            None => format!("BATON_{name}"),
            Some(app) => format!("BATON_APPS__{}__{name}", app_in_variable(app.as_str())),
        }
    }
}

fn catalogue(app: Option<&AppName>) -> &'static [Entry] {
    match app {
        None => INSTANCE,
        Some(_) => APP,
    }
}

/// An option's name, the way variables write it.
pub(super) fn in_variable(name: &str) -> String {
    name.to_ascii_uppercase().replace('.', "__")
}

/// An app's name, the way variables write it: they have neither dots nor dashes.
pub(super) fn app_in_variable(name: &str) -> String {
    name.to_ascii_uppercase().replace(['.', '-'], "_")
}

/// The whole name, as the file nests it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.app {
            None => f.write_str(self.entry().name),
            Some(app) => write!(f, "apps.{app}.{}", self.entry().name),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Line(line) => line.fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Store => f.write_str("store"),
        }
    }
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
