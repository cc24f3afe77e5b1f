//! Where a page's commands are run: a folder like a checkout, with the programs of this workspace
//! on the path, and ports of its own.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use baton_e2e::{consumers::installed, processes::program};
use baton_test_servers::{Program, Server};
use tempfile::TempDir;

use crate::{
    page::in_repository,
    shell::{Came, Running, Typed, put},
};

/// Where pages say that something listens; the last four are the simulated Discord's.
const PORTS: [u16; 7] = [6379, 6479, 6480, 4000, 4001, 4002, 4003];

const DISCORDS: [&str; 4] = ["GATEWAY", "RESUME", "REST", "ADMIN"];

const PROGRAMS: [&str; 6] =
    ["baton", "baton-gateway", "baton-mock-discord", "baton-archiver", "baton-sim", "rust-ping"];

/// Of these a machine has one at a time, for its ports: another takes the place of the one before.
const ONE_OF_A_KIND: [&str; 3] = ["baton up", "baton-mock-discord", "valkey-server"];

/// A Discord for bots that are run with a token.
const FOR_BOTS: &str = "baton-mock-discord --rate 5";

/// A package whose program has another name.
const DISCORD: (&str, &str) = ("baton-mock-discord-server", "baton-mock-discord");

/// Below which port nothing is a connection's own end.
const PORTS_FROM: u16 = 12_000;
const PORTS_COUNT: u16 = 18_000;

/// Where a page's commands are run.
pub(crate) struct Place {
    folder: TempDir,
    /// What is written in a page, and what it is here.
    words: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    exported: String,
    running: Vec<Running>,
    /// What goes on from block to block.
    stays: Vec<Running>,
    servers: Vec<Server>,
}

impl Place {
    /// One in which nothing runs.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = PORTS.map(|port| (port, unused_port()));
        let word = |(page, here)| (format!("127.0.0.1:{page}"), format!("127.0.0.1:{here}"));
        let mut place = Self {
            words: ports.map(word).into(),
            variables: Vec::new(),
            exported: String::new(),
            running: Vec::new(),
            stays: Vec::new(),
            servers: Vec::new(),
            folder,
        };
        place.word("/var/lib/", &format!("{}/", place.path("").display()));
        place.word("TOKEN=…", "TOKEN=token");
        place.equip(ports[0].1);
        for (face, (_, port)) in DISCORDS.iter().zip(&ports[3..]) {
            place.variable(&format!("MOCK_DISCORD_{face}_PORT"), &port.to_string());
        }
        place
    }

    /// What a checkout has, and programs.
    fn equip(&mut self, valkey: u16) {
        for name in ["bin", "docs"] {
            fs::create_dir(self.path(name)).expect("a folder");
        }
        symlink(in_repository("scripts"), self.path("scripts")).expect("linked");
        for name in PROGRAMS {
            symlink(program(name), self.path("bin").join(name)).expect("linked");
        }
        let server = Program::Valkey.path();
        let script = format!(
            "#!/bin/sh\nexec '{}' --port {valkey} --bind 127.0.0.1 --save '' \"$@\"\n",
            server.display()
        );
        let path = self.path("bin/valkey-server");
        put(&path, &script);
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("it is ours");
        let example = fs::read_to_string(in_repository("docs/try.toml")).expect("it is there");
        put(&self.path("docs/try.toml"), &self.here(&example));
        self.equip_examples();
        let programs = self.path("bin").display().to_string();
        self.variable("PATH", &format!("{programs}:{}", env::var("PATH").unwrap_or_default()));
        self.variable("TERM", "xterm");
    }

    /// The consumers, with what they need beside them.
    fn equip_examples(&mut self) {
        for language in ["node", "python"] {
            let folder = self.path("examples").join(language);
            fs::create_dir_all(&folder).expect("a folder");
            let files = fs::read_dir(in_repository("examples").join(language)).expect("a folder");
            for file in files.map(|file| file.expect("it is readable").path()) {
                if file.is_file() {
                    fs::copy(&file, folder.join(file.file_name().expect("a name")))
                        .expect("copied");
                }
            }
        }
        let modules = self.path("examples/node/node_modules");
        symlink(installed("BATON_TEST_EXAMPLES_NODE"), modules).expect("linked");
        let modules = installed("BATON_TEST_EXAMPLES_PYTHON");
        self.variable("PYTHONPATH", &modules.display().to_string());
    }

    /// A file of it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, in the words of a page.
    pub(crate) fn put(&self, name: &str, text: &str) {
        put(&self.path(name), &self.here(text));
    }

    /// What stands so in a page is this here.
    pub(crate) fn word(&mut self, page: &str, here: &str) {
        self.words.insert(0, (page.to_owned(), here.to_owned()));
    }

    /// A variable of all commands.
    pub(crate) fn variable(&mut self, name: &str, value: &str) {
        let value = self.here(value);
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value));
    }

    /// Starts a store that is found where a page says so.
    pub(crate) fn store(&mut self, page: &str) -> String {
        let server = Server::start(Program::Valkey, &["--appendonly", "yes"]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        self.word(page, &url);
        self.servers.push(server);
        url
    }

    /// A text of a page as it is meant here.
    pub(crate) fn here(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (page, here)| replaced(&text, page, here))
    }

    /// A block begins in a terminal of its own.
    pub(crate) fn begin(&mut self) {
        self.exported.clear();
        let home = tempfile::tempdir_in(self.folder.path()).expect("a folder").keep();
        self.variable("HOME", &home.display().to_string());
    }

    /// Types a command, which ends well or stays.
    ///
    /// # Panics
    /// If it does not.
    pub(crate) fn types(&mut self, command: &str) -> String {
        self.types_to(command, 0)
    }

    /// Types a command, which ends with this code or stays.
    ///
    /// # Panics
    /// If it does not.
    pub(crate) fn types_to(&mut self, command: &str, code: i32) -> String {
        let here = self.on_any_port(&without_cargo(&self.here(command)));
        if here.starts_with("export ") {
            self.exported += &format!("{here}\n");
            return String::new();
        }
        self.make_room(&here);
        let (exported, folder) = (&self.exported, self.folder.path());
        let typed = Typed { command: &here, exported, folder, variables: &self.variables };
        match typed.run() {
            Came::Ended(status, said) => {
                let is_right = status.code() == Some(code);
                assert!(is_right, "{command}\nthat is {here}\n{status}\n{said}");
                said
            }
            Came::Stays(running) => {
                self.running.push(running);
                String::new()
            }
        }
    }

    /// Ends what has the ports of a command, and starts the Discord that it takes for granted.
    fn make_room(&mut self, command: &str) {
        let is_of = |kind: &str, command: &str| format!("{command} ").contains(&format!("{kind} "));
        for kind in ONE_OF_A_KIND.into_iter().filter(|kind| is_of(kind, command)) {
            let before = self.running.iter().position(|it| is_of(kind, it.command()));
            if let Some(at) = before {
                self.running.remove(at).end();
            }
        }
        let discord = "baton-mock-discord";
        let is_there = |it: &Running| is_of(discord, it.command());
        if is_of("baton up", command)
            && command.contains("oken")
            && !self.running.iter().chain(&self.stays).any(is_there)
        {
            self.types(FOR_BOTS);
        }
    }

    /// `baton up` uses ports of which a machine has one each, and finds Discord by itself.
    fn on_any_port(&self, command: &str) -> String {
        let mut command = command.to_owned();
        if !format!("{command} ").contains("baton up ") {
            return command;
        }
        for (option, place) in [("--listen", "127.0.0.1:6479"), ("--page", "127.0.0.1:6480")] {
            if !command.contains(option) {
                command += &format!(" {option} {}", self.here(place));
            }
        }
        if command.contains("oken") {
            let here = "--api http://127.0.0.1:4002/api/v10 --gateway ws://127.0.0.1:4000";
            command += &format!(" {}", self.here(here));
        }
        command
    }

    /// Ends what the page has started, the last first.
    pub(crate) fn end(&mut self) {
        while let Some(mut running) = self.running.pop() {
            running.end();
        }
    }

    /// What runs is there for all blocks.
    pub(crate) fn keep(&mut self) {
        self.stays.append(&mut self.running);
    }

    /// Ends all instances at once, as a deployment would.
    pub(crate) fn end_instances(&mut self) {
        let is_one = |it: &mut Running| it.command().contains("baton-gateway ");
        let mut instances: Vec<_> = self.stays.extract_if(.., is_one).collect();
        instances.iter_mut().for_each(Running::ask_to_end);
        instances.iter_mut().for_each(Running::end);
    }
}

