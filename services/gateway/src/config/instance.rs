//! What the instance itself is to be.

use std::num::NonZeroUsize;

use baton_model::{Capacity, Line, Tier, Weight, Zone};
use baton_telemetry::LevelFilter;

use super::{
    kind::Kind,
    mistake::Fault,
    reader::{Section, Setting},
    setting::{number, text, word, wrong},
    value::Value,
};

/// The section `[instance]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceConfig {
    /// By what name operators know it; its host's if none.
    pub name: Option<Line>,
    /// Its failure domain.
    pub zone: Zone,
    /// Its line of defence.
    pub tier: Tier,
    /// Its share.
    pub weight: Weight,
    /// Its limit.
    pub capacity: Capacity,
    /// Threads that run its shards.
    pub workers: Workers,
}

/// How many threads run shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// One for each core.
    Auto,
    /// Just so many.
    Fixed(NonZeroUsize),
}

/// Whether the live page of the fleet is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowPage {
    /// To whoever may ask for health and status.
    On,
    /// To nobody.
    Off,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What is logged: this and worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What somebody must do something about.
    Error,
    /// What may wake someone.
    Warn,
    /// What happens.
    Info,
    /// Why it happens.
    Debug,
    /// Every dispatch.
    Trace,
}

const PAGE: [(&str, ShowPage); 2] = [("on", ShowPage::On), ("off", ShowPage::Off)];

const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

const LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

impl From<LogFormat> for baton_telemetry::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl InstanceConfig {
    /// Reads the section.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        let name = section.optional("instance.name");
        let zone = section.required("instance.zone");
        let tier = section.required("instance.tier");
        let weight = section.required("instance.weight");
        let capacity = section.required("instance.capacity");
        let workers = section.required("instance.workers");
        Some(Self {
            name: name?,
            zone: zone?,
            tier: tier?,
            weight: weight?,
            capacity: capacity?,
            workers: workers?,
        })
    }
}

impl Setting for Line {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        text(value)?.parse().ok().filter(|line: &Self| !line.as_str().is_empty()).ok_or_else(wrong)
    }
}

impl Setting for Workers {
    fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>> {
        if text(value).is_ok_and(|text| text == "auto") {
            return Ok(Self::Auto);
        }
        let count = usize::try_from(number(value, kind)?).map_err(|_| wrong())?;
        count.try_into().map(Self::Fixed).map_err(|_| wrong())
    }
}

impl Setting for ShowPage {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        word(value, &PAGE)
    }
}

impl Setting for LogFormat {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        word(value, &FORMATS)
    }
}

impl Setting for LogLevel {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        word(value, &LEVELS)
    }
}
