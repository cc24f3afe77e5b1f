//! What it cannot work with, it says; what it does behind a gateway is tried in `tests/e2e`.

use std::process::Command;

#[test]
fn a_store_that_is_none_is_named() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rust-ping"));
    let ended = program.env_clear().env("BATON_STORE", "http://here").output().expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("http"), "{said}");
}
