//! One server process.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redis::{Client, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo};
use tempfile::TempDir;

use crate::{Program, free_port};

/// How long a server may take to answer. Only one that never does is an error.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How often a start is tried: another process may take a port that was free a moment ago.
const START_ATTEMPTS: usize = 5;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    watchdog: Child,
    folder: TempDir,
    port: u16,
    program: Program,
    settings: Vec<String>,
}

impl Server {
    /// Starts a server with settings as on its command line (`["--save", ""]`), without
    /// persistence unless they say otherwise.
    #[must_use]
    pub fn start(program: Program, settings: &[&str]) -> Self {
        Self::start_in(program, settings, |_| {})
    }

    /// Starts a server, after `prepare` has put files into its folder. In the settings `{dir}`
    /// stands for that folder.
    #[must_use]
    pub fn start_in(program: Program, settings: &[&str], prepare: impl Fn(&Path)) -> Self {
        for _ in 0..START_ATTEMPTS {
            let folder = tempfile::tempdir().expect("a temporary folder");
            prepare(folder.path());
            let settings: Vec<String> = settings
                .iter()
                .map(|setting| setting.replace("{dir}", &folder.path().display().to_string()))
                .collect();
            let port = free_port();
            let child = spawn(program, folder.path(), port, &settings);
            let watchdog = watch(&child);
            let mut server = Self { child, watchdog, folder, port, program, settings };
            if server.is_answering_in_time() {
                return server;
            }
        }
        panic!("no server after {START_ATTEMPTS} attempts with {settings:?}");
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a command and waits for the answer.
    ///
    /// # Errors
    /// What the server or the connection says.
    pub fn command<T: FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        command_at(self.port, words)
    }

    /// Kills the process at once (SIGKILL). What it has not written to disk is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a killed child ends");
    }

    /// Starts it again after [`Server::kill`], on the same port, with what its folder holds.
    pub fn restart(&mut self) {
        self.child = spawn(self.program, self.folder.path(), self.port, &self.settings);
        self.watchdog = watch(&self.child);
        assert!(self.is_answering_in_time(), "the server did not come back");
    }

    /// Freezes the process (SIGSTOP): it keeps its connections and answers nothing.
    pub fn freeze(&self) {
        signal("STOP", self.child.id());
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) {
        signal("CONT", self.child.id());
    }

    fn is_answering_in_time(&mut self) -> bool {
        let deadline = Instant::now() + START_PATIENCE;
        while Instant::now() < deadline {
            if self.child.try_wait().expect("a child can be asked").is_some() {
                return false;
            }
            if is_up(&self.command::<String>(&["PING"])) {
                return self.is_who_answers();
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Another test's server may have taken the port first, and answers until ours gives up. One
    /// that does not say who it is was started with settings that this one has as well.
    fn is_who_answers(&self) -> bool {
        let Ok(info) = self.command::<String>(&["INFO", "server"]) else { return true };
        let of_ours = format!("process_id:{}", self.child.id());
        info.lines().any(|line| line == of_ours)
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = fs::File::open(self.folder.path().join("log")) {
            // A log that cannot be read is missing from a failure's report, and nothing else.
            drop(file.read_to_string(&mut text));
        }
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in [&mut self.child, &mut self.watchdog] {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A server that asks for a password or for TLS is up as well.
fn is_up(answer: &redis::RedisResult<String>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => error.code().is_some_and(|code| code != "LOADING"),
    }
}

pub(crate) fn command_at<T: FromRedisValue>(port: u16, words: &[&str]) -> redis::RedisResult<T> {
    let info: ConnectionInfo =
        ConnectionAddr::Tcp("127.0.0.1".to_owned(), port).into_connection_info()?;
    let mut connection = Client::open(info)?.get_connection_with_timeout(Duration::from_secs(2))?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(word);
    }
    command.query(&mut connection)
}

fn spawn(program: Program, folder: &Path, port: u16, settings: &[String]) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log"));
    let log = log.expect("a log file");
    Command::new(program.path())
        .args(positional(settings))
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--dir", &folder.display().to_string(), "--save", ""])
        .args(named(settings))
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("a second handle"))
        .stdout(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.path().display()))
}

/// A configuration file comes before every setting, or the server does not take it for one.
fn positional(settings: &[String]) -> &[String] {
    let count = usize::from(settings.first().is_some_and(|first| !first.starts_with("--")));
    &settings[..count]
}

fn named(settings: &[String]) -> &[String] {
    &settings[positional(settings).len()..]
}

/// A process that kills the server when this one is gone: its input ends then, whatever happened.
fn watch(child: &Child) -> Child {
    let script = format!("read -r _; kill -9 {} 2>/dev/null", child.id());
    Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh is everywhere")
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -{name} {pid}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_was_there_first_is_not_taken_for_ours() {
        let there = Server::start(Program::Valkey, &[]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let child = spawn(Program::Valkey, folder.path(), free_port(), &[]);
        let (watchdog, port) = (watch(&child), there.port);
        let (program, settings) = (Program::Valkey, Vec::new());
        let mut ours = Server { child, watchdog, folder, port, program, settings };
        assert!(!ours.is_answering_in_time());
    }
}
