//! The catalogue, for filling in: a configuration with every option in it, each with what it is
//! for, what it takes and what holds without it.
//!
//! What is chosen is set; everything else is commented out. So whoever reads the file sees what
//! there is, and it says nothing that the code does not.

use baton_model::AppName;

use super::catalogue::{APP, Entry, INSTANCE, Without};

/// How long a line of prose may be.
const LINE_CHARS_MAX: usize = 98;

/// What of a configuration is chosen: options by name and their values in TOML, those of the app by
/// their names within it.
#[derive(Debug, Clone)]
pub struct Chosen<'a> {
    /// The only app.
    pub app: &'a AppName,
    /// Options of the instance.
    pub instance: &'a [(&'a str, String)],
    /// Options of the app.
    pub of_app: &'a [(&'a str, String)],
}

/// A configuration in which this is chosen.
///
/// # Panics
/// If something is chosen that is no option.
#[must_use]
pub fn template(chosen: &Chosen<'_>) -> String {
    let mut text = String::new();
    sections(&mut text, "", INSTANCE, chosen.instance);
    sections(&mut text, &format!("apps.{}", quoted(chosen.app)), APP, chosen.of_app);
    text
}

/// A dot would part the name in two.
fn quoted(app: &AppName) -> String {
    let name = app.to_string();
    if name.contains('.') { format!("\"{name}\"") } else { name }
}

/// Every option of a table: first those without a section of their own.
fn sections(text: &mut String, table: &str, entries: &[Entry], chosen: &[(&str, String)]) {
    for (name, _) in chosen {
        assert!(entries.iter().any(|entry| entry.name == *name), "{name} is no option");
    }
    let mut names: Vec<&str> = Vec::new();
    for (section, _) in entries.iter().map(|entry| parted(entry.name)) {
        if !names.contains(&section) {
            names.push(section);
        }
    }
    names.sort_by_key(|section| !section.is_empty());
    for section in names {
        let heading = [table, section].into_iter().filter(|part| !part.is_empty());
        let heading = heading.collect::<Vec<_>>().join(".");
        if !heading.is_empty() {
            *text += &format!("[{heading}]\n");
        }
        for entry in entries.iter().filter(|entry| parted(entry.name).0 == section) {
            let value = chosen.iter().find(|(name, _)| *name == entry.name);
            option(text, entry, value.map(|(_, value)| value.as_str()));
        }
        text.push('\n');
    }
}

/// Its section, and its name there.
fn parted(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

fn option(text: &mut String, entry: &Entry, chosen: Option<&str>) {
    let name = parted(entry.name).1;
    prose(text, entry.meaning);
    let takes = format!("It takes {}.", entry.kind.expected());
    let (without, line) = match (chosen, entry.without) {
        (Some(value), _) => (String::new(), format!("{name} = {value}")),
        (None, Without::Default(value)) => (String::new(), format!("#{name} = {value}")),
        (None, Without::Unset(words)) => (format!(" Without it: {words}."), format!("#{name} =")),
        (None, Without::Mistake) => (" Nothing runs without it.".to_owned(), format!("#{name} =")),
    };
    prose(text, &(takes + &without));
    *text += &format!("{line}\n");
}

/// A comment, in lines that fit.
fn prose(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > LINE_CHARS_MAX {
            *text += &format!("{line}\n");
            line = String::from("#");
        }
        line.push(' ');
        line += word;
    }
    *text += &format!("{line}\n");
}
