//! JSON for programs.

use serde::Serialize;

use super::{Row, SCHEMA};

/// A listing as one document.
#[derive(Serialize)]
pub(super) struct Listing<'a, R> {
    schema: u32,
    kind: String,
    items: &'a [R],
}

/// One thing, with what it is.
#[derive(Serialize)]
pub(super) struct Labelled<'a, T> {
    schema: u32,
    kind: &'static str,
    #[serde(flatten)]
    thing: &'a T,
}

impl<'a, R: Row> Listing<'a, R> {
    pub(super) fn of(items: &'a [R]) -> Self {
        Self { schema: SCHEMA, kind: format!("{}_list", R::KIND), items }
    }
}

impl<'a, T> Labelled<'a, T> {
    pub(super) const fn new(kind: &'static str, thing: &'a T) -> Self {
        Self { schema: SCHEMA, kind, thing }
    }
}

pub(super) fn document<T: Serialize>(thing: &T) -> String {
    let text = serde_json::to_string_pretty(thing);
    text.unwrap_or_else(|error| unreachable!("it is plain data: {error}")) + "\n"
}

pub(super) fn line<R: Row>(row: &R) -> String {
    labelled_line(R::KIND, row)
}

pub(crate) fn labelled_line<T: Serialize>(kind: &'static str, thing: &T) -> String {
    let text = serde_json::to_string(&Labelled::new(kind, thing));
    text.unwrap_or_else(|error| unreachable!("it is plain data: {error}")) + "\n"
}
