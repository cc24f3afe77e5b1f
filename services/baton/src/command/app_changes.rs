//! `app add`, `set` and `remove`: apps that stand in the store.
//!
//! What is written is judged first, by the very catalogue that the instances read it with. Whether
//! a token is offered, only they know; what they cannot follow shows in `status` and `app ls`.

use std::collections::BTreeMap;

use baton_gateway::{
    app::ShardsWanted,
    config::{AppConfig, Effect, check_stored_app, effect_of},
};
use baton_model::{AppName, AppSource, StoredApp};
use baton_store::{ForOperators, PutAppError, What};

use super::intents::note;
use crate::{
    Exit, Failure,
    arguments::{AppOption, AppOptionsArguments},
    fleet::Look,
    program::Desk,
};

type Options = BTreeMap<String, String>;

pub(super) async fn add(
    desk: &Desk,
    look: &Look,
    arguments: AppOptionsArguments,
) -> Result<Exit, Failure> {
    let name = parsed(&arguments.app)?;
    if wanted(look, &name).is_some() {
        let said = format!("app {name} stands in the store already; `baton app set` changes it");
        return Err(Failure::Conflict(said));
    }
    if let Some(instance) = look.instances_with(&name, AppSource::File).next() {
        return Err(Failure::Conflict(format!(
            "app {name} stands in the configuration of {instance}, which holds; take it out there \
             first"
        )));
    }
    let options = changed(Options::new(), arguments.options);
    let config = judged(&name, &options)?;
    ensure_brokers(desk, look, &name, &config)?;
    ensure_agreed(desk, &name, &config).await?;
    put(desk, look, &name, StoredApp::Wanted { options }).await?;
    desk.terminal.say(format_args!("{name} is to run; `baton app ls` shows what becomes of it"));
    Ok(Exit::Done)
}

pub(super) async fn set(
    desk: &Desk,
    look: &Look,
    arguments: AppOptionsArguments,
) -> Result<Exit, Failure> {
    let name = parsed(&arguments.app)?;
    let before = wanted(look, &name).ok_or_else(|| not_stored(look, &name))?;
    let options = changed(before.clone(), arguments.options);
    let config = judged(&name, &options)?;
    ensure_brokers(desk, look, &name, &config)?;
    if look.instances_with(&name, AppSource::Store).next().is_some() {
        ensure_can_change(&name, before, &options)?;
    }
    put(desk, look, &name, StoredApp::Wanted { options }).await?;
    desk.terminal.say(format_args!("{name} is to be changed"));
    Ok(Exit::Done)
}

pub(super) async fn remove(
    desk: &Desk,
    look: &Look,
    app: &str,
    confirm: Option<&str>,
) -> Result<Exit, Failure> {
    let name = parsed(app)?;
    let is_stored = look.stored.get(&name).is_some_and(|it| it.app != Ok(StoredApp::Removed {}));
    if !is_stored {
        return Err(not_stored(look, &name));
    }
    if confirm != Some(name.as_str()) {
        return Err(Failure::Unconfirmed(format!(
            "this ends every session of {name}; say --confirm={name} if that is wanted"
        )));
    }
    put(desk, look, &name, StoredApp::Removed {}).await?;
    desk.terminal.say(format_args!("{name} is to run no more; its streams and rows stay"));
    Ok(Exit::Done)
}

fn parsed(app: &str) -> Result<AppName, Failure> {
    app.parse().map_err(|error| Failure::Usage(format!("{error}")))
}

fn wanted<'a>(look: &'a Look, name: &AppName) -> Option<&'a Options> {
    match &look.stored.get(name)?.app {
        Ok(StoredApp::Wanted { options }) => Some(options),
        Ok(StoredApp::Removed {}) | Err(_) => None,
    }
}

fn not_stored(look: &Look, name: &AppName) -> Failure {
    match look.instances_with(name, AppSource::File).next() {
        Some(instance) => Failure::Conflict(format!(
            "app {name} does not stand in the store, but in the configuration of {instance}; \
             change it there"
        )),
        None => Failure::NotFound(format!(
            "no app {name} stands in the store; `baton app add` puts one there"
        )),
    }
}

