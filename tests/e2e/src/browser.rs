//! A browser that looks at the live page, as a process: `browser/browser.mjs` says what it can be
//! asked.

use std::{env, fs, os::unix::fs::symlink, path::Path, process::Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::consumers::installed;

/// One that has the page open. Dropping it closes it.
pub struct Browser {
    _child: Child,
    words: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Browser {
    /// Opens a page.
    ///
    /// # Panics
    /// If there is no browser.
    #[must_use]
    pub fn open(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/browser.mjs");
        // A module of Node looks for others beside itself, and the checkout is left as it is.
        fs::copy(script, folder.path().join("browser.mjs")).expect("copied");
        symlink(installed("BATON_TEST_BROWSER"), folder.path().join("node_modules"))
            .expect("linked");
        let kept = ["PATH", "BATON_TEST_PICTURES"];
        let kept = kept.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
        let mut child = Command::new("node")
            .arg(folder.path().join("browser.mjs"))
            .arg(url)
            .env_clear()
            .envs(kept)
            .env("HOME", folder.path())
            .env("BATON_TEST_CHROMIUM", installed("BATON_TEST_CHROMIUM"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let words = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { _child: child, words, answers, _folder: folder }
    }

    /// Asks it for something, and waits for what it has seen.
    ///
    /// # Panics
    /// If it does not see it.
    pub async fn sees(&mut self, what: &str) -> Value {
        self.words.write_all(format!("{what}\n").as_bytes()).await.expect("it listens");
        let answer = self.answers.next_line().await.expect("it talks").expect("it is there");
        let mut answer: Value = serde_json::from_str(&answer).expect("it is JSON");
        assert!(answer.get("failed").is_none(), "{answer}");
        answer["seen"].take()
    }
}
