//! The store that an operator is at: a Valkey, or that of a process on this machine.

use std::path::{Path, PathBuf};

use baton_model::FleetName;
use baton_store::{ForOperators, Question, StoreError};
use baton_store_embedded::{AttachError, Attached, EmbeddedStore};
use baton_store_valkey::{Diagnosis, Topology, Valkey, ValkeyConfig};

use crate::{
    Failure,
    arguments::Globals,
    context::{Choice, ContextError},
    terminal::Terminal,
    told,
};

/// Where a store is.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a Valkey, or what speaks like it.
    Valkey(ValkeyConfig),
    /// In a process that runs on this folder, or on one in it. The fleet is the one that must run
    /// there, if somebody has named one.
    Process { folder: PathBuf, fleet: Option<FleetName> },
}

/// A store.
#[derive(Debug, Clone)]
pub(crate) enum AtStore {
    Valkey(Valkey),
    Process(Attached),
    /// One that this program has opened itself, because nobody else runs on it.
    Opened {
        store: EmbeddedStore,
        folder: PathBuf,
        fleet: FleetName,
    },
}

/// What is to be known of a store besides what is in it.
#[derive(Debug)]
pub(crate) enum Diagnosed {
    Valkey(Diagnosis),
    Process(PathBuf),
}

impl AtStore {
    /// The one that is meant. One that nobody has named is told of.
    pub(crate) async fn chosen(globals: &Globals, terminal: Terminal) -> Result<Self, Failure> {
        let choice = Choice::make(globals)?;
        let store = match Self::open(choice.place()?).await {
            Err(Failure::NobodyThere(_)) if choice.is_guess() => Err(ContextError::NoStore)?,
            opened => opened?,
        };
        if choice.is_guess() {
            terminal.say(format_args!("at {}, which runs here", store.url()));
        }
        Ok(store)
    }

    /// Connects to it.
    async fn open(place: Place) -> Result<Self, Failure> {
        match place {
            Place::Valkey(settings) => Ok(Self::Valkey(Valkey::open(settings).await?)),
            Place::Process { folder, fleet } => {
                let attached = attach(&folder).await?;
                if let Some(fleet) = fleet.filter(|fleet| fleet != attached.fleet()) {
                    let (folder, runs) = (attached.folder().display(), attached.fleet());
                    let other = format!("fleet {runs} runs on {folder}, and not {fleet}");
                    return Err(Failure::Usage(other));
                }
                Ok(Self::Process(attached))
            }
        }
    }

    /// The fleet.
    pub(crate) fn fleet(&self) -> &FleetName {
        match self {
            Self::Valkey(valkey) => valkey.fleet(),
            Self::Process(attached) => attached.fleet(),
            Self::Opened { fleet, .. } => fleet,
        }
    }

    /// Looks at what holds it.
    pub(crate) async fn diagnose(&self) -> Result<Diagnosed, StoreError> {
        match self {
            Self::Valkey(valkey) => valkey.diagnose().await.map(Diagnosed::Valkey),
            Self::Process(attached) => Ok(Diagnosed::Process(attached.folder().to_owned())),
            Self::Opened { folder, .. } => Ok(Diagnosed::Process(folder.clone())),
        }
    }

    /// The store's url, without what is secret in it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Valkey(valkey) => valkey.url().to_string(),
            Self::Process(attached) => format!("embedded://{}", attached.folder().display()),
            Self::Opened { folder, .. } => format!("embedded://{}", folder.display()),
        }
    }

    /// Why keys of an app's choice cannot be used here, if they cannot: they lie in any slot.
    pub(crate) fn lacks_free_keys(&self) -> Option<&'static str> {
        match self {
            Self::Valkey(valkey) if matches!(valkey.url().topology, Topology::Cluster(_)) => {
                Some("a Cluster")
            }
            Self::Valkey(_) => None,
            Self::Process(_) | Self::Opened { .. } => Some("an embedded store"),
        }
    }
}

impl ForOperators for AtStore {
    async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Answer, Q::Error> {
        match self {
            Self::Valkey(valkey) => valkey.ask(question).await,
            Self::Process(attached) => attached.ask(question).await,
            Self::Opened { store, .. } => store.ask(question).await,
        }
    }
}

/// Finds the process that runs on this folder, or on one of those in it: `up` keeps each bot in a
/// folder of its own.
pub(crate) async fn attach(folder: &Path) -> Result<Attached, Failure> {
    let mut found = match Attached::find(folder).await {
        Err(AttachError::NobodyThere { .. }) => found_in(folder).await?,
        found => vec![found.map_err(|error| failed(&error))?],
    };
    let Some(first) = found.pop() else {
        let folder = folder.to_owned();
        return Err(failed(&AttachError::NobodyThere { folder }));
    };
    if found.is_empty() {
        return Ok(first);
    }
    let urls =
        found.iter().chain([&first]).map(|it| format!("embedded://{}", it.folder().display()));
    let urls: Vec<_> = urls.collect();
    let many = format!("several run in {}; say --store {}", folder.display(), urls.join(" or "));
    Err(Failure::Usage(many))
}

/// All that run on folders in this one.
async fn found_in(folder: &Path) -> Result<Vec<Attached>, Failure> {
    let mut found = Vec::new();
    for inner in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match Attached::find(&inner.path()).await {
            Err(AttachError::NobodyThere { .. }) => {}
            attached => found.push(attached.map_err(|error| failed(&error))?),
        }
    }
    found.sort_by(|a, b| a.folder().cmp(b.folder()));
    Ok(found)
}

fn failed(error: &AttachError) -> Failure {
    match error {
        AttachError::NobodyThere { .. } => Failure::NobodyThere(error.to_string()),
        AttachError::NotOurs { .. }
        | AttachError::OtherVersion { .. }
        | AttachError::Busy { .. }
        | AttachError::NoBaton { .. }
        | AttachError::Io { .. } => Failure::Other(told(error)),
    }
}
