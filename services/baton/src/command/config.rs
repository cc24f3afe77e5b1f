//! `config`: this program's contexts, and the configuration of gateways.

use std::{env, path::Path};

use baton_gateway::config::Config;
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::{ConfigCommand, Globals, SetContextArguments},
    context::{Context, Contexts, StoreOptions},
    output::{self, Column, Row},
    terminal::Terminal,
};

/// A context, as JSON shows it. Its url is not: a login may stand in it.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    current: bool,
    fleet: Option<String>,
    password: Option<String>,
}

pub(crate) fn config(
    command: ConfigCommand,
    globals: &Globals,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::GetContexts => {
            let contexts = Contexts::load()?;
            let current = contexts.current()?.map(|context| context.name);
            let lines = contexts.contexts.iter().map(|(name, context)| Line {
                current: current.as_ref() == Some(name),
                name: name.clone(),
                fleet: context.fleet.clone(),
                password: context.store.password.clone(),
            });
            output::list(&lines.collect::<Vec<_>>(), globals.output)?;
        }
        ConfigCommand::UseContext { name } => {
            let mut contexts = Contexts::load()?;
            contexts.named(&name)?;
            contexts.current = Some(name);
            contexts.save()?;
        }
        ConfigCommand::SetContext(arguments) => set(arguments, globals, terminal)?,
        ConfigCommand::DeleteContext { name } => {
            let mut contexts = Contexts::load()?;
            contexts.named(&name)?;
            contexts.contexts.remove(&name);
            contexts.current = contexts.current.filter(|current| *current != name);
            contexts.save()?;
        }
        ConfigCommand::Check { file } => {
            load(&file)?;
            terminal.say("no mistakes");
        }
        ConfigCommand::Show { file } => print!("{}", load(&file)?.describe()),
    }
    Ok(Exit::Done)
}

fn set(
    arguments: SetContextArguments,
    globals: &Globals,
    terminal: Terminal,
) -> Result<(), Failure> {
    let SetContextArguments { name, user, password, ca_file } = arguments;
    let mut contexts = Contexts::load()?;
    let known = contexts.contexts.get(&name).cloned();
    let url = globals.store.clone().or_else(|| Some(known.as_ref()?.store.url.clone()));
    let url = url.ok_or_else(|| Failure::Usage(format!("{name} is new; say --store URL")))?;
    let (fleet_before, store) = known.map(|it| (it.fleet, Some(it.store))).unwrap_or_default();
    let before = store.unwrap_or_default();
    let context = Context {
        fleet: globals.fleet.clone().or(fleet_before),
        store: StoreOptions {
            url,
            user: user.or(before.user),
            password: password.or(before.password),
            ca_file: ca_file.or(before.ca_file),
        },
    };
    crate::context::ensure_usable(&name, &context)?;
    contexts.contexts.insert(name.clone(), context);
    if contexts.current.is_none() {
        contexts.current = Some(name.clone());
    }
    contexts.save()?;
    terminal.say(format_args!("context {name} is kept"));
    Ok(())
}

fn load(file: &Path) -> Result<Config, Failure> {
    let loaded = Config::load(Some(file), env::vars());
    loaded.map_err(|mistakes| Failure::Usage(mistakes.to_string()))
}

impl Row for Line {
    const KIND: &'static str = "context";
    const COLUMNS: &'static [Column] = &[
        Column::text("current"),
        Column::text("name"),
        Column::text("fleet"),
        Column::text("password"),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            if self.current { "*" } else { "" }.to_owned(),
            self.name.clone(),
            self.fleet.clone().unwrap_or_default(),
            self.password.clone().unwrap_or_default(),
        ]
    }
}
