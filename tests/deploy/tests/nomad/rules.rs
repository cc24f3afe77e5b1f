//! What must hold for every job.

use serde_json::Value;

use crate::job::{JOBS, blocks, group, job, tasks, text};

fn everywhere(judge: impl Fn(&str, &Value)) {
    for (name, _) in JOBS {
        judge(name, &job(name, &[]));
    }
}

/// A template that is looked at again has Nomad end a running instance when its servers stay away.
#[test]
fn no_template_can_end_a_running_instance() {
    everywhere(|name, job| {
        for task in tasks(job) {
            for template in blocks(task, "template") {
                let place = &template["destination"];
                assert_eq!(template["once"], true, "{name}: {place}");
                assert_eq!(template["change_mode"], "noop", "{name}: {place}");
            }
            for vault in blocks(task, "vault") {
                assert_eq!(vault["change_mode"], "noop", "{name}");
            }
        }
    });
    let vault = job("gateway", &["secrets_from=vault"]);
    let block = &blocks(&tasks(&vault)[0], "vault")[0];
    assert_eq!(block["change_mode"], "noop");
    assert_eq!(block["allow_token_expiration"], true);
}

#[test]
fn servers_that_are_away_end_nothing() {
    everywhere(|name, job| {
        let disconnect = &group(job)["disconnect"][0];
        assert!(disconnect["stop_on_client_after"].is_null(), "{name}");
        assert!(disconnect["lost_after"].is_string(), "{name}");
    });
}

#[test]
fn only_a_process_that_hangs_is_restarted() {
    everywhere(|name, job| {
        for service in blocks(group(job), "service") {
            for check in blocks(service, "check") {
                if !blocks(check, "check_restart").is_empty() {
                    assert_eq!(check["path"], "/livez", "{name}");
                }
            }
        }
    });
}

/// A canary would find no node; and where there is none, its volume is in use.
#[test]
fn a_canary_finds_a_place() {
    everywhere(|name, job| {
        let hard = blocks(group(job), "constraint")
            .iter()
            .any(|constraint| constraint["operator"] == "distinct_hosts");
        let canaries = &job["update"][0]["canary"];
        assert!(!hard || canaries == 0, "{name}: {canaries} canaries and distinct_hosts");
        let fixed =
            blocks(&group(job)["network"][0], "port").iter().any(|port| !port["static"].is_null());
        assert!(!fixed || canaries == 0, "{name}: {canaries} canaries and a fixed port");
    });
}

#[test]
fn who_keeps_the_services_is_a_variable() {
    for (name, _) in JOBS {
        for provider in ["nomad", "consul"] {
            let job = job(name, &[&format!("service_provider={provider}")]);
            for service in blocks(group(&job), "service") {
                assert_eq!(service["provider"], provider, "{name}");
            }
        }
    }
}

/// Whoever may look at a job sees its environment and its arguments.
#[test]
fn secrets_are_files_of_the_secrets_folder() {
    everywhere(|name, job| {
        for task in tasks(job) {
            for template in blocks(task, "template") {
                let asks = template["data"].as_str().is_some_and(|data| data.contains("nomadVar"));
                let place = template["destination"].as_str().expect("a place");
                assert!(!asks || place.starts_with("secrets/"), "{name}: {place}");
                assert!(!asks || template["error_on_missing_key"] == true, "{name}: {place}");
            }
        }
    });
}

/// The documentation says which rights a user needs; tests of the store hold it to that.
#[test]
fn users_at_valkey_have_the_rights_that_are_documented() {
    let job = job("valkey", &[]);
    let users = blocks(&tasks(&job)[0], "template")
        .iter()
        .find(|template| template["destination"] == "secrets/users.acl")
        .expect("users");
    let users = users["data"].as_str().expect("a text");
    for (document, user) in [("docs/valkey.md", "gateway"), ("docs/consumers.md", "consumer")] {
        let document = text(document);
        let begins = format!("user {user} on >password ");
        let line = document.lines().find(|line| line.starts_with(&begins)).expect("documented");
        let rights = line.strip_prefix(&begins).expect("it begins so");
        let granted = format!("user {user} on >{{{{ .{user}_password }}}} {rights}\n");
        assert!(users.contains(&granted), "{user} has other rights than {rights}");
    }
    assert!(
        users.contains("user default off resetpass ~* &* +@all\n"),
        "whoever comes may do something"
    );
}

#[test]
fn paths_that_are_checked_are_paths_that_are_served() {
    let served = text("docs/operations.md");
    everywhere(|name, job| {
        // Those are others' programs.
        if name == "observability" {
            return;
        }
        for service in blocks(group(job), "service") {
            for check in blocks(service, "check").iter().filter(|check| check["type"] == "http") {
                let path = check["path"].as_str().expect("a path");
                assert!(served.contains(&format!("| `{path}` |")), "{name}: {path}");
            }
        }
    });
}

/// Every variable of a job has to be settable from Terraform, and every value that it sets known.
#[test]
fn every_example_is_taken() {
    for (name, _) in JOBS {
        let example = format!("nomad/example.{name}.vars.hcl");
        let values = text(&example);
        assert!(values.contains("image"), "{example}");
        let output = crate::job::with_file(name, &example);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{example}:\n{said}");
    }
}
