//! What is wrong with a configuration, a folder, a command line.

use baton_test_servers::{Program, Server};

use crate::archiver::Settings;

#[test]
fn a_configuration_with_mistakes_ends_with_all_of_them() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path())
        .with("OBJECT__AGE_MAX", "soon")
        .with("S3__SECRET", "hunter2");
    let (code, said) = settings.run(&[]);
    assert_eq!(code, Some(2));
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains("BATON_ARCHIVER_OBJECT__AGE_MAX = \"soon\"; expected a length of time"));
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_used_is_named_in_one_line() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let (nowhere, file) = (folder.path().join("nowhere"), folder.path().join("file"));
    std::fs::write(&file, "").expect("a file");
    for path in [nowhere, file] {
        let (code, said) = Settings::folder(&server, &path).run(&["check"]);
        assert_eq!((code, said.trim_end().lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains(&format!("folder {} cannot be used: ", path.display())), "{said}");
    }
}

#[test]
fn a_place_that_holds_something_else_is_left_alone() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("bot/v1");
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join("archive.json"), "{}").expect("a file");
    let (code, said) = Settings::folder(&server, folder.path()).run(&[]);
    assert_eq!(code, Some(1));
    let told = "holds something else at bot/v1/archive.json; choose another prefix";
    assert!(said.contains(told) && said.trim_end().lines().count() == 1, "{said}");
}

#[test]
fn who_asks_for_help_gets_it() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path());
    let (code, said) = settings.run(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(["check", "replay", "--config"].iter().all(|word| said.contains(word)), "{said}");
    let (code, said) = settings.run(&["replay", "--from", "yesterday"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("is no hour of UTC; expected one as in 2026-11-20T19"), "{said}");
}
