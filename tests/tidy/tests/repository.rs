//! The repository keeps its own rules.

use std::path::Path;

use baton_tidy::{Tree, without_exceptions};

#[test]
fn every_rule_holds_but_for_the_written_exceptions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = Tree::read(&root.canonicalize().unwrap()).unwrap();
    let findings = without_exceptions(&tree);
    assert!(findings.is_empty(), "\n\n{}\n", findings.join("\n"));
}
