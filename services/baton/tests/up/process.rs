//! One `baton up`. Dropping it kills it.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::sleep;

use crate::world::PATIENCE;

pub(crate) struct Up {
    child: Child,
    /// What it writes.
    written: TempDir,
}

impl Up {
    /// On this folder, and any port.
    pub(crate) fn start(data: &Path, options: &[&str]) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_baton")), data, options)
    }

    /// The same, and root may do no more than others; util-linux's `setpriv` sees to that.
    pub(crate) fn start_without_privileges(data: &Path, options: &[&str]) -> Self {
        let may_all = fs::metadata("/proc/self").expect("it is there").uid() == 0;
        if !may_all {
            return Self::start(data, options);
        }
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-all", "--inh-caps=-all", env!("CARGO_BIN_EXE_baton")]);
        Self::start_as(command, data, options)
    }

    fn start_as(mut command: Command, data: &Path, options: &[&str]) -> Self {
        command.env_clear().arg("up").arg("--data").arg(data);
        if !options.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if !options.contains(&"--page") {
            command.args(["--page", "127.0.0.1:0"]);
        }
        command.args(options);
        Self::spawned(command)
    }

    /// A demo in this directory, on the folder that it takes by itself, or on this one.
    pub(crate) fn start_in(directory: &Path, data: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.env_clear().current_dir(directory).arg("up");
        command.args(["--listen", "127.0.0.1:0", "--page", "127.0.0.1:0"]);
        command.args(data.iter().flat_map(|data| ["--data", data]));
        Self::spawned(command)
    }

    /// Not `baton up`, but a gateway: the one that tests are told to try, or what was built beside
    /// this.
    pub(crate) fn start_gateway(config: &Path) -> Self {
        let this = env::current_exe().expect("this program");
        let beside = this.ancestors().nth(2).expect("a folder").join("baton-gateway");
        let program = env::var_os("BATON_TEST_GATEWAY").map_or(beside, PathBuf::from);
        let mut command = Command::new(program);
        command.env_clear().arg("--config").arg(config);
        Self::spawned(command)
    }

    fn spawned(mut command: Command) -> Self {
        let written = tempfile::tempdir().expect("a folder");
        let file = |name| File::create(written.path().join(name)).expect("a file");
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        Self { child: command.spawn().expect("it starts"), written }
    }

    /// What it has announced.
    pub(crate) fn announced(&self) -> String {
        fs::read_to_string(self.written.path().join("out")).expect("it was written")
    }

    /// What it has said besides.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.written.path().join("err")).expect("it was written")
    }

    /// What a Redis client is answered, once there is anybody to ask.
    pub(crate) fn asked<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_asked(words).expect("it listens")
    }

    /// None as long as it does not listen.
    pub(crate) fn try_asked<T: redis::FromRedisValue>(&self, words: &[&str]) -> Option<T> {
        let announced = self.announced();
        let (_, rest) = announced.split_once("valkey://")?;
        let address = rest.split_whitespace().next()?;
        let client = redis::Client::open(format!("redis://{address}")).expect("an address");
        let mut connection = client.get_connection().ok()?;
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        Some(command.query(&mut connection).expect("an answer"))
    }

    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let kill = kill.args([&format!("-{name}"), &self.child.id().to_string()]);
        assert!(kill.status().is_ok_and(|status| status.success()), "kill -{name}");
    }

    /// Waits until it ends; answers with which code, none if a signal ended it.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(std::time::Instant::now() < end, "it does not end: {}", self.said());
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
