//! Consumers as processes: the examples, as a reader of the repository would start them.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    process::Process,
    processes::{Fleet, program},
};

/// A consumer of `examples`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// `node/consumer.mjs`.
    Node,
    /// `node/discordjs-core.mjs`.
    DiscordJsCore,
    /// `python/consumer.py`.
    Python,
    /// `rust-ping`.
    RustPing,
}

/// One that runs. Dropping it kills it.
pub struct Consumer {
    process: Process,
    folder: TempDir,
}

impl Consumer {
    /// Starts one in a group that takes over what nobody has acknowledged for a second.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(example: Example, fleet: &Fleet, group: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = example.command(folder.path());
        let file = |name| fs::File::create(folder.path().join(name)).expect("a file");
        let child = command
            .env("BATON_STORE", fleet.url().replace("valkey://", "redis://"))
            .env("BATON_FLEET", fleet.name())
            .env("BATON_GROUP", group)
            .env("BATON_IDLE_MS", "1000")
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("it starts");
        Self { process: Process::new(child), folder }
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it is gone.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not.
    pub async fn ended(&mut self) -> ExitStatus {
        let Self { process, folder } = self;
        process.ended(|| written(folder, "err")).await
    }

    /// How often it has handled each dispatch, by shard, session and seq.
    #[must_use]
    pub fn handled(&self) -> BTreeMap<String, usize> {
        let mut handled = BTreeMap::new();
        for line in written(&self.folder, "out").lines() {
            if let Some(rest) = line.strip_prefix("handled ") {
                let dispatch = rest.split(' ').next().unwrap_or(rest);
                *handled.entry(dispatch.to_owned()).or_default() += 1;
            }
        }
        handled
    }

    /// What it has complained about.
    #[must_use]
    pub fn errors(&self) -> String {
        written(&self.folder, "err")
    }
}

fn written(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}

impl Example {
    fn command(self, folder: &Path) -> Command {
        match self {
            Self::Node => node(folder, "consumer.mjs"),
            Self::DiscordJsCore => node(folder, "discordjs-core.mjs"),
            Self::RustPing => {
                let mut command = Command::new(program("rust-ping"));
                command.env_clear();
                command
            }
            Self::Python => {
                let mut command = interpreter("python3");
                command.arg(examples().join("python/consumer.py"));
                command.env("PYTHONPATH", installed("BATON_TEST_EXAMPLES_PYTHON"));
                command
            }
        }
    }
}

/// A module of Node looks for others beside itself, and the checkout is left as it is.
fn node(folder: &Path, name: &str) -> Command {
    for module in fs::read_dir(examples().join("node")).expect("the examples are there") {
        let path = module.expect("it is readable").path();
        fs::copy(&path, folder.join(path.file_name().expect("a file"))).expect("copied");
    }
    let modules = installed("BATON_TEST_EXAMPLES_NODE");
    symlink(modules, folder.join("node_modules")).expect("linked");
    let mut command = interpreter("node");
    command.arg(folder.join(name));
    command
}

/// Nothing of the environment but where programs are.
fn interpreter(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Where `scripts/clients` has installed something.
///
/// # Panics
/// If it has not.
#[must_use]
pub fn installed(variable: &str) -> PathBuf {
    let place = env::var_os(variable).map(PathBuf::from);
    place.unwrap_or_else(|| {
        panic!("{variable} is not set; run scripts/test, or eval \"$(scripts/clients)\" first")
    })
}
