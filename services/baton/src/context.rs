//! Which store and which fleet are meant.
//!
//! What stands on the command line wins over a variable, a variable over a context. Where nothing
//! is said, there is one store that can be meant: that of the `baton up` which runs on the folder
//! that it takes by itself, in the directory where the operator stands. No other is guessed:
//! whoever drains the wrong fleet has made the mistake that this program must not make easy.
//!
//! The variables are those of the gateway: a shell that can start an instance can operate it.

mod file;

use std::{env, path::PathBuf};

use baton_gateway::config::{StoreConfig, StorePlace, StoreSettings};
use baton_gateway::token::TokenSource;
use baton_model::FleetName;
use baton_store_valkey::StoreUrl;
use thiserror::Error;

pub(crate) use self::file::{Context, Contexts, NamedContext, StoreOptions};
use crate::{arguments::Globals, at::Place, told};

/// The fleet that a gateway belongs to if its configuration does not say.
pub(crate) const USUAL_FLEET: &str = "main";

/// Where `up` keeps everything if nobody says.
pub(crate) const USUAL_DATA: &str = "./baton-data";

/// Why it is not known which store is meant.
#[derive(Debug, Error)]
pub enum ContextError {
    /// Nobody said.
    #[error(
        "no store is named, and no `baton up` runs on ./baton-data; give --store URL or --data \
         DIR, set BATON_STORE__URL, or make a context with `baton config set-context NAME --store \
         URL`"
    )]
    NoStore,
    /// There is no context of this name.
    #[error("there is no context {name:?} in {path}; known are: {known}")]
    NoSuchContext {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// What is there.
        known: String,
    },
    /// The file of contexts cannot be used.
    #[error("{path}: {because}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        because: String,
    },
    /// A value is not what it should be. The value may be a secret and is not shown.
    #[error("{name} {because}")]
    Value {
        /// From where it came.
        name: String,
        /// What is wrong with it.
        because: String,
    },
}

/// Which store and which fleet are meant, and from where that is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    url: Option<Named>,
    user: Option<Named>,
    password: Option<Named>,
    ca_file: Option<Named>,
    fleet: Option<Named>,
}

/// A value, and what to call it in an error.
#[derive(Debug, Clone)]
struct Named {
    name: String,
    value: String,
}

impl Choice {
    /// Takes it from the command line, the environment and the contexts.
    pub(crate) fn make(globals: &Globals) -> Result<Self, ContextError> {
        let named = |name: &str, value: &Option<String>| {
            value.clone().map(|value| Named { name: name.to_owned(), value })
        };
        let variable = |name: &str| {
            let value = env::var(name).ok().filter(|value| !value.is_empty());
            value.map(|value| Named { name: name.to_owned(), value })
        };
        let said = Self {
            url: named("--store", &globals.store).or_else(|| Self::in_folder(globals)),
            fleet: named("--fleet", &globals.fleet),
            ..Self::default()
        };
        let set = Self {
            url: variable("BATON_STORE__URL"),
            user: variable("BATON_STORE__USER"),
            password: variable("BATON_STORE__PASSWORD"),
            ca_file: variable("BATON_STORE__CA_FILE"),
            fleet: variable("BATON_FLEET"),
        };
        // A context that somebody names is meant, whatever the shell was set up for.
        if let Some(name) = &globals.context {
            return Ok(said.over(Self::of_context(&Contexts::load()?.named(name)?)));
        }
        let chosen = said.over(set);
        if chosen.url.is_some() {
            return Ok(chosen);
        }
        let contexts = Contexts::load()?;
        Ok(match contexts.current()? {
            Some(context) => chosen.over(Self::of_context(&context)),
            None => chosen,
        })
    }

    /// The folder of a process, as a store's url.
    fn in_folder(globals: &Globals) -> Option<Named> {
        let folder = globals.data.as_ref()?.display();
        Some(Named { name: "--data".to_owned(), value: format!("{EMBEDDED}{folder}") })
    }

