//! A program with `@discordjs/brokers`, as others have it: it knows nothing of Baton.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::Path,
    process::{ChildStdin, Command, ExitStatus, Stdio},
};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{process::Process, processes::Fleet};

/// One that runs. Dropping it kills it.
pub struct Worker {
    process: Process,
    commands: ChildStdin,
    folder: TempDir,
}

impl Worker {
    /// Starts one that reads these events in this group.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(fleet: &Fleet, group: &str, events: &[&str]) -> Self {
        let modules = env::var_os("BATON_TEST_BROKERS").unwrap_or_else(|| {
            panic!(
                "BATON_TEST_BROKERS is not set; run scripts/test, or eval \"$(scripts/clients)\" \
                 first"
            )
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/brokers/worker.js");
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name| fs::File::create(folder.path().join(name)).expect("a file");
        let mut child = Command::new("node")
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("NODE_PATH", modules)
            .env("REDIS_URL", fleet.url().replace("valkey://", "redis://"))
            .env("GROUP", group)
            .env("EVENTS", events.join(","))
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("it starts");
        let commands = child.stdin.take().expect("stdin is a pipe");
        Self { process: Process::new(child), commands, folder }
    }

    /// Has it publish a command.
    ///
    /// # Panics
    /// If it is gone.
    pub fn publish(&mut self, command: &Value) {
        writeln!(self.commands, "{command}").expect("it reads");
    }

    /// What it was handed of each event, in order.
    ///
    /// # Panics
    /// If it says anything else.
    #[must_use]
    pub fn received(&self) -> BTreeMap<String, Vec<Value>> {
        let mut received: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let said = self.written("out");
        // The last line may not be whole yet.
        let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for line in whole.lines() {
            let event = line.strip_prefix("event ").and_then(|rest| rest.split_once(' '));
            let (name, data) = event.unwrap_or_else(|| panic!("it says {line}"));
            let data = serde_json::from_str(data).expect("JSON");
            received.entry(name.to_owned()).or_default().push(data);
        }
        received
    }

    /// What it has complained about.
    #[must_use]
    pub fn errors(&self) -> String {
        self.written("err")
    }

    /// Has it leave, and waits until it has.
    ///
    /// # Panics
    /// If it does not.
    pub async fn leave(mut self) -> ExitStatus {
        self.process.signal(Signal::TERM);
        let Self { process, folder, .. } = &mut self;
        let errors = folder.path().join("err");
        process.ended(|| fs::read_to_string(&errors).unwrap_or_default()).await
    }

    fn written(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}
