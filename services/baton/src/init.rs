//! `baton init`: what a bot needs to run as a fleet, written into a folder.
//!
//! A gateway's configuration, made from the catalogue of all options, and a compose file. Nothing
//! is asked, nothing is written over, and no secret is written: only where the token is to be put.
//! The configuration is read as a gateway would read it before any file is made, so what is wrong
//! on the command line is said in a gateway's words.

mod compose;
mod files;

use baton_gateway::config::{Chosen, Config, template};
use baton_store_valkey::StoreUrl;

use self::files::NewFile;
use crate::{
    Exit, Failure,
    arguments::{Globals, InitArguments},
    terminal::Terminal,
};

/// The files, and where the token is to be put, which is written by nobody.
const CONFIG: &str = "baton.toml";
const COMPOSE: &str = "docker-compose.yml";
const TOKEN: &str = "discord-token";

/// Where the store of the compose file is for programs on the same machine.
const OWN_STORE: &str = "valkey://127.0.0.1:6379";

const HEAD: &str = "\
# Baton for {app}, written by `baton init`: every option there is, with what it is for. What is
# commented out holds as it stands there, or its place says what holds without it.
#
#   baton config check baton.toml     is it right?
#   baton config show baton.toml      what holds, and why
#
# Variables win over this file; the compose file sets those that are different in its containers.

";

/// What was asked for.
struct Wish<'a> {
    arguments: &'a InitArguments,
    /// The store that is there; none if the compose file brings one.
    store: Option<&'a str>,
    fleet: Option<&'a str>,
}

/// Writes everything, or says why not.
pub(crate) fn init(
    arguments: &InitArguments,
    globals: &Globals,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let (store, fleet) = (globals.store.as_deref(), globals.fleet.as_deref());
    if let Some(url) = store {
        ensure_can_be_written(url)?;
    }
    let wish = Wish { arguments, store, fleet };
    let config = wish.config();
    ensure_is_right(&config)?;
    let new = |name: &'static str, text| NewFile { name, text };
    let written = [new(CONFIG, config), new(COMPOSE, compose::text(&wish))];
    files::write(&arguments.folder, &written, arguments.force)?;
    files::ignore(&arguments.folder, TOKEN)?;
    terminal.say(wish.next_steps());
    Ok(Exit::Done)
}

/// A login in a url would be a secret in a file, and an embedded store is one process's own.
fn ensure_can_be_written(url: &str) -> Result<(), Failure> {
    if url.starts_with("embedded:") {
        let way_out = "a fleet needs a Valkey; `baton up` runs a bot in one process, without files";
        return Err(Failure::Usage(format!("--store: an embedded store is not shared; {way_out}")));
    }
    let parsed = url.parse::<StoreUrl>();
    let parsed = parsed.map_err(|error| Failure::Usage(format!("--store: {error}")))?;
    if parsed.login.user.is_some() || parsed.login.password.is_some() {
        let way_out = "leave it out, and set store.user and store.password in baton.toml";
        return Err(Failure::Usage(format!("--store has a login in it; {way_out}")));
    }
    Ok(())
}

/// Reads it as a gateway would. Lines of a file that is not there yet help nobody.
fn ensure_is_right(config: &str) -> Result<(), Failure> {
    let judged = Config::of_text(CONFIG, config);
    judged.map(drop).map_err(|mistakes| {
        let lines = mistakes.to_string();
        let without_place = |line: &str| match line.split_once(": ") {
            Some((place, what)) if place.starts_with(CONFIG) => what.to_owned(),
            Some(_) | None => line.to_owned(),
        };
        let lines: Vec<_> = lines.lines().map(without_place).collect();
        Failure::Usage(lines.join("\n"))
    })
}

impl Wish<'_> {
    fn config(&self) -> String {
        let InitArguments { name, intents, shards, .. } = self.arguments;
        let mut instance = vec![("store.url", text(self.store.unwrap_or(OWN_STORE)))];
        instance.extend(self.fleet.map(|fleet| ("fleet", text(fleet))));
        let of_app = [
            ("token", text(&format!("file:{TOKEN}"))),
            ("intents", names(intents)),
            ("shards", number(shards)),
        ];
        let chosen = Chosen { app: name, instance: &instance, of_app: &of_app };
        HEAD.replace("{app}", &name.to_string()) + &template(&chosen)
    }

    fn next_steps(&self) -> String {
        let folder = self.arguments.folder.display();
        format!(
            "written: {CONFIG}, {COMPOSE}; .gitignore names {TOKEN}\n\
             next, in {folder}:\n\
             \x20 put the bot's token into the file {TOKEN}, readable for all (chmod 644)\n\
             \x20 docker compose up -d"
        )
    }
}

/// A text in TOML.
fn text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A number in TOML, or what is none as the text that it is.
fn number(word: &str) -> String {
    word.parse::<i64>().map_or_else(|_| text(word), |number| number.to_string())
}

/// Names between commas in TOML, or their number.
fn names(words: &str) -> String {
    if words.parse::<i64>().is_ok() {
        return words.to_owned();
    }
    let names: Vec<_> = words.split(',').map(|word| text(word.trim())).collect();
    format!("[{}]", names.join(", "))
}