/// What cargo would build and run.
fn without_cargo(command: &str) -> String {
    let Some((before, rest)) = command.split_once("cargo run ") else {
        return command.to_owned();
    };
    let rest = rest.trim_start_matches("--release ").strip_prefix("-p ").expect("-p PACKAGE");
    let (package, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
    let (of_discord, its_program) = DISCORD;
    let program = if package == of_discord { its_program } else { package };
    let has_manifest = ["services", "tests", "examples"].iter().any(|folder| {
        let folders = fs::read_dir(in_repository(folder)).expect("a folder");
        let manifests = folders.map(|it| it.expect("it is readable").path().join("Cargo.toml"));
        manifests.into_iter().any(|path| names(&path, package))
    });
    assert!(has_manifest, "{command}: there is no package {package}");
    format!("{before}{program} {}", arguments.strip_prefix("-- ").unwrap_or(arguments))
}

fn names(manifest: &Path, package: &str) -> bool {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    text.contains(&format!("name = \"{package}\""))
}

/// With what is here for what stands in a page, but not within a number: 4000 is no part of 40001.
fn replaced(text: &str, page: &str, here: &str) -> String {
    let mut pieces = text.split(page);
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let goes_on = piece.starts_with(|next: char| next.is_ascii_digit());
        all +=
            if goes_on && page.ends_with(|last: char| last.is_ascii_digit()) { page } else { here };
        all += piece;
    }
    all
}

/// A port that nobody listens on at this moment, and that the system gives to nobody by itself.
fn unused_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that were started together are far enough from each other.
    let begin = process::id().wrapping_mul(97) % u32::from(PORTS_COUNT);
    let begin = u16::try_from(begin).expect("it is below");
    loop {
        let offset = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS_COUNT;
        let port = PORTS_FROM + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
