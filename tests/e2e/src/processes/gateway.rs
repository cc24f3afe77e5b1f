//! One gateway process.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::OnceLock,
};

use baton_model::InstanceId;
use rustix::process::Signal;

use crate::process::Process;

/// The variable that names the program to try.
const VARIABLE: &str = "BATON_TEST_GATEWAY";

/// One gateway process. Dropping it kills it.
pub struct Gateway {
    process: Process,
    log: PathBuf,
}

impl Gateway {
    pub(super) fn start(name: &str, mut program: Command, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let lines = fs::File::create(&log).expect("a log file");
        let child = program
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(lines)
            .spawn()
            .expect("the gateway starts");
        Self { process: Process::new(child), log }
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// What it answers when it is asked for this path.
    ///
    /// # Panics
    /// If it does not answer.
    pub async fn asked(&self, path: &str) -> String {
        crate::asking::get(self.http(), path).await.body
    }

    /// Where it answers.
    ///
    /// # Panics
    /// If it has not said so yet.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        let address = self.logged("http=").expect("it says where it listens");
        address.parse().expect("an address")
    }

    /// Who it is, once it has said so.
    #[must_use]
    pub fn id(&self) -> Option<InstanceId> {
        self.logged("instance=")?.parse().ok()
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not.
    pub async fn ended(&mut self) -> ExitStatus {
        let Self { process, log } = self;
        process.ended(|| read(log)).await
    }

    /// The value of a field where it stands first in the log.
    fn logged(&self, field: &str) -> Option<String> {
        let log = self.log();
        let (_, rest) = log.split_once(field)?;
        rest.split_whitespace().next().map(str::to_owned)
    }
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

/// The gateway's program: the one that is named, or else the one of this workspace, built once per
/// run of the tests, in the way in which all tests are built, or its dependencies would be built a
/// second time with other features.
pub(super) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os(VARIABLE) {
        Some(named) => PathBuf::from(named),
        None => built().join("baton-gateway"),
    })
}

/// Where the programs of this workspace are. Builds them, if nobody names one that is built.
pub(super) fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        if let Some(named) = env::var_os(VARIABLE) {
            let beside = Path::new(&named).parent().expect("a folder");
            return beside.to_owned();
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let all = ["test", "--locked", "--quiet", "--workspace", "--no-run"];
        let built = Command::new(cargo).args(all).status().expect("cargo runs");
        assert!(built.success(), "the gateway does not build");
        // Tests lie in `deps`, programs beside it.
        let test = env::current_exe().expect("a path");
        let folder = test.parent().and_then(Path::parent).expect("a folder");
        folder.to_owned()
    })
}
