//! A task of a job as a process, started with what Nomad would start it with: its environment, its
//! arguments, its rendered templates. It runs on this machine, without a container.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::job::{blocks, tasks};

/// Where a task runs: what a node would know, and the secrets that a Nomad would keep.
pub(crate) struct Place<'a> {
    /// Its folder; made if it is not there.
    pub(crate) folder: &'a Path,
    /// What stands for `${name}` in the job.
    pub(crate) node: &'a [(&'a str, &'a str)],
    /// The Nomad variable of the job.
    pub(crate) secrets: &'a [(&'a str, &'a str)],
    /// Variables that are set over the job's.
    pub(crate) over: &'a [(&'a str, &'a str)],
}

/// Lays out what a task finds, and returns a program that runs it: this program, with the task's
/// arguments and no other, and with the task's variables and `PATH` alone.
pub(crate) fn allocate(job: &Value, task: &str, program: &Path, place: &Place<'_>) -> PathBuf {
    let task = tasks(job).iter().find(|known| known["label"] == task).expect("a task");
    for folder in ["local", "secrets"] {
        fs::create_dir_all(place.folder.join(folder)).expect("a folder");
    }
    for template in blocks(task, "template") {
        let file = place.folder.join(template["destination"].as_str().expect("a place"));
        let data = template["data"].as_str().expect("a text");
        fs::write(&file, place.rendered(data)).expect("written");
    }
    let mut script = String::from("#!/bin/sh\nexec env -i PATH=\"$PATH\"");
    for (name, value) in place.environment(task) {
        write!(script, " {name}={}", quoted(&value)).expect("a text takes it");
    }
    write!(script, " {}", quoted(program.to_str().expect("text"))).expect("a text takes it");
    for argument in blocks(task, "config")[0]["args"].as_array().expect("arguments") {
        let argument = place.interpolated(argument.as_str().expect("a text"));
        write!(script, " {}", quoted(&argument)).expect("a text takes it");
    }
    let file = place.folder.join("run");
    fs::write(&file, script + "\n").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).expect("it may run");
    file
}

impl Place<'_> {
    fn environment(&self, task: &Value) -> Vec<(String, String)> {
        let from_job = blocks(task, "env")[0].as_object().expect("variables");
        let mut all: Vec<_> = self.known().into_iter().collect();
        for (name, value) in from_job {
            all.push((name.clone(), self.interpolated(value.as_str().expect("a text"))));
        }
        all.extend(self.over.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        all
    }

    /// Nomad's own variables.
    fn known(&self) -> [(String, String); 2] {
        let folder = |name| self.folder.join(name).to_str().expect("text").to_owned();
        [
            ("NOMAD_TASK_DIR".to_owned(), folder("local")),
            ("NOMAD_SECRETS_DIR".to_owned(), folder("secrets")),
        ]
    }

    fn interpolated(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in self.known() {
            text = text.replace(&format!("${{{name}}}"), &value);
        }
        for (name, value) in self.node {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        assert!(!text.contains("${"), "a node would have to know more for {text}");
        text
    }

    /// As much of Nomad's language of templates as the jobs use.
    fn rendered(&self, data: &str) -> String {
        let mut text = String::new();
        let mut rest = data;
        while let Some((before, after)) = rest.split_once("{{") {
            let (action, mut after) = after.split_once("}}").expect("an action ends");
            text.push_str(before);
            let action = action.trim();
            if let Some(action) = action.strip_suffix('-') {
                after = after.trim_start();
                text.push_str(&self.action(action.trim()));
            } else {
                text.push_str(&self.action(action));
            }
            rest = after;
        }
        text + rest
    }

    fn action(&self, action: &str) -> String {
        if let Some(key) = action.strip_prefix('.') {
            let secret = self.secrets.iter().find(|(known, _)| *known == key);
            return secret.unwrap_or_else(|| panic!("no secret {key}")).1.to_owned();
        }
        if let Some(name) = action.strip_prefix("env ") {
            let name = name.trim_matches('"');
            let known = self.known().into_iter().find(|(known, _)| known == name);
            return known.unwrap_or_else(|| panic!("no variable {name}")).1;
        }
        assert!(action == "end" || action.starts_with("with nomadVar "), "unknown: {action}");
        String::new()
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
