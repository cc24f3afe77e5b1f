//! What the program says of itself: completions, the manual page, the exit codes.

use clap::CommandFactory;
use clap_complete::Shell;
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::Arguments,
    output::{self, Column, Format, Row},
};

pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "baton", &mut std::io::stdout().lock());
    Ok(Exit::Done)
}

pub(crate) fn man() -> Result<Exit, Failure> {
    clap_mangen::Man::new(Arguments::command()).render(&mut std::io::stdout().lock())?;
    Ok(Exit::Done)
}

/// An exit code, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    code: u8,
    meaning: &'static str,
}

pub(crate) fn exit_codes(format: Format) -> Result<Exit, Failure> {
    let lines = Exit::ALL.map(|exit| Line { code: exit.code(), meaning: exit.meaning() });
    output::list(&lines, format)?;
    Ok(Exit::Done)
}

impl Row for Line {
    const KIND: &'static str = "exit_code";
    const COLUMNS: &'static [Column] = &[Column::number("code"), Column::text("meaning")];

    fn cells(&self) -> Vec<String> {
        vec![self.code.to_string(), self.meaning.to_owned()]
    }
}
