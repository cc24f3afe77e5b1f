//! The log: lines on standard error, whose level can be changed while it runs.

use tracing::Level;
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use crate::config::{LogFormat, LogLevel};

/// What libraries may say: their debug lines show what they send, and with it the token.
const OF_OTHERS: Level = Level::WARN;

/// A log that has been started.
pub(super) struct Logging {
    filter: reload::Handle<Targets, Registry>,
}

impl Logging {
    /// Starts it. In a process that logs already it goes there.
    pub(super) fn start(format: LogFormat, level: LogLevel) -> Self {
        let (filter, handle) = reload::Layer::new(targets(level));
        let lines = fmt::layer().with_writer(std::io::stderr);
        let lines = match format {
            LogFormat::Text => lines.with_ansi(false).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        // There is one per process.
        drop(tracing_subscriber::registry().with(filter).with(lines).try_init());
        super::log_panics();
        Self { filter: handle }
    }

    /// Logs this and worse from here on.
    pub(super) fn set_level(&self, level: LogLevel) {
        if let Err(error) = self.filter.reload(targets(level)) {
            tracing::error!(error = error.to_string(), "the log keeps its level");
        }
    }
}

fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(OF_OTHERS).with_target("baton", level)
}
