//! What `jobcheck -reduce` takes from a job file, so that Nomad 1.6 runs its tasks as processes:
//! what it is documented to take, and nothing besides.

use serde_json::{Map, Value, json};

use crate::job::{job, reduced};

/// Whose programs are there without an image.
const REDUCED: [&str; 4] = ["gateway", "valkey", "archiver", "consumer"];

/// Takes a name out of each block of a kind in a block.
fn without(within: &mut Value, kind: &str, name: &str) {
    for block in blocks(within, kind) {
        block.remove(name);
    }
}

fn blocks<'a>(
    within: &'a mut Value,
    kind: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let list = within.get_mut(kind).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// What is expected of a reduced job: the whole one less what 1.6 and processes do not have.
fn by_hand(mut job: Value) -> Value {
    let group = &mut job["group"][0];
    for gone in ["disconnect", "volume"] {
        group.as_object_mut().expect("a group").remove(gone);
    }
    for task in group["task"].as_array_mut().expect("tasks") {
        without(task, "template", "once");
        let had = task.as_object_mut().expect("a task").remove("volume_mount");
        let config = task["config"][0].clone();
        let entrypoint = config.get("entrypoint").map(|words| words[0].clone());
        let command = entrypoint.unwrap_or_else(|| config["image"].clone());
        let mut process = json!({ "command": command });
        if let Some(arguments) = config.get("args") {
            process["args"] = arguments.clone();
        }
        task["config"] = json!([process]);
        task["driver"] = json!("raw_exec");
        for mount in had.iter().filter_map(Value::as_array).flatten() {
            for variables in blocks(task, "env") {
                for (_, value) in variables.iter_mut().filter(|(_, v)| **v == mount["destination"])
                {
                    *value = json!("${meta.data}");
                }
            }
        }
    }
    job
}

#[test]
fn a_reduced_job_is_the_job_less_what_nomad_1_6_and_processes_do_not_have() {
    for name in REDUCED {
        let (reduced, told) = reduced(name);
        assert_eq!(reduced, by_hand(job(name, &[])), "{name}");
        assert!(told.lines().all(|line| line.starts_with("reduced: ")), "{told}");
        let text = reduced.to_string();
        assert!(!text.contains("\"docker\"") && !text.contains("\"once\""), "{name}: {text}");
    }
}

/// What was taken is told, so that a reader of a run knows what did not run.
#[test]
fn what_is_taken_is_told() {
    let (_, told) = reduced("valkey");
    for words in
        ["disconnect: gone", "volume data: gone", "once: gone", "driver: raw_exec stands for"]
    {
        assert!(told.contains(words), "no \"{words}\" in:\n{told}");
    }
}
