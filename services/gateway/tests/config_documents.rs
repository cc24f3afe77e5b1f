//! `docs/configuration.md` and `docs/baton.example.toml` say what the code does.

use std::{collections::BTreeMap, fs, path::Path};

use baton_gateway::config::{Chosen, Config, reference, template};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

const GENERATED: &str =
    "<!-- What follows is written by the code; a test says if it differs. -->\n\n";

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(DOCS).join(name)).expect("it is there")
}

fn load(toml: &str) -> Config {
    let folder = tempfile::tempdir().expect("it is there");
    let path = folder.path().join("baton.toml");
    fs::write(&path, toml).expect("it is there");
    Config::load(Some(&path), std::iter::empty()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What holds for every option, without where that comes from.
fn effective(config: &Config) -> BTreeMap<String, String> {
    let described = config.describe();
    let lines = described.lines().map(|line| line.split("  # ").next().expect("it is there"));
    let split = |line: &str| {
        let (name, value) = line.split_once(' ').expect("it is there");
        (name.to_owned(), value.to_owned())
    };
    lines.map(split).collect()
}

/// The option that a line has commented out; prose has a blank behind its `#`.
fn commented_out(line: &str) -> Option<&str> {
    line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '))
}

#[test]
fn the_page_has_every_option_as_the_code_has_it() {
    let page = document("configuration.md");
    let (_, written) = page.split_once(GENERATED).expect("the line before the generated part");
    let expected = reference();
    for (at, (written, expected)) in written.lines().zip(expected.lines()).enumerate() {
        assert_eq!(written, expected, "line {at} of what the code writes");
    }
    assert_eq!(written, expected);
}

#[test]
fn the_example_loads_and_names_every_option() {
    let example = document("baton.example.toml");
    for name in effective(&load(&example)).keys() {
        let assignment = format!("{} = ", name.rsplit('.').next().expect("it is there"));
        let options = example.lines().map(|line| commented_out(line).unwrap_or(line));
        let is_named = options.filter(|line| line.starts_with(&assignment)).count() > 0;
        assert!(is_named, "{name} is not in the example");
    }
}

#[test]
fn what_the_example_has_commented_out_holds_without_it() {
    let example = document("baton.example.toml");
    let mut is_free_example = false;
    let mut uncommented = Vec::new();
    for line in example.lines() {
        uncommented.push(commented_out(line).filter(|_| !is_free_example).unwrap_or(line));
        is_free_example = line.starts_with("# example");
    }
    let uncommented = uncommented.join("\n");
    assert!(uncommented.contains("\nlanes = 16\n"), "{uncommented}");
    assert_eq!(effective(&load(&uncommented)), effective(&load(&example)));
}

#[test]
fn the_examples_that_are_no_defaults_are_valid_as_well() {
    let example = document("baton.example.toml");
    let lines = example.lines().filter(|line| !line.starts_with("leave_out"));
    let all: Vec<_> = lines.map(|line| commented_out(line).unwrap_or(line)).collect();
    let config = load(&all.join("\n"));
    let app = config.apps.values().next().expect("it is there");
    assert!(app.gateway_url.is_some() && app.api_url.is_some() && config.store.ca_file.is_some());
}

#[test]
fn what_the_readme_tries_loads_and_leads_to_no_real_discord() {
    let config = load(&document("try.toml"));
    let apps: Vec<_> = config.apps.values().collect();
    let leads_here = |url: &Option<String>| url.as_deref().is_some_and(|url| url.contains("127."));
    assert!(!apps.is_empty());
    assert!(apps.iter().all(|app| leads_here(&app.gateway_url) && leads_here(&app.api_url)));
    let readme = fs::read_to_string(Path::new(DOCS).join("../README.md")).expect("it is there");
    assert!(readme.contains("--config docs/try.toml"));
}

/// A template in which nothing is chosen but what nothing runs without.
fn filled_in() -> String {
    let set = |name, value: &str| (name, value.to_owned());
    let chosen = Chosen {
        app: &"my.bot".parse().expect("a name"),
        instance: &[set("store.url", "\"valkey://127.0.0.1:6379\"")],
        of_app: &[set("token", "\"file:token\""), set("intents", "[\"guilds\"]")],
    };
    template(&chosen)
}

#[test]
fn a_template_loads_and_names_every_option() {
    let text = filled_in();
    for name in effective(&load(&text)).keys() {
        let assignment = format!("{} =", name.rsplit('.').next().expect("it is there"));
        let lines = text.lines().map(|line| commented_out(line).unwrap_or(line));
        assert!(lines.filter(|line| line.starts_with(&assignment)).count() > 0, "{name}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100 || line.contains(" = ")));
}

#[test]
fn what_a_template_has_commented_out_holds_without_it() {
    let text = filled_in();
    let has_value = |line: &&str| !line.ends_with('=');
    let whole: Vec<_> =
        text.lines().map(|it| commented_out(it).filter(has_value).unwrap_or(it)).collect();
    assert!(whole.contains(&"lanes = 16"), "{whole:?}");
    assert_eq!(effective(&load(&whole.join("\n"))), effective(&load(&text)));
}
