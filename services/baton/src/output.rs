//! How what was found is shown: tables for people, JSON for programs.
//!
//! The JSON is a contract (`docs/cli.md`): it carries the number of its schema, and within one only
//! fields are added. Tables may change at any time.

mod json;
mod table;

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

pub(crate) use baton_overview::units;

pub(crate) use self::json::labelled_line;

/// The number of the JSON's shape.
pub(crate) const SCHEMA: u32 = 1;

/// How output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// A table.
    #[default]
    Table,
    /// A table with more columns.
    Wide,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Jsonl,
}

/// One row of a listing.
pub(crate) trait Row: Serialize {
    /// What one is called in JSON.
    const KIND: &'static str;
    /// What there is to see of it.
    const COLUMNS: &'static [Column];

    /// What stands in each column.
    fn cells(&self) -> Vec<String>;

    /// All of it, a column a line: for one that is shown by itself.
    fn details(&self) -> String {
        let columns = Self::COLUMNS.iter().zip(self.cells());
        columns.map(|(column, cell)| format!("{:<12} {cell}\n", column.name)).collect()
    }
}

/// One column of a table.
pub(crate) struct Column {
    name: &'static str,
    shown: Shown,
    align: Align,
}

/// In which tables a column is.
#[derive(PartialEq, Eq)]
enum Shown {
    Always,
    Wide,
}

enum Align {
    Left,
    Right,
}

impl Column {
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, shown: Shown::Always, align: Align::Left }
    }

    pub(crate) const fn number(name: &'static str) -> Self {
        Self { name, shown: Shown::Always, align: Align::Right }
    }

    /// The same, in wide tables only.
    pub(crate) const fn wide(self) -> Self {
        Self { shown: Shown::Wide, ..self }
    }
}

/// Writes a listing to stdout.
pub(crate) fn list<R: Row>(rows: &[R], format: Format) -> io::Result<()> {
    let text = match format {
        Format::Table => table::written(rows, |column| column.shown == Shown::Always),
        Format::Wide => table::written(rows, |_| true),
        Format::Json => json::document(&json::Listing::of(rows)),
        Format::Jsonl => rows.iter().map(json::line).collect(),
    };
    write(&text)
}

/// Writes one thing to stdout: as text for people, or as JSON.
pub(crate) fn one<T: Serialize>(
    kind: &'static str,
    thing: &T,
    format: Format,
    text: impl FnOnce(&T) -> String,
) -> io::Result<()> {
    let text = match format {
        Format::Table | Format::Wide => text(thing),
        Format::Json => json::document(&json::Labelled::new(kind, thing)),
        Format::Jsonl => labelled_line(kind, thing),
    };
    write(&text)
}

fn write(text: &str) -> io::Result<()> {
    stream(text.as_bytes()).map(drop)
}

/// Whether somebody reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    /// They may have seen enough: then there is nothing more to write, and nothing wrong.
    Gone,
}

/// Writes a piece of what has no end to stdout.
pub(crate) fn stream(piece: &[u8]) -> io::Result<Reader> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(piece).and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error),
    }
}
