//! Numbers in the job files that belong to numbers of Baton's.

use std::time::Duration;

use baton_model::limits::{
    BEAT_PERIOD, DRAIN_LIMIT, DRAIN_MARGIN, JOIN_DEBOUNCE, KILL_TIMEOUT, LEASE_CONFIRMED,
    MOVE_COOL_DOWN,
};
use serde_json::Value;

use crate::job::{blocks, group, job, refusal, tasks, text, time};

fn gateway() -> (Value, Value, Value) {
    let job = job("gateway", &[]);
    let (group, task) = (group(&job).clone(), tasks(&job)[0].clone());
    (job, group, task)
}

#[test]
fn nomad_waits_as_long_as_a_gateway_may_take_to_end() {
    let (_, _, task) = gateway();
    assert_eq!(time(&task["kill_timeout"]), KILL_TIMEOUT);
    assert_eq!(task["kill_signal"], "SIGTERM");
    let config = blocks(&task, "template")[0]["data"].as_str().expect("a text").to_owned();
    assert!(config.contains(&format!("limit = \"{}s\"", DRAIN_LIMIT.as_secs())), "{config}");
}

#[test]
fn what_may_be_asked_for_is_what_the_gateway_takes() {
    let below = KILL_TIMEOUT.as_secs() - 1;
    let said = refusal("gateway", &[&format!("kill_timeout_seconds={below}")]);
    assert!(said.contains(&format!("at least {} seconds", KILL_TIMEOUT.as_secs())), "{said}");
    let parts = format!(
        "({} s and {} s to release the rest)",
        DRAIN_LIMIT.as_secs(),
        DRAIN_MARGIN.as_secs()
    );
    assert!(said.contains(&parts), "{said}");
    job("gateway", &[&format!("kill_timeout_seconds={}", KILL_TIMEOUT.as_secs())]);
    refusal("gateway", &[&format!("drain_limit_seconds={}", DRAIN_LIMIT.as_secs() + 1)]);
    job("gateway", &[&format!("drain_limit_seconds={}", DRAIN_LIMIT.as_secs())]);
}

/// Clients shorten a job's kill timeout to their own without a word.
#[test]
fn the_clients_that_terraform_makes_allow_it() {
    let file = text("terraform/modules/hetzner-cluster/rendering/variables.tf");
    let needed = KILL_TIMEOUT.as_secs();
    assert!(file.contains(&format!("var.max_kill_timeout_seconds >= {needed}")));
    let file = text("terraform/modules/baton/rendering/variables.tf");
    assert!(file.contains(&format!("var.kill_timeout_seconds >= {needed}")));
}

#[test]
fn an_instance_is_healthy_only_after_it_counts_as_a_target() {
    let (job, group, _) = gateway();
    for block in [&job["update"][0], &group["migrate"][0]] {
        assert!(time(&block["min_healthy_time"]) > 2 * JOIN_DEBOUNCE);
        let healthy = time(&block["min_healthy_time"]);
        assert!(healthy >= MOVE_COOL_DOWN, "the next drain would wait for what has just moved");
        assert_eq!(block["max_parallel"], 1);
    }
    assert_eq!(job["update"][0]["canary"], 1, "one canary an instance would end all at once");
}

/// A replacement starts only after the one before is dead.
#[test]
fn a_deploy_outlasts_one_whole_stop_and_start() {
    let (job, group, task) = gateway();
    let update = &job["update"][0];
    let stop = time(&group["shutdown_delay"]) + time(&task["kill_timeout"]);
    let start = time(&update["healthy_deadline"]);
    assert!(time(&update["progress_deadline"]) > stop + start);
    assert!(start > time(&update["min_healthy_time"]));
}

#[test]
fn a_slow_start_is_no_reason_to_restart() {
    let (_, group, _) = gateway();
    let checks = blocks(&group["service"][0], "check");
    let live = checks.iter().find(|check| check["name"] == "live").expect("a check");
    let restart = &live["check_restart"][0];
    assert!(time(&restart["grace"]) >= Duration::from_secs(60));
    assert!(restart["limit"].as_u64().is_some_and(|limit| limit >= 3), "one slow answer ends it");
}

/// While a primary is replaced, beats are not acknowledged; nobody may be taken for dead over it.
#[test]
fn sentinel_finds_a_dead_primary_before_leases_are_in_doubt() {
    let job = job("valkey", &[]);
    let sentinel = tasks(&job).iter().find(|task| task["label"] == "sentinel").expect("a task");
    let start = blocks(sentinel, "template")[0]["data"].as_str().expect("a text").to_owned();
    let (_, after) = start.split_once("down-after-milliseconds baton ").expect("it is said");
    let down: u64 = after.split_whitespace().next().expect("a number").parse().expect("a number");
    let down = Duration::from_millis(down);
    assert!(down > BEAT_PERIOD && down < LEASE_CONFIRMED, "{down:?}");
}
