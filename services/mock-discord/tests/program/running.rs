//! The program as a process of its own, on free ports, that never outlives its test.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long anything may take. Only what never happens is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const ANY_PORTS: [&str; 4] =
    ["--gateway-port=0", "--resume-port=0", "--rest-port=0", "--admin-port=0"];

/// A running program.
pub(crate) struct Program {
    process: Guarded,
    stdout: BufReader<ChildStdout>,
    faces: Value,
}

/// A process that is killed when this is dropped, and when the test dies in whatever way.
pub(crate) struct Guarded {
    child: Child,
    watchdog: Child,
}

impl Program {
    /// Starts it on free ports, and waits until it says where it listens.
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut command = command();
        command.args(ANY_PORTS).arg("--json").args(options);
        Self::spawn(command)
    }

    /// Starts a command that ends in starting it with `--json`.
    pub(crate) fn spawn(command: Command) -> Self {
        let (process, mut stdout) = Guarded::spawn(command);
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it says where it listens");
        let faces = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it says {line:?}"));
        Self { process, stdout, faces }
    }

    /// Where one of its faces listens.
    pub(crate) fn address(&self, face: &str) -> SocketAddr {
        let address = self.faces[face]["address"].as_str().expect("an address");
        address.parse().expect("an address")
    }

    /// What clients are told of a face.
    pub(crate) fn url(&self, face: &str) -> &str {
        self.faces[face]["url"].as_str().expect("a url")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Sends it a signal by name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let words = [format!("-{name}"), self.pid().to_string()];
        let status = Command::new("kill").args(&words).status();
        assert!(status.is_ok_and(|status| status.success()), "kill -{name} {}", self.pid());
    }

    /// Waits for its end; none if it does not come in time.
    pub(crate) fn end_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        self.process.end_within(patience)
    }

    /// What else it has said on standard output. It must have ended.
    pub(crate) fn rest_of_output(&mut self) -> String {
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).expect("text");
        text
    }
}

impl Guarded {
    /// Starts a command, and reads what it says on standard output.
    pub(crate) fn spawn(mut command: Command) -> (Self, BufReader<ChildStdout>) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it can be started");
        let stdout = child.stdout.take().expect("it is piped");
        let watchdog = watch(&child);
        (Self { child, watchdog }, BufReader::new(stdout))
    }

    fn end_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            let status = self.child.try_wait().expect("a child can be asked");
            if status.is_some() || Instant::now() > deadline {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        for child in [&mut self.child, &mut self.watchdog] {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// The program with no variable of its own in the environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton-mock-discord"));
    for (name, _) in std::env::vars() {
        if name.starts_with("MOCK_DISCORD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end, which must come by itself, whatever it says.
pub(crate) fn run(options: &[&str]) -> Output {
    let mut command = command();
    command.args(options).stderr(Stdio::piped());
    let (mut process, mut said) = Guarded::spawn(command);
    // All that it says fits into a pipe.
    let status = process.end_within(PATIENCE).expect("it ends by itself");
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    said.read_to_end(&mut stdout).expect("bytes");
    let mut complaints = process.child.stderr.take().expect("it is piped");
    complaints.read_to_end(&mut stderr).expect("bytes");
    Output { status, stdout, stderr }
}

/// A process that kills the program when this one is gone: its input ends then, whatever happened.
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