fn changed(mut options: Options, changes: Vec<AppOption>) -> Options {
    for AppOption { name, value } in changes {
        match value.as_str() {
            "" => drop(options.remove(&name)),
            _ => drop(options.insert(name, value)),
        }
    }
    options
}

fn judged(name: &AppName, options: &Options) -> Result<AppConfig, Failure> {
    check_stored_app(name, options).map_err(|mistakes| Failure::Usage(mistakes.to_string()))
}

/// Refuses streams for `@discordjs/brokers` that instances could not write, and those that another
/// app of the store writes.
fn ensure_brokers(
    desk: &Desk,
    look: &Look,
    name: &AppName,
    config: &AppConfig,
) -> Result<(), Failure> {
    let Some(settings) = &config.brokers else {
        return Ok(());
    };
    if let Some(store) = desk.store.lacks_free_keys() {
        return Err(Failure::Refused(format!(
            "{store} cannot hold streams for @discordjs/brokers; leave brokers.mode out"
        )));
    }
    for other in look.stored.keys().filter(|other| *other != name) {
        let theirs = wanted(look, other).and_then(|options| judged(other, options).ok());
        if theirs
            .is_some_and(|theirs| theirs.brokers.is_some_and(|it| it.prefix == settings.prefix))
        {
            return Err(Failure::Conflict(format!(
                "{other} has these streams for @discordjs/brokers; give {name} a brokers.prefix of \
                 its own"
            )));
        }
    }
    Ok(())
}

/// What is agreed holds for the life of an app: instances would wait for ever with anything else.
async fn ensure_agreed(desk: &Desk, name: &AppName, config: &AppConfig) -> Result<(), Failure> {
    let Some(shape) = desk.store.app_shape(name).await? else {
        return Ok(());
    };
    let is_agreed = match config.shards {
        ShardsWanted::Auto => true,
        ShardsWanted::Fixed(count) => count == shape.shards.0,
    };
    if is_agreed && config.lanes == shape.lanes {
        return Ok(());
    }
    Err(Failure::Conflict(format!(
        "the fleet has agreed on {} shards and {} lanes for {name}; say shards={} lanes={}",
        shape.shards, shape.lanes.0, shape.shards, shape.lanes.0
    )))
}

/// Refuses what instances could not follow while they run the app.
fn ensure_can_change(name: &AppName, before: &Options, after: &Options) -> Result<(), Failure> {
    let names = before.keys().chain(after.keys());
    let differs = |option: &&String| before.get(*option) != after.get(*option);
    for option in names.filter(differs) {
        let why = match effect_of(option) {
            Some(Effect::AtOnce) | None => continue,
            Some(Effect::Restart) => {
                format!(
                    "is taken up when an app starts; remove {name}, and add it with the new one"
                )
            }
            Some(Effect::NewSessions) => format!(
                "is told to discord with IDENTIFY only, and a RESUME keeps what a session had: \
                 remove {name}, and add it with the new one; every session begins anew"
            ),
            Some(Effect::WholeFleet) => {
                format!("is agreed for the life of {name}; give the app another name to change it")
            }
        };
        return Err(Failure::Refused(format!("{option} {why}")));
    }
    Ok(())
}

async fn put(desk: &Desk, look: &Look, name: &AppName, app: StoredApp) -> Result<(), Failure> {
    let seen = look.stored.get(name).map_or(0, |found| found.revision);
    let what = match &app {
        StoredApp::Wanted { .. } => What::AppPut { app: name.clone() },
        StoredApp::Removed {} => What::AppRemoved { app: name.clone() },
    };
    match desk.store.put_app(name, seen, &app).await {
        Ok(_) => {
            note(desk, what).await;
            Ok(())
        }
        Err(error @ PutAppError::Changed(_)) => Err(Failure::Conflict(format!("{name}: {error}"))),
        Err(error @ (PutAppError::TooMany(_) | PutAppError::TooLarge(_))) => {
            Err(Failure::Refused(format!("{name}: {error}")))
        }
        Err(PutAppError::Store(error)) => Err(error.into()),
    }
}
