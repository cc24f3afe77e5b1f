//! An operator at a shell: `baton` as a process, over the fleet's own store.

use std::{
    path::PathBuf,
    process::{Output, Stdio},
};

use tokio::process::{Child, Command};

use crate::processes::{Fleet, program};

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// With which code it ended.
    pub code: i32,
    /// What it wrote as data.
    pub data: String,
    /// What it said besides.
    pub besides: String,
}

/// An operator of a fleet.
#[derive(Debug, Clone)]
pub struct Operator {
    program: PathBuf,
    url: String,
    fleet: String,
}

impl Operator {
    /// Of this fleet.
    #[must_use]
    pub fn of(fleet: &Fleet) -> Self {
        let program = program("baton");
        Self { program, url: fleet.url().to_owned(), fleet: fleet.name().to_owned() }
    }

    /// Types a command, and waits until it ends.
    ///
    /// # Panics
    /// If it cannot be run.
    pub async fn types(&self, line: &str) -> Said {
        said(&self.command(line).output().await.expect("it runs"))
    }

    /// Types a command that goes on.
    ///
    /// # Panics
    /// If it cannot be run.
    #[must_use]
    pub fn begins(&self, line: &str) -> Child {
        self.command(line).kill_on_drop(true).spawn().expect("it runs")
    }

    /// No terminal, and nothing of the environment that the tests are run in.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("BATON_OPERATOR", "tester");
        command.args(["--store", &self.url, "--fleet", &self.fleet]);
        command.args(line.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What an ended command has said.
///
/// # Panics
/// If a signal ended it, or it wrote what is no text.
#[must_use]
pub fn said(output: &Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let code = output.status.code().expect("it ends by itself");
    Said { code, data: text(&output.stdout), besides: text(&output.stderr) }
}
