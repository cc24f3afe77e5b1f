//! A job file, evaluated by `jobcheck`, which knows the types of Nomad's API.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;

/// The job files, with values for what each cannot be without.
pub(crate) const JOBS: [(&str, &[&str]); 5] = [
    ("gateway", &["image=gateway:1", "app=app", "intents=[\"guilds\"]", STORE]),
    ("valkey", &["image=valkey:1", "first_primary=127.0.0.1"]),
    ("archiver", &["image=archiver:1", "app=app", "bucket=events", STORE]),
    ("consumer", &["image=consumer:1", "app=app", STORE]),
    (
        "observability",
        &["prometheus_image=p:1", "grafana_image=g:1", "nomad_address=https://192.0.2.11:4646"],
    ),
];

const STORE: &str = "store_url=valkey-sentinel://127.0.0.1:26379/baton";

/// The folder of the whole tree.
pub(crate) fn tree() -> PathBuf {
    let member = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    member.ancestors().nth(2).expect("tests/deploy lies in the tree").to_owned()
}

/// A file of the tree.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(tree().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One of [`JOBS`], with more values; later ones win.
pub(crate) fn job(name: &str, more: &[&str]) -> Value {
    let output = checked(name, more);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name} is refused:\n{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// With which words one of [`JOBS`] is refused if it is given these values.
pub(crate) fn refusal(name: &str, more: &[&str]) -> String {
    let output = checked(name, more);
    assert!(!output.status.success(), "{name} takes {more:?}");
    String::from_utf8(output.stderr).expect("text")
}

fn checked(name: &str, more: &[&str]) -> Output {
    let (_, needed) = JOBS.iter().find(|(known, _)| *known == name).expect("a job");
    checked_file(&tree().join(format!("nomad/{name}.nomad.hcl")), &[needed, more].concat())
}

/// What is said of a job file with these values.
pub(crate) fn checked_file(file: &Path, values: &[&str]) -> Output {
    let mut command = jobcheck();
    for value in values {
        command.args(["-var", value]);
    }
    command.arg(file).output().expect("jobcheck runs")
}

/// What is said of a job with the values of a file of the tree and no others.
pub(crate) fn with_file(name: &str, values: &str) -> Output {
    let file = tree().join(format!("nomad/{name}.nomad.hcl"));
    jobcheck().arg("-var-file").arg(tree().join(values)).arg(file).output().expect("it runs")
}

/// One of [`JOBS`], rewritten for Nomad 1.6 without containers, and then as [`job`]; and what was
/// told of the rewriting.
pub(crate) fn reduced(name: &str) -> (Value, String) {
    let file = tree().join(format!("nomad/{name}.nomad.hcl"));
    let output = jobcheck().arg("-reduce").arg(file).output().expect("jobcheck runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name} is not reduced:\n{told}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("reduced.nomad.hcl");
    fs::write(&file, output.stdout).expect("written");
    let (_, needed) = JOBS.iter().find(|(known, _)| *known == name).expect("a job");
    let output = checked_file(&file, needed);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name} is refused when reduced:\n{said}");
    (serde_json::from_slice(&output.stdout).expect("JSON"), told)
}

fn jobcheck() -> Command {
    let program = env::var_os("BATON_TEST_JOBCHECK")
        .expect("BATON_TEST_JOBCHECK is not set; eval \"$(scripts/deploy/parts-nomad)\"");
    Command::new(program)
}

/// The only group of a job.
pub(crate) fn group(job: &Value) -> &Value {
    let groups = job["group"].as_array().expect("groups");
    assert_eq!(groups.len(), 1);
    &groups[0]
}

/// The tasks of a job.
pub(crate) fn tasks(job: &Value) -> &[Value] {
    group(job)["task"].as_array().expect("tasks")
}

/// The blocks of a kind in a block.
pub(crate) fn blocks<'a>(within: &'a Value, kind: &str) -> &'a [Value] {
    within[kind].as_array().map_or(&[], Vec::as_slice)
}

/// A length of time as it stands in a job file: a whole number and one unit.
pub(crate) fn time(value: &Value) -> Duration {
    let written = value.as_str().unwrap_or_else(|| panic!("{value} is no length of time"));
    let (number, unit) = written.split_at(written.len() - 1);
    let number: u64 = number.parse().expect("a whole number");
    match unit {
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(60 * number),
        "h" => Duration::from_secs(3_600 * number),
        _ => panic!("{written} has another unit than s, m and h"),
    }
}
