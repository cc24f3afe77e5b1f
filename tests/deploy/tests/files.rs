//! What the files for deploying say, held to the limits and to each other.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use baton_model::{
    length,
    limits::{DRAIN_LIMIT, DRAIN_MARGIN, KILL_TIMEOUT},
};

fn text(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What holds without a variable, everywhere where it is used.
fn without(variable: &str) -> BTreeSet<String> {
    let (text, start) = (text("docker-compose.yml"), format!("${{{variable}:-"));
    let ends = text.split(&start).skip(1);
    let found: BTreeSet<_> =
        ends.map(|rest| rest.split('}').next().expect("an end").to_owned()).collect();
    assert!(!found.is_empty(), "{variable} is not used");
    found
}

fn time(variable: &str) -> Duration {
    let found = without(variable);
    assert_eq!(found.len(), 1, "{variable} is told differently: {found:?}");
    let text = found.first().expect("one");
    length::read(text).unwrap_or_else(|| panic!("{text} is no time"))
}

#[test]
fn compose_waits_for_longer_than_a_drain_takes() {
    assert_eq!(time("STOP_GRACE"), KILL_TIMEOUT);
    assert_eq!(time("DRAIN_LIMIT"), DRAIN_LIMIT);
    assert!(time("STOP_GRACE") > time("DRAIN_LIMIT") + DRAIN_MARGIN);
    let compose = text("docker-compose.yml");
    assert!(compose.contains("stop_grace_period: ${STOP_GRACE:-75s}\n    stop_signal: SIGTERM"));
    assert!(compose.contains("BATON_DRAIN__KILL_TIMEOUT: ${STOP_GRACE:-75s}\n"));
}

#[test]
fn a_failover_is_no_silent_loss_and_nothing_is_evicted() {
    let settings = text("valkey/valkey.conf");
    let said: BTreeSet<_> = settings.lines().collect();
    for line in ["maxmemory-policy noeviction", "appendonly yes", "appendfsync everysec"] {
        assert!(said.contains(line), "{line}");
    }
    assert!(text("compose/ha.env").lines().any(|line| line == "VALKEY_MIN_REPLICAS=1"));
}

#[test]
fn every_password_that_a_container_is_given_is_drawn() {
    let compose = text("docker-compose.yml");
    let given: BTreeSet<_> = compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("valkey-")?.split_once(": {file:"))
        .map(|(user, _)| user.to_owned())
        .collect();
    let drawn = text("compose/secrets");
    let drawn = drawn.lines().find_map(|line| line.strip_prefix("for user in ")).expect("a list");
    let drawn: BTreeSet<_> = drawn.trim_end_matches("; do").split(' ').map(str::to_owned).collect();
    assert_eq!(given, drawn);
}

#[test]
fn every_image_runs_as_nobody_checks_itself_and_is_ended_as_it_expects() {
    let dockerfile = text("Dockerfile");
    let images: Vec<_> = dockerfile.split("\nFROM scratch AS ").skip(1).collect();
    assert_eq!(images.len(), 5);
    for image in images {
        let name = image.lines().next().expect("a name");
        assert!(image.contains("\nUSER 65532:65532\n"), "{name}");
        assert!(image.contains("org.opencontainers.image.licenses="), "{name}");
        let is_service = name != "baton";
        assert_eq!(image.contains("\nSTOPSIGNAL SIGTERM\n"), is_service, "{name}");
        assert_eq!(image.contains("\"healthcheck\"]"), is_service, "{name}");
    }
    assert_eq!(dockerfile.matches("cargo build").count(), 0, "scripts/image-root builds");
    assert!(text("scripts/image-root").contains("cargo build --locked "));
}

/// One that is built without a way to send traces sends none, and says so in its log only.
#[test]
fn the_gateways_image_has_all_that_the_program_has_without_asking() {
    let manifest = text("services/gateway/Cargo.toml");
    let default = manifest.lines().find_map(|line| line.strip_prefix("default = ["));
    let default = default.expect("a list").trim_end_matches(']').replace('"', "");
    let dockerfile = text("Dockerfile");
    let built = dockerfile.lines().find_map(|line| {
        line.trim().strip_prefix("--package baton-gateway --no-default-features --features ")
    });
    let built: Vec<_> = built.expect("its features").trim_matches('"').split(' ').collect();
    assert!(built.contains(&"${COMPRESSION}"), "{built:?}");
    let mut wanted = default.split(", ").filter(|feature| *feature != "zlib").peekable();
    assert!(wanted.peek().is_some(), "{default}");
    assert!(wanted.all(|feature| built.contains(&feature)), "{default}: {built:?}");
}

#[test]
fn what_scenes_follow_is_on_the_page() {
    let page = text("docs/runbook/compose.md");
    let scenes = text("tests/deploy/compose/life.sh");
    let mut followed: Vec<_> = scenes
        .lines()
        .filter_map(|line| line.trim().strip_prefix("follow \"$RUNBOOK\" \"")?.strip_suffix('"'))
        .collect();
    let mut there: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    followed.sort_unstable();
    there.sort_unstable();
    assert_eq!(followed, there);
}
