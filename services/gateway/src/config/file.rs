//! The file: TOML, taken apart into options.

use std::{collections::BTreeMap, path::Path};

use baton_model::AppName;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    catalogue::{APP, INSTANCE},
    mistake::Mistake,
    nearest::nearest,
    origin::{FileLine, Key, Origin},
    value::{Value, key},
};

/// What stands in a file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The options it sets.
    pub(super) found: BTreeMap<Key, (Value, Origin)>,
    /// The apps it names, also those of which it says nothing else.
    pub(super) apps: Vec<AppName>,
    /// What is wrong with it.
    pub(super) mistakes: Vec<Mistake>,
    /// Whether anything in it can be believed: after a slip of syntax, sections may be missing.
    pub(super) is_whole: bool,
}

impl File {
    /// Reads the file; nothing, if there is to be none.
    pub(super) fn read(path: Option<&Path>) -> Self {
        let Some(path) = path else {
            return Self { is_whole: true, ..Self::default() };
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&path.display().to_string(), &text),
            Err(error) => {
                let what = format!("{}: cannot be read: {error}", path.display());
                let mistakes = vec![Mistake::together(None, what)];
                Self { mistakes, ..Self::default() }
            }
        }
    }

    /// Takes the text of a file apart.
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut file = Self { is_whole: errors.is_empty(), ..Self::default() };
        let mut reading = Reading { file: &mut file, lines: Lines { name, text } };
        // The parser's own way to show an error shows the line, and with it what may be a secret.
        for error in errors {
            let origin = reading.lines.origin(error.span().map_or(0, |span| span.start));
            let what = format!("this is no TOML: {}", error.message());
            reading.file.mistakes.push(Mistake::together(Some(origin), what));
        }
        if reading.file.is_whole {
            reading.top(table.get_ref());
        }
        file
    }
}

/// Which line a place in the text is in.
struct Lines<'t> {
    name: &'t str,
    text: &'t str,
}

impl Lines<'_> {
    fn origin(&self, at: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(at);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Origin::Line(FileLine { file: self.name.to_owned(), line })
    }
}

struct Reading<'t, 'f> {
    file: &'f mut File,
    lines: Lines<'t>,
}

type Field<'a, 't> = (&'a Spanned<std::borrow::Cow<'t, str>>, &'a Spanned<DeValue<'t>>);

impl<'t> Reading<'t, '_> {
    fn top(&mut self, table: &DeTable<'t>) {
        for field @ (name, value) in table {
            match value.get_ref().as_table().filter(|_| name.get_ref() == "apps") {
                Some(apps) => self.apps(apps),
                None => self.field(None, "", field),
            }
        }
    }

    fn apps(&mut self, apps: &DeTable<'t>) {
        for (name, value) in apps {
            let origin = self.lines.origin(name.span().start);
            let app: AppName = match name.get_ref().parse() {
                Ok(app) => app,
                Err(_) => {
                    let what = format!(
                        "apps.{} is no app's name; expected 1 to 64 of a-z 0-9 . _ -",
                        key(name.get_ref())
                    );
                    self.file.mistakes.push(Mistake::together(Some(origin), what));
                    continue;
                }
            };
            let DeValue::Table(options) = value.get_ref() else {
                self.no_section(origin, &format!("apps.{app}"));
                continue;
            };
            for field in options {
                self.field(Some(&app), "", field);
            }
            self.file.apps.push(app);
        }
    }

    /// One field: an option, a section of them, or neither.
    fn field(&mut self, app: Option<&AppName>, prefix: &str, (name, value): Field<'_, 't>) {
        let dotted = format!("{prefix}{}", name.get_ref());
        let origin = self.lines.origin(name.span().start);
        let full = app.map_or_else(|| dotted.clone(), |app| format!("apps.{app}.{dotted}"));
        if let Some(key) = Key::find(app, &dotted) {
            self.file.found.insert(key, (Value::from_toml(value.get_ref()), origin));
        } else if !is_section(app, &dotted) {
            let meant = meant(app, &dotted);
            self.file.mistakes.push(Mistake::unknown(origin, &full, meant));
        } else if let DeValue::Table(section) = value.get_ref() {
            for field in section {
                self.field(app, &format!("{dotted}."), field);
            }
        } else {
            self.no_section(origin, &full);
        }
    }

    fn no_section(&mut self, origin: Origin, name: &str) {
        let what = format!("{name} is a section; expected [{name}] and its options under it");
        self.file.mistakes.push(Mistake::together(Some(origin), what));
    }
}

/// The names of an app's options, or of the instance's, and of the sections they are in.
fn names(app: Option<&AppName>) -> impl Iterator<Item = &'static str> {
    let (entries, more) = match app {
        None => (INSTANCE, Some("apps")),
        Some(_) => (APP, None),
    };
    let section = |name: &'static str| name.split_once('.').map(|(section, _)| section);
    entries
        .iter()
        .flat_map(move |entry| [Some(entry.name), section(entry.name)])
        .flatten()
        .chain(more)
}

fn is_section(app: Option<&AppName>, name: &str) -> bool {
    Key::find(app, name).is_none() && names(app).any(|known| known == name)
}

fn meant(app: Option<&AppName>, name: &str) -> Option<String> {
    let meant = nearest(name, names(app))?;
    Some(app.map_or_else(|| meant.to_owned(), |app| format!("apps.{app}.{meant}")))
}
