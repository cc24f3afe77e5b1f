//! What was found in a file and in variables, and what is wrong with it.

use std::{collections::BTreeMap, fmt, path::Path};

use toml::{Table, Value};

use super::options::{OPTIONS, OptionEntry};

const PREFIX: &str = "BATON_ARCHIVER_";

/// Variables that are for the program, not for its configuration.
const NOT_OPTIONS: [&str; 1] = ["BATON_ARCHIVER_CONFIG"];

/// Everything that is wrong with a configuration, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

/// Reads what was found.
#[derive(Debug)]
pub struct Reader {
    /// By the option's name: where it was found, and its text.
    found: BTreeMap<&'static str, (String, String)>,
    mistakes: Vec<String>,
}

impl Reader {
    /// Takes a file, if there is to be one, and the variables over it.
    #[must_use]
    pub fn find(path: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut reader = Self { found: BTreeMap::new(), mistakes: Vec::new() };
        if let Some(path) = path {
            reader.take_file(path);
        }
        reader.take_variables(variables);
        reader
    }

    fn take_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.wrong(format!("{name}: cannot be read: {error}")),
        };
        match text.parse::<Table>() {
            Ok(table) => self.take_table(&name, "", table),
            // The parser's own words show the line, which may hold a secret.
            Err(error) => {
                let before = text.get(..error.span().map_or(0, |span| span.start));
                let line = before.unwrap_or_default().matches('\n').count() + 1;
                self.wrong(format!("{name}:{line}: this is no TOML: {}", error.message()));
            }
        }
    }

    fn take_table(&mut self, file: &str, prefix: &str, table: Table) {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            match (entry(&name), value) {
                (Some(entry), Value::String(text)) => self.put(entry, file, text),
                (Some(entry), Value::Integer(number)) => self.put(entry, file, number.to_string()),
                (Some(entry), _) => {
                    self.wrong(format!("{file}: {name}: expected {}", entry.expected));
                }
                (None, Value::Table(section)) if is_section(&name) => {
                    self.take_table(file, &format!("{name}."), section);
                }
                (None, _) => self.wrong(format!("{file}: {name:?} is unknown")),
            }
        }
    }

    fn take_variables(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (name, text) in variables {
            let is_ours = name.starts_with(PREFIX) && !NOT_OPTIONS.contains(&name.as_str());
            if !is_ours || text.is_empty() {
                continue;
            }
            match OPTIONS.iter().find(|entry| variable(entry) == name) {
                Some(entry) => {
                    self.found.insert(entry.name, (name, text));
                }
                None => self.wrong(format!("{name} is unknown")),
            }
        }
    }

    fn put(&mut self, entry: &'static OptionEntry, file: &str, text: String) {
        self.found.insert(entry.name, (format!("{file}: {}", entry.name), text));
    }

    /// Notes what is wrong.
    pub fn wrong(&mut self, what: impl Into<String>) {
        self.mistakes.push(what.into());
    }

    /// An option that always has a value. None if it is wrong.
    pub fn required<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let found = self.optional(name, read)?;
        if found.is_none() {
            let entry = known(name);
            let (variable, expected) = (variable(entry), entry.expected);
            self.wrong(format!("{name} is not set (nor is {variable}); expected {expected}"));
        }
        found
    }

    /// An option that may have none. None if it is wrong.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        let entry = known(name);
        let default = || Some((name.to_owned(), entry.default?.to_owned()));
        let Some((place, text)) = self.found.get(name).cloned().or_else(default) else {
            return Some(None);
        };
        let value = read(&text);
        if value.is_none() {
            let shown = match entry.is_secret {
                true => "(not shown)".to_owned(),
                false => format!("{:?}", text.chars().take(60).collect::<String>()),
            };
            self.wrong(format!("{place} = {shown}; expected {}", entry.expected));
        }
        value.map(Some)
    }

    /// What was read, if nothing is wrong.
    ///
    /// # Errors
    /// With everything that is.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Mistakes> {
        match read {
            Some(read) if self.mistakes.is_empty() => Ok(read),
            Some(_) | None => Err(Mistakes(self.mistakes)),
        }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

fn entry(name: &str) -> Option<&'static OptionEntry> {
    OPTIONS.iter().find(|entry| entry.name == name)
}

fn known(name: &str) -> &'static OptionEntry {
    entry(name).unwrap_or_else(|| unreachable!("{name} is among the options"))
}

fn is_section(name: &str) -> bool {
    OPTIONS.iter().any(|entry| entry.name.split_once('.').is_some_and(|(first, _)| first == name))
}

fn variable(entry: &OptionEntry) -> String {
    format!("{PREFIX}{}", entry.name.to_ascii_uppercase().replace('.', "__"))
}
