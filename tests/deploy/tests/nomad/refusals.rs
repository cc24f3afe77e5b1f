//! What a job file refuses, with the place and the reason, before anything is asked of Nomad.

use std::fs;

use crate::job::{checked_file, refusal, text};

fn refused(job: &str, value: &str, words: &str) {
    let said = refusal(job, &[value]);
    assert!(said.contains(&format!("nomad/{job}.nomad.hcl:")), "no place: {said}");
    assert!(said.contains(words), "{value}: {said}");
}

#[test]
fn a_count_of_none_is_refused() {
    refused("gateway", "count=0", "To stop the fleet, stop the job.");
    refused("gateway", "count=1", "nobody to hand shards to");
    refused("archiver", "count=0", "stop the job");
    refused("consumer", "count=0", "stop the job");
}

#[test]
fn an_image_that_may_be_any_is_refused() {
    for job in ["gateway", "valkey", "archiver", "consumer"] {
        refused(job, "image=baton:latest", "not with :latest");
        refused(job, "image=", "not with :latest");
    }
}

#[test]
fn a_login_in_a_store_url_is_refused_and_not_repeated() {
    for job in ["gateway", "archiver", "consumer"] {
        let said = refusal(job, &["store_url=valkey://gateway:hidden@127.0.0.1:6379"]);
        assert!(said.contains("a job file is no place for a password"), "{said}");
        assert!(!said.contains("hidden"), "{said}");
    }
}

#[test]
fn a_login_in_a_collectors_url_is_refused_and_not_repeated() {
    for (job, name) in
        [("gateway", "otlp_url"), ("gateway", "otlp_logs_url"), ("archiver", "otlp_logs_url")]
    {
        let said = refusal(job, &[&format!("{name}=http://me:hidden@127.0.0.1:4318")]);
        assert!(said.contains(&format!("The {name} must be")), "{said}");
        assert!(!said.contains("hidden"), "{said}");
    }
}

#[test]
fn a_kill_timeout_below_what_a_drain_needs_is_refused() {
    refused("gateway", "kill_timeout_seconds=30", "may be killed while it drains");
    refused("gateway", "kill_timeout_seconds=301", "at most 300");
}

#[test]
fn words_that_are_none_of_the_known_are_refused() {
    refused("gateway", "service_provider=etcd", "nomad or consul");
    refused("gateway", "secrets_from=file", "nomad or from vault");
    refused("gateway", "network_mode=none", "host or bridge");
    refused("gateway", "log_level=inof", "error, warn, info, debug and trace");
    refused("gateway", "datacenters=[]", "Name one at least");
    refused("gateway", "intents=[]", "the bot would hear of nothing");
    refused("gateway", "app=", "needs a name");
    refused("valkey", "first_primary=", "all three servers would begin as primaries");
    refused("archiver", "bucket=", "bucket is missing");
}

#[test]
fn a_variable_that_is_not_there_is_refused() {
    let said = refusal("gateway", &["conut=3"]);
    assert!(said.contains("conut is not declared"), "{said}");
}

/// The judge is judged: what Nomad does not know must not pass.
#[test]
fn what_nomad_does_not_know_is_refused_with_its_line() {
    let file = text("nomad/gateway.nomad.hcl");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.nomad.hcl");
    let values =
        ["image=a:1", "app=a", "intents=[\"guilds\"]", "store_url=valkey://127.0.0.1:6379"];
    for (right, wrong, words) in [
        ("kill_timeout =", "kill_timeuot =", "Nomad knows no kill_timeuot in task"),
        ("    spread {", "    sprade {", "Nomad knows no sprade in group"),
        ("min_healthy_time = \"60s\"", "min_healthy_time = \"soon\"", "min_healthy_time"),
        ("{{ with nomadVar", "{{ whit nomadVar", "invalid template"),
    ] {
        assert!(file.contains(right), "{right}");
        fs::write(&path, file.replace(right, wrong)).expect("written");
        let output = checked_file(&path, &values);
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success(), "{wrong} passes");
        assert!(said.contains(words), "{wrong}: {said}");
    }
}
