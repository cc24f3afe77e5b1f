//! A reader's terminal: a command is run by a shell, to its end, or until it says that it stays.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use baton_e2e::processes::PATIENCE;

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// What stays until it is ended, and what it says when it is there. A terminal shows cells, so
/// blanks do not count.
const STAYS: [(&str, &str); 10] = [
    ("valkey-server", "Ready to accept connections"),
    ("baton-mock-discord", "admin http://"),
    ("baton-gateway ", " starting "),
    ("baton up --token-file", "it resumes its sessions"),
    ("DISCORD_TOKEN=token baton up", "it resumes its sessions"),
    ("baton up", "its first event"),
    ("baton top", "store safe"),
    ("consumer.mjs", "handled"),
    ("consumer.py", "handled"),
    ("rust-ping", "handled"),
];

/// The archiver stays unless it is told to do something else.
const ARCHIVES: (&str, &str) = ("archiver.toml", " starting ");

/// What it says once it is there, if a command stays.
fn sign_of(command: &str) -> Option<&'static str> {
    let (ends, sign) = ARCHIVES;
    if command.starts_with("baton-archiver") {
        return command.ends_with(ends).then_some(sign);
    }
    let stays = |(name, _): &&(&str, &str)| format!("{command} ").contains(name);
    STAYS.iter().find(stays).map(|(_, sign)| *sign)
}

fn has_screen(command: &str) -> bool {
    command.ends_with("baton top")
}

/// What runs. Dropping it kills it, and all that it has started.
pub(crate) struct Running {
    command: String,
    child: Child,
    watchdog: Child,
    said: PathBuf,
    /// A second time would mean: at once.
    is_asked_to_end: bool,
}

/// How a command has ended.
pub(crate) enum Came {
    /// It has ended, and so.
    Ended(ExitStatus, String),
    /// It is there, and stays.
    Stays(Running),
}

/// What a shell is to do.
pub(crate) struct Typed<'a> {
    /// As it is run.
    pub(crate) command: &'a str,
    /// What was exported before.
    pub(crate) exported: &'a str,
    /// Where it is run, and where what it says is put.
    pub(crate) folder: &'a Path,
    /// With these variables and no others.
    pub(crate) variables: &'a [(String, String)],
}

impl Typed<'_> {
    /// Runs it.
    ///
    /// # Panics
    /// If it neither ends nor stays.
    pub(crate) fn run(&self) -> Came {
        let sign = sign_of(self.command);
        let mut running = self.start();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = running.child.try_wait().expect("a child") {
                return Came::Ended(status, running.said());
            }
            if sign.is_some_and(|sign| plain(&running.said()).contains(&plain(sign))) {
                return Came::Stays(running);
            }
            sleep(LOOK);
        }
        panic!("{}: neither ends nor says {sign:?}:\n{}", self.command, running.said());
    }

    fn start(&self) -> Running {
        let (command, file) =
            (self.command.to_owned(), tempfile::NamedTempFile::new_in(self.folder));
        let (said, path) = file.expect("a file").keep().expect("it stays");
        let mut shell = self.shell();
        shell
            .current_dir(self.folder)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .process_group(0)
            .stdin(if has_screen(self.command) { Stdio::piped() } else { Stdio::null() })
            .stdout(said.try_clone().expect("a second handle"))
            .stderr(said);
        let child = shell.spawn().expect("sh is everywhere");
        let watchdog = watch(&format!("-{}", child.id()));
        Running { command, child, watchdog, said: path, is_asked_to_end: false }
    }

    /// Whatever stays takes the place of its shell, so that it is what a signal ends. A screen
    /// needs a terminal; util-linux's `script` gives it one.
    fn shell(&self) -> Command {
        let takes_its_place = if sign_of(self.command).is_some() { "exec env " } else { "" };
        let line = format!("{}\n{takes_its_place}{}", self.exported, self.command);
        if !has_screen(self.command) {
            let mut shell = Command::new("sh");
            shell.args(["-euc", &line]);
            return shell;
        }
        let mut script = Command::new("script");
        let line = format!("stty rows 24 cols 80\n{line}");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        script
    }
}

/// Kills a process, or a group with `-` before it, when this process is gone: its input ends then,
/// whatever happened.
pub(crate) fn watch(whom: &str) -> Child {
    let script = format!("read -r _; kill -9 -- {whom} 2>/dev/null");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("sh is everywhere")
}

/// Without blanks, and without what moves the cursor.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        if next == '\x1b' {
            let end = rest.find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |at| at + 1);
            rest = &rest[end..];
        } else if !next.is_whitespace() {
            plain.push(next);
        }
    }
    plain
}

impl Running {
    /// What was typed.
    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        let bytes = fs::read(&self.said).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Asks it to end as its reader would, once.
    ///
    /// # Panics
    /// If nobody listens.
    pub(crate) fn ask_to_end(&mut self) {
        if std::mem::replace(&mut self.is_asked_to_end, true) {
            return;
        }
        if has_screen(&self.command) {
            let keyboard = self.child.stdin.as_mut().expect("it is piped");
            keyboard.write_all(b"q").expect("it reads");
        } else {
            signal("TERM", self.child.id());
        }
    }

    /// Ends it as its reader would, and waits for that.
    ///
    /// # Panics
    /// If it does not end, or not well.
    pub(crate) fn end(&mut self) {
        self.ask_to_end();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("a child") {
                assert!(status.success(), "{}: {status}\n{}", self.command, self.said());
                return;
            }
            sleep(LOOK);
        }
        panic!("{}: does not end\n{}", self.command, self.said());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        signal("KILL", self.child.id());
        for child in [&mut self.child, &mut self.watchdog] {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Sends it to all that a command has started. There may be nobody left.
fn signal(name: &str, group: u32) {
    let mut kill = Command::new("kill");
    kill.args([&format!("-{name}"), "--", &format!("-{group}")]).stderr(Stdio::null());
    kill.status().expect("kill is everywhere");
}

/// Puts a text into a new file.
pub(crate) fn put(path: &Path, text: &str) {
    File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
}
