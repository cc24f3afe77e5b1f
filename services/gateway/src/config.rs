//! What an operator has said an instance is to be.
//!
//! One TOML file, environment variables over it, defaults under it. It is read as a whole and
//! judged as a whole: every mistake is reported together with the others, each with its place, its
//! name, its value and what is expected. A secret is never part of it, only where the secret is;
//! where one stands in it after all, it is not shown, in no mistake, no log and no description.
//!
//! The one idea you need: an option is an entry of the catalogue. Reading, mistakes, description,
//! reload and documentation go by that one table.

mod catalogue;
mod kind;
mod value;
mod quantity;
mod nearest;
mod discord;

mod origin;
mod mistake;
mod file;
mod variables;

mod reader;
mod setting;
mod store;
mod presence;
mod app;

mod change;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use baton_model::{AppName, Capacity, FleetName, Tier, Version, Weight, Zone};

pub use self::{
    app::{AppConfig, Events, Op},
    catalogue::Effect,
    change::{Change, Difference, diff},
    mistake::{Mistake, Mistakes},
    origin::{FileLine, Origin},
    presence::{Activity, ActivityKind, Presence, Status},
    store::{StoreConfig, StorePlace, StoreSettings, StoreSettingsError},
};
use self::{
    file::File,
    origin::Key,
    reader::{Effective, Reader, Section},
    setting::Whole,
};
use crate::{instance::InstanceSettings, token::TokenSource};

/// A configuration without mistakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The fleet this instance belongs to.
    pub fleet: FleetName,
    /// Where the store is.
    pub store: StoreConfig,
    /// What the instance is.
    pub instance: InstanceConfig,
    /// Where health, status and metrics are served.
    pub listen: SocketAddr,
    /// How a line of the log is written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: LogLevel,
    /// How long a draining instance tries to hand its shards over.
    pub drain_limit: Duration,
    /// The share of the memory limit above which the instance drains itself.
    pub drain_at_memory_percent: u8,
    /// The apps it runs.
    pub apps: BTreeMap<AppName, AppConfig>,
    effective: BTreeMap<Key, Effective>,
}
