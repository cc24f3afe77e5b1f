//! From found values to typed ones.
//!
//! A reader never stops at a mistake: it notes it and goes on, so that all come together. What it
//! hands out is none where a mistake was noted.

use std::{collections::BTreeMap, fmt};

use baton_model::AppName;

use super::{
    catalogue::{Entry, Without},
    file::File,
    kind::Kind,
    mistake::{Fault, Mistake},
    origin::{Key, Origin},
    value::Value,
};
use crate::token::TokenSource;

/// A type that an option's value becomes.
pub(super) trait Setting: Sized {
    /// Takes the value, or says everything that is wrong with it.
    fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>>;

    /// The value as everybody would write it who means the same.
    fn canonical(&self, value: &Value) -> Value {
        value.clone()
    }

    /// The value for operators. Whoever takes secrets says here what is left of them.
    fn shown(&self, value: &Value) -> String {
        self.canonical(value).to_string()
    }
}

/// What holds for an option, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effective {
    /// The value for operators; none if nothing is set.
    pub(super) shown: Option<String>,
    /// Where it was found.
    pub(super) origin: Origin,
    /// The whole value, for comparing.
    pub(super) exact: Exact,
}

/// All of a value, with the secrets in it. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Exact(String);

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exact(…)")
    }
}

/// Reads what was found.
pub(super) struct Reader<'e> {
    environment: &'e BTreeMap<String, String>,
    found: BTreeMap<Key, (Value, Origin)>,
    /// What holds, of the options that have been read.
    pub(super) effective: BTreeMap<Key, Effective>,
    /// What is wrong, as far as it has been read.
    pub(super) mistakes: Vec<Mistake>,
}

impl<'e> Reader<'e> {
    pub(super) fn new(file: File, environment: &'e BTreeMap<String, String>) -> Self {
        let File { found, mistakes, .. } = file;
        Self { environment, found, effective: BTreeMap::new(), mistakes }
    }

    /// The instance's options.
    pub(super) fn instance(&mut self) -> Section<'_, 'e> {
        Section { reader: self, app: None }
    }

    /// An app's options.
    pub(super) fn app<'r>(&'r mut self, app: &'r AppName) -> Section<'r, 'e> {
        Section { reader: self, app: Some(app) }
    }
}

/// The options of the instance, or of one app.
pub(super) struct Section<'r, 'e> {
    reader: &'r mut Reader<'e>,
    app: Option<&'r AppName>,
}

impl Section<'_, '_> {
    /// An option that always has a value.
    pub(super) fn required<T: Setting>(&mut self, name: &str) -> Option<T> {
        let key = self.key(name);
        match self.optional(name)? {
            Some(value) => Some(value),
            None => {
                self.reader.mistakes.push(Mistake::missing(&key));
                None
            }
        }
    }

    /// An option that may have none.
    pub(super) fn optional<T: Setting>(&mut self, name: &str) -> Option<Option<T>> {
        let key = self.key(name);
        let found = self.reader.found.remove(&key);
        let Some((value, origin)) = found.or_else(|| default_of(key.entry())) else {
            let exact = Exact(String::new());
            let unset = Effective { shown: None, origin: Origin::Default, exact };
            self.reader.effective.insert(key, unset);
            return Some(None);
        };
        match T::read(&value, key.entry().kind) {
            Ok(setting) => {
                let shown = Some(setting.shown(&value));
                let exact = Exact(setting.canonical(&value).reveal());
                self.reader.effective.insert(key, Effective { shown, origin, exact });
                Some(Some(setting))
            }
            Err(faults) => {
                let mistake = |fault| Mistake::value(origin.clone(), &key, &value, fault);
                self.reader.mistakes.extend(faults.into_iter().map(mistake));
                None
            }
        }
    }

    /// Notes it if nothing can ever be read from any of an option's sources.
    ///
    /// A file may come later. A variable that is not set when the process starts never will be.
    pub(super) fn ensure_source(&mut self, name: &str, sources: &[TokenSource]) {
        let environment = self.reader.environment;
        let is_there = |source: &TokenSource| match source {
            TokenSource::Env(name) => environment.get(name).is_some_and(|text| !text.is_empty()),
            TokenSource::File(_) => true,
        };
        if !sources.iter().any(is_there) {
            self.does_not_go(name, "names no variable that is set; set one, or name a file");
        }
    }

    /// Notes that an option does not go together with others.
    pub(super) fn does_not_go(&mut self, name: &str, because: &str) {
        let key = self.key(name);
        let origin = self.reader.effective.get(&key).map(|effective| effective.origin.clone());
        let what = match &origin {
            Some(Origin::Variable(variable)) => format!("{variable} {because}"),
            Some(Origin::Default | Origin::Line(_) | Origin::Store) | None => {
                format!("{key} {because}")
            }
        };
        self.reader.mistakes.push(Mistake::together(origin, what));
    }

    fn key(&self, name: &str) -> Key {
        Key::find(self.app, name).unwrap_or_else(|| unreachable!("{name} is in the catalogue"))
    }
}

fn default_of(entry: &Entry) -> Option<(Value, Origin)> {
    match entry.without {
        Without::Default(toml) => Value::parse(toml).map(|value| (value, Origin::Default)),
        Without::Unset(_) | Without::Mistake => None,
    }
}
