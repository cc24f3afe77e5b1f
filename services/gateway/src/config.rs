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
mod discord;
mod kind;
mod nearest;
mod value;

mod file;
mod mistake;
mod origin;
mod variables;

mod app;
mod brokers;
mod instance;
mod presence;
mod reader;
mod setting;
mod store;
mod stored_apps;
mod telemetry;

mod change;
mod reference;
mod template;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use baton_fleet::Company;
use baton_model::{
    AppName, FleetName, Version, length,
    limits::{DRAIN_MARGIN, RING_BYTES_MAX},
};
use baton_telemetry::TelemetrySettings;

pub(crate) use self::discord::knows_event;
pub use self::{
    app::{AppConfig, Events},
    catalogue::Effect,
    change::{Change, Difference, diff},
    instance::{InstanceConfig, LogFormat, LogLevel, ShowPage, Workers},
    mistake::{Mistake, Mistakes},
    origin::{FileLine, Origin},
    presence::{Activity, ActivityKind, Presence, Status},
    reference::reference,
    store::{StoreConfig, StorePlace, StoreSettings, StoreSettingsError},
    stored_apps::{StoredAppsConfig, check_stored_app, effect_of},
    telemetry::{CountMetrics, TelemetryConfig},
    template::{Chosen, template},
};
use self::{
    file::File,
    origin::Key,
    reader::{Effective, Reader},
    setting::Whole,
};
use crate::{instance::InstanceSettings, memory::Bounds, reporting::host_name};

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
    /// Whether the live page is served there too.
    pub page: ShowPage,
    /// How a line of the log is written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: LogLevel,
    /// How else the instance tells what it does.
    pub telemetry: TelemetryConfig,
    /// How long a draining instance tries to hand its shards over.
    pub drain_limit: Duration,
    /// The share of the memory limit above which the instance drains itself.
    pub drain_at_memory_percent: u8,
    /// What it lets apps in the store be; none if it runs none of them.
    pub stored_apps: Option<StoredAppsConfig>,
    /// The apps it runs.
    pub apps: BTreeMap<AppName, AppConfig>,
    effective: BTreeMap<Key, Effective>,
}

impl Config {
    /// Reads the file, if there is to be one, and the variables that begin with `BATON_`.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn load(
        path: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Mistakes> {
        Self::judge(File::read(path), &environment.collect())
    }