    fn of_context(context: &NamedContext) -> Self {
        let named = |option: &str, value: &Option<String>| {
            let name = format!("context {}: {option}", context.name);
            value.clone().map(|value| Named { name, value })
        };
        let store = &context.context.store;
        Self {
            url: named("store.url", &Some(store.url.clone())),
            user: named("store.user", &store.user),
            password: named("store.password", &store.password),
            ca_file: named("store.ca_file", &store.ca_file),
            fleet: named("fleet", &context.context.fleet),
        }
    }

    /// A login belongs to its url: whoever names another store does not send it a password.
    fn over(self, other: Self) -> Self {
        let fleet = self.fleet.or(other.fleet);
        match self.url {
            Some(_) => Self { fleet, ..self },
            None => Self { fleet, ..other },
        }
    }

    /// What was named; else the folder that `up` takes by itself.
    pub(crate) fn place(&self) -> Result<Place, ContextError> {
        let named_fleet = self.fleet.as_ref().map(parsed::<FleetName>).transpose()?;
        let folder = match &self.url {
            Some(url) => url.value.strip_prefix(EMBEDDED).map(PathBuf::from),
            None => Some(PathBuf::from(USUAL_DATA)),
        };
        if let Some(folder) = folder {
            return Ok(Place::Process { folder, fleet: named_fleet });
        }
        self.valkey(named_fleet)
    }

    /// Whether nobody has named a store.
    pub(crate) const fn is_guess(&self) -> bool {
        self.url.is_none()
    }

    fn valkey(&self, fleet: Option<FleetName>) -> Result<Place, ContextError> {
        let url = self.url.as_ref().ok_or(ContextError::NoStore)?;
        let place = valkey_place(url)?;
        let password = self.password.as_ref().map(parsed::<TokenSource>).transpose()?;
        let store = StoreConfig {
            place,
            user: self.user.as_ref().map(|user| user.value.clone()),
            password,
            ca_file: self.ca_file.as_ref().map(|file| PathBuf::from(&file.value)),
        };
        let usual = || USUAL_FLEET.parse().unwrap_or_else(|_| unreachable!("it is a name"));
        match store.settings(fleet.unwrap_or_else(usual)) {
            Ok(StoreSettings::Valkey(config)) => Ok(Place::Valkey(config)),
            Ok(StoreSettings::Embedded(folder)) => Ok(Place::Process { folder, fleet: None }),
            Err(error) => Err(ContextError::Value {
                name: url.name.clone(),
                because: format!("cannot be used: {}", told(&error)),
            }),
        }
    }
}

/// Whether a context could be used, secrets aside: they may be elsewhere.
pub(crate) fn ensure_usable(name: &str, context: &Context) -> Result<(), ContextError> {
    let named = NamedContext { name: name.to_owned(), context: context.clone() };
    let Choice { url, password, fleet, user: _, ca_file: _ } = Choice::of_context(&named);
    let valkey = url.as_ref().filter(|url| !url.value.starts_with(EMBEDDED));
    valkey.map(valkey_place).transpose()?;
    password.as_ref().map(parsed::<TokenSource>).transpose()?;
    fleet.as_ref().map(parsed::<FleetName>).transpose()?;
    Ok(())
}

/// With what the url of a store inside a process begins; its folder follows.
const EMBEDDED: &str = "embedded://";

/// The url's own words would show what stands in it, and that may be a password.
fn valkey_place(url: &Named) -> Result<StorePlace, ContextError> {
    let wrong = |_| ContextError::Value {
        name: url.name.clone(),
        because: "is no store's url; expected valkey://host:port, \
                  valkey-sentinel://host:port,…/service, valkey-cluster://host:port,… or \
                  embedded:///folder"
            .to_owned(),
    };
    url.value.parse::<StoreUrl>().map(StorePlace::Valkey).map_err(wrong)
}

fn parsed<T>(named: &Named) -> Result<T, ContextError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let wrong = |error: T::Err| {
        let because = format!("is wrong: {error}");
        ContextError::Value { name: named.name.clone(), because }
    };
    named.value.parse().map_err(wrong)
}
