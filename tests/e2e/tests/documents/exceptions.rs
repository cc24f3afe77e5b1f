//! What is not run, and why: whatever else a document has its readers type is run. An entry that
//! is not needed fails.

use crate::page::Page;

/// Commands that cannot be run where tests run.
const NOT_RUN: &[Exception] = &[
    exception("README.md", "scripts/test", THIS_VERY_TEST),
    exception("README.md", "npm ci --prefix examples/node", FETCHES),
    exception("README.md", "pip install -r examples/python/requirements.txt", FETCHES),
    exception("CONTRIBUTING.md", "scripts/test", THIS_VERY_TEST),
    exception("CONTRIBUTING.md", "scripts/test --quick", THIS_VERY_TEST),
    exception("docs/reliability.md", "cargo test -p baton-sim", THIS_VERY_TEST),
    exception("docs/reliability.md", "cargo run -p baton-sim -- --seeds 0..10000", MINUTES),
    exception("docs/benchmarks.md", "cargo bench …", MINUTES),
    exception("docs/benchmarks.md", "eval \"$(scripts/servers)\" && cargo bench …", MINUTES),
    exception("docs/archive.md", "zstdcat …", NOT_BROUGHT),
    exception("docs/cli.md", "baton drain up-1", OF_ONE_PROCESS),
    exception("docs/cli.md", "baton --data /var/lib/mybot stream lag", OF_ONE_PROCESS),
    exception("docs/cli.md", "baton --store valkey://valkey.internal migrate-store …", MOVES),
    exception("README.md", "compose/secrets", NEEDS_AN_ENGINE),
    exception("README.md", "docker compose …", NEEDS_AN_ENGINE),
    exception("docs/deploy.md", "…", NEEDS_AN_ENGINE),
    exception("docs/runbook/compose.md", "…", NEEDS_AN_ENGINE),
    exception("docs/deploy-nomad.md", "…", NEEDS_NOMAD),
    exception("docs/runbook/add-a-node.md", "…", NEEDS_NOMAD),
    exception("docs/runbook/deploy.md", "…", NEEDS_NOMAD),
    exception("docs/runbook/lose-a-node.md", "…", NEEDS_NOMAD),
    exception("docs/runbook/reshard.md", "…", NEEDS_NOMAD),
    exception("docs/runbook/rotate-a-token.md", "…", NEEDS_NOMAD),
    exception("docs/runbook/upgrade.md", "…", NEEDS_NOMAD),
    exception("docs/observability.md", "docker compose …", NEEDS_AN_ENGINE),
    exception("docs/runbook/append-stalled.md", "valkey-cli --latency", WITHOUT_END),
    exception("docs/runbook/event-latency-high.md", "valkey-cli --latency", WITHOUT_END),
    exception("docs/runbook/unread-trimmed.md", "baton stream tail …", WITHOUT_END),
    exception("docs/runbook/clock-skew.md", "chronyc tracking", OF_THE_HOST),
    exception("docs/runbook/dead-letters.md", "baton dead show GROUP ID", OF_AN_ALERT),
    exception("docs/runbook/fleet-silent.md", "curl …", OF_AN_ALERT),
    exception("docs/runbook/watchdog.md", "curl …", OF_AN_ALERT),
];

/// Commands that end with another code than 0 here, and why that is right.
const ENDS_WITH: &[(Exception, i32)] = &[
    (exception("docs/cli.md", "baton drain --version 0.1.0 --dry-run", NONE_OF_THAT_VERSION), 7),
    (exception("docs/cli.md", "baton check handlers --group workers", NONE_OF_THAT_GROUP), 5),
];

const NONE_OF_THAT_VERSION: &str = "nobody runs another version";
const NONE_OF_THAT_GROUP: &str = "no consumer runs there; tests/e2e/tests/handlers.rs has one";

/// Pages whose commands another test runs, and that test.
const RUN_ELSEWHERE: &[(&str, &str)] =
    &[("docs/mock-discord.md", "services/mock-discord/tests/program/page.rs")];

const THIS_VERY_TEST: &str = "it would run this very test";
const FETCHES: &str = "scripts/clients fetches the same by the same file, once";
const MINUTES: &str = "it takes minutes; a benchmark also builds everything anew";
const NOT_BROUGHT: &str = "zstd and jq are on the reader's machine, and nothing that tests bring; \
    what lies where, and what a line holds, are tests of the archiver";
const NEEDS_AN_ENGINE: &str =
    "containers need an engine and images: scripts/deploy-test compose runs it";
const OF_ONE_PROCESS: &str = "the page has a fleet here, not one process; services/baton/tests/up \
    drains such a process and asks it over its folder";
const MOVES: &str = "there is no baton up here that could move; \
    tests/e2e/tests/operating/from_up.rs moves one";
const NEEDS_NOMAD: &str = "there is no Nomad here; tests/deploy/tests/nomad runs what these pages \
    have typed at baton, and holds the job files to what Nomad takes";
const OF_AN_ALERT: &str = "it names what is wrong then, and nothing is wrong here; \
    observability/check holds each command to baton's help";
const WITHOUT_END: &str = "it goes on until somebody ends it";
const OF_THE_HOST: &str = "it asks the host's own clock service, which is not ours to bring";

/// A command that is not run.
pub(crate) struct Exception {
    pub(crate) page: &'static str,
    /// The command; what ends in an ellipsis is how it begins.
    pub(crate) command: &'static str,
    /// Why it is not run.
    pub(crate) because: &'static str,
}

const fn exception(page: &'static str, command: &'static str, because: &'static str) -> Exception {
    Exception { page, command, because }
}

/// Why a command of a page is not run.
pub(crate) fn of(page: &str, command: &str) -> Option<&'static Exception> {
    NOT_RUN.iter().find(|it| it.page == page && is_meant(it, command))
}

fn is_meant(exception: &Exception, command: &str) -> bool {
    match exception.command.strip_suffix('…') {
        Some(beginning) => command.starts_with(beginning),
        None => command == exception.command,
    }
}

/// With which code a command of a page has to end.
pub(crate) fn code_of(page: &str, command: &str) -> i32 {
    let meant = ENDS_WITH.iter().find(|(it, _)| it.page == page && is_meant(it, command));
    meant.map_or(0, |(_, code)| *code)
}

/// Which test runs the commands of a page, if this one does not.
pub(crate) fn elsewhere(page: &str) -> Option<&'static str> {
    RUN_ELSEWHERE.iter().find(|(name, _)| *name == page).map(|(_, test)| *test)
}

/// Whatever in these tables is of no use.
pub(crate) fn unneeded(pages: &[Page]) -> Vec<String> {
    let of = |name: &str| pages.iter().find(|page| page.name == name);
    let has = |exception: &Exception| {
        of(exception.page).is_some_and(|it| it.commands().any(|line| is_meant(exception, &line)))
    };
    let all = NOT_RUN.iter().chain(ENDS_WITH.iter().map(|(exception, _)| exception));
    let commands = all.filter(|exception| !has(exception));
    let commands = commands.map(|it| format!("{}: {} ({})", it.page, it.command, it.because));
    let runs = |page: &str, test: &str| {
        let text = std::fs::read_to_string(crate::page::in_repository(test)).unwrap_or_default();
        let has_commands = of(page).is_some_and(|page| page.commands().next().is_some());
        has_commands && text.contains(page) && text.contains("every_command_")
    };
    let elsewhere = RUN_ELSEWHERE.iter().filter(|(page, test)| !runs(page, test));
    let elsewhere = elsewhere.map(|(page, test)| format!("{page}: {test} does not run it"));
    commands.chain(elsewhere).collect()
}