    /// Reads a file's text, and no variables.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn of_text(file: &str, text: &str) -> Result<Self, Mistakes> {
        Self::judge(File::parse(file, text), &BTreeMap::new())
    }

    fn judge(mut file: File, environment: &BTreeMap<String, String>) -> Result<Self, Mistakes> {
        let in_file = file.mistakes.len();
        variables::lay_over(&mut file, environment);
        let (apps, is_whole) = (std::mem::take(&mut file.apps), file.is_whole);
        let mut reader = Reader::new(file, environment);
        let config = Self::read(&mut reader, apps.into_iter().collect());
        let mut mistakes = reader.mistakes;
        if !is_whole {
            // What is missing may stand behind the slip that hides it.
            let rest = mistakes.split_off(in_file);
            let is_certain =
                |mistake: &Mistake| matches!(mistake.origin, Some(Origin::Variable(_)));
            mistakes.extend(rest.into_iter().filter(is_certain));
        }
        match config {
            Some(config) if mistakes.is_empty() => {
                Ok(Self { effective: reader.effective, ..config })
            }
            Some(_) | None => {
                mistakes.sort_by_key(Mistake::place);
                Err(Mistakes(mistakes))
            }
        }
    }

    fn read(reader: &mut Reader, names: BTreeSet<AppName>) -> Option<Self> {
        let section = &mut reader.instance();
        let fleet = section.required("fleet");
        let store = StoreConfig::read(section);
        let instance = InstanceConfig::read(section);
        let listen = section.required("http.listen");
        let page = section.required("http.page");
        let log_format = section.required("log.format");
        let log_level = section.required("log.level");
        let telemetry = TelemetryConfig::read(section);
        let drain_limit = section.required("drain.limit");
        let kill_timeout = section.optional::<Duration>("drain.kill_timeout");
        let drain_at = section.required::<Whole>("memory.drain_at_percent");
        let mut stored_apps = StoredAppsConfig::read(section);
        let no_brokers = store.as_ref().and_then(StoreConfig::no_brokers);
        if let Some(Some(stored_apps)) = &mut stored_apps {
            stored_apps.no_brokers = no_brokers;
        }
        if let (Some(limit), Some(Some(timeout))) = (drain_limit, kill_timeout) {
            reader.mistakes.extend(impatience(limit, timeout));
        }
        if names.is_empty() && !matches!(stored_apps, Some(Some(_))) {
            let what = "no app is configured; expected a section [apps.<name>] for each";
            reader.mistakes.push(Mistake::together(None, what));
        }
        let read = |name: AppName| {
            let app = AppConfig::read(&mut reader.app(&name));
            (name, app)
        };
        // All of them are read before the first faulty one ends it.
        let apps: Vec<_> = names.into_iter().map(read).collect();
        brokers::judge(reader, &apps, no_brokers);
        let apps = apps.into_iter().map(|(name, app)| Some((name, app?)));
        Some(Self {
            apps: apps.collect::<Option<_>>()?,
            fleet: fleet?,
            store: store?,
            instance: instance?,
            listen: listen?,
            page: page?,
            log_format: log_format?,
            log_level: log_level?,
            telemetry: telemetry?,
            drain_limit: drain_limit?,
            drain_at_memory_percent: drain_at?.0,
            stored_apps: stored_apps?,
            effective: BTreeMap::new(),
        })
    }

    /// What the instance is told.
    #[must_use]
    pub fn settings(&self, version: Version) -> InstanceSettings {
        InstanceSettings {
            name: self.instance.name.clone().unwrap_or_else(host_name),
            tier: self.instance.tier,
            zone: self.instance.zone.clone(),
            weight: self.instance.weight,
            capacity: self.instance.capacity,
            version,
            bounds: self.bounds(),
            ring_bytes_max: RING_BYTES_MAX,
            apps: self.apps.iter().map(|(name, app)| app.settings(name.clone())).collect(),
            stored_apps: self.stored_apps.clone(),
            company: self.company(),
            instruments: self.telemetry.instruments(),
        }
    }

    /// An embedded store is open in one process, and this one runs one instance.
    const fn company(&self) -> Company {
        match self.store.place {
            StorePlace::Embedded(_) => Company::Together(1),
            StorePlace::Valkey(_) => Company::Anybody,
        }
    }

    /// How the process tells what it does.
    #[must_use]
    pub fn telemetry_settings(&self) -> TelemetrySettings {
        let name = self.instance.name.clone().unwrap_or_else(host_name);
        TelemetrySettings {
            service: "baton-gateway",
            instance: name.as_str().to_owned(),
            format: self.log_format.into(),
            level: self.log_level.into(),
            otlp_url: self.telemetry.otlp_url.clone(),
            otlp_logs_url: self.telemetry.otlp_logs_url.clone(),
        }
    }

    /// Within which bounds of memory it stays.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { share_percent: self.drain_at_memory_percent, drain_limit: self.drain_limit }
    }

    /// What holds, an option a line, each with where it was found. Secrets are not in it.
    #[must_use]
    pub fn describe(&self) -> String {
        let line = |(key, effective): (&Key, &Effective)| {
            let shown = match &effective.shown {
                Some(value) => format!("{key} = {value}"),
                None => format!("{key} is not set"),
            };
            format!("{shown}  # {}\n", effective.origin)
        };
        self.effective.iter().map(line).collect()
    }
}

/// What is wrong with a supervisor that kills an instance before its drain is through.
fn impatience(limit: Duration, kill_timeout: Duration) -> Option<Mistake> {
    let what = format!(
        "drain.kill_timeout = {}; expected more than drain.limit ({}) and {} to let go: have it \
            waited for longer, or lower drain.limit",
        length::written(kill_timeout),
        length::written(limit),
        length::written(DRAIN_MARGIN),
    );
    (kill_timeout <= limit + DRAIN_MARGIN).then(|| Mistake::together(None, what))
}
