//! What every command says of itself, compared with `tests/help.txt`: nobody changes a name or an
//! option unawares. `BLESS=1` writes the page anew; read the difference before it is
//! committed.

use std::{env, fs, path::Path};

use baton::arguments::Arguments;
use clap::{Command, CommandFactory};

/// Of a command and all below it, each under its own line.
fn told(command: &mut Command, called: &str, page: &mut String) {
    *page += &format!("==== {called}\n{}\n", command.render_help());
    for below in command.get_subcommands_mut().filter(|it| it.get_name() != "help") {
        let called = format!("{called} {}", below.get_name());
        told(below, &called, page);
    }
}

#[test]
fn every_command_says_of_itself_what_its_page_says() {
    let mut page = String::new();
    told(&mut Arguments::command(), "baton", &mut page);
    let lines = page.lines().map(|line| line.trim_end().to_owned() + "\n");
    let page: String = lines.collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &page).expect("written");
    }
    let written = fs::read_to_string(&path).expect("the page is there");
    let differs = written.lines().zip(page.lines()).find(|(written, page)| written != page);
    assert!(written == page, "written and shown: {differs:?}");
}
