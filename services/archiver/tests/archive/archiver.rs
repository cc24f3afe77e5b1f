//! An archiver process.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use baton_test_servers::Server;

use crate::waiting::until;

/// What an archiver is told: names of options in variables, and their values.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Into a folder.
    pub(crate) fn folder(server: &Server, folder: &Path) -> Self {
        Self::of(server).with("ARCHIVE__FOLDER", &folder.display().to_string())
    }

    /// Into the bucket of an S3 server.
    pub(crate) fn s3(server: &Server, port: u16) -> Self {
        Self::of(server)
            .with("S3__BUCKET", "events")
            .with("S3__ENDPOINT", &format!("http://127.0.0.1:{port}"))
            .with("S3__KEY_ID", "env:TEST_KEY_ID")
            .with("S3__SECRET", "env:TEST_SECRET")
    }

    fn of(server: &Server) -> Self {
        Self(Vec::new())
            .with("STORE__URL", &format!("valkey://127.0.0.1:{}", server.port()))
            .with("APP", "bot")
            .with("LANES", "2")
            .with("OBJECT__AGE_MAX", "1s")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((format!("BATON_ARCHIVER_{name}"), value.to_owned()));
        self
    }

    /// The program, with some words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton-archiver"));
        command
            .args(words)
            .env_clear()
            .envs(self.0.clone())
            .envs([("TEST_KEY_ID", "AKIDKEYID"), ("TEST_SECRET", "hunter2secret")])
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end: exit code, and all it has said.
    pub(crate) fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = self.command(words).output().expect("a process");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    }

    pub(crate) fn start(&self) -> Archiver {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let port = free_port();
        let child = self
            .clone()
            .with("HTTP__LISTEN", &format!("127.0.0.1:{port}"))
            .command(&[])
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("a process");
        let watchdog = watch(&child);
        Archiver { child, watchdog, port, log, _folder: folder }
    }
}

/// A running archiver. Dropping it kills it.
pub(crate) struct Archiver {
    child: Child,
    watchdog: Child,
    port: u16,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Archiver {
    /// Kills it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a process can be killed");
        self.child.wait().expect("a killed process ends");
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let code = self.child.wait().expect("an end").code();
        assert_eq!(code, Some(0), "it ends as it was asked to");
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks its HTTP face: status and body; none while it does not answer.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// A number of its metrics.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let (_, page) = self.get("/metrics")?;
        let line = page.lines().find(|line| line.starts_with(&format!("{name} ")))?.to_owned();
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Waits until it reads all lanes.
    pub(crate) fn await_lanes(&self, lanes: u64) {
        until("lanes are read", || self.number("baton_archiver_lanes") == Some(lanes));
    }
}

impl Drop for Archiver {
    fn drop(&mut self) {
        for child in [&mut self.child, &mut self.watchdog] {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
        if std::thread::panicking() {
            eprintln!("an archiver's log:\n{}", self.log());
        }
    }
}

/// A process that kills another one when this one is gone.
pub(crate) fn watch(child: &Child) -> Child {
    let script = format!("read -r _; kill -9 {} 2>/dev/null", child.id());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("sh is everywhere")
}

pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -{name} {pid}");
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener.local_addr().expect("an address").port()
}
