//! The commands in the runbooks, typed by an operator of a fleet that runs.

use baton_e2e::{operator::Operator, processes::Fleet};

use crate::job::text;

const RUNBOOKS: [&str; 6] =
    ["deploy", "upgrade", "add-a-node", "lose-a-node", "rotate-a-token", "reshard"];

/// How each of them begins.
const FLEET: &str = "baton --store STORE --fleet FLEET ";

/// The command of a runbook that begins like this.
pub(crate) fn command(runbook: &str, begins: &str) -> String {
    let text = text(&format!("docs/runbook/{runbook}.md"));
    let line = text.lines().find(|line| line.starts_with(begins));
    line.unwrap_or_else(|| panic!("{runbook} has no {begins}")).to_owned()
}

/// Types each `baton` of the runbooks for Nomad. It must do what it says: a check may say no (3),
/// but nothing else may go wrong.
pub(crate) async fn commands_work(fleet: &Fleet) {
    let operator = Operator::of(fleet);
    let mut typed = 0;
    for runbook in RUNBOOKS {
        let text = text(&format!("docs/runbook/{runbook}.md"));
        for line in text.lines().filter_map(|line| line.strip_prefix(FLEET)) {
            let said = operator.types(line).await;
            let may_say_no = line.starts_with("doctor") || line.starts_with("status");
            let is_fine = said.code == 0 || (may_say_no && said.code == 3);
            assert!(is_fine, "{runbook}: baton {line}: {said:?}");
            typed += 1;
        }
    }
    assert!(typed > 10, "only {typed} commands were found");
}

/// A command that is written otherwise would be typed by nobody.
#[test]
fn every_baton_command_is_of_the_form_that_is_tried() {
    for runbook in RUNBOOKS {
        let text = text(&format!("docs/runbook/{runbook}.md"));
        for line in text.lines().filter(|line| line.starts_with("baton ")) {
            assert!(line.starts_with(FLEET), "{runbook}: {line}");
        }
    }
}

/// A file that a command names has to be there.
#[test]
fn every_file_that_a_command_names_is_there() {
    let pages = RUNBOOKS.map(|runbook| format!("docs/runbook/{runbook}.md"));
    for page in pages.iter().map(String::as_str).chain(["docs/deploy-nomad.md"]) {
        for line in text(page).lines().filter(|line| line.starts_with("nomad ")) {
            let files = line.split([' ', '=']).filter(|word| word.starts_with("nomad/"));
            for file in files.filter(|word| word.ends_with(".hcl")) {
                assert!(crate::job::tree().join(file).is_file(), "{page}: {file}");
            }
        }
    }
}
