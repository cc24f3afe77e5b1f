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

use crate::log_sender::LogSender;

/// What libraries may say: their debug lines show what they send, and with it the token.
const OF_OTHERS: Level = Level::WARN;

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Not at all: only a collector gets it.
    Unwritten,
}

/// The log of this process.
#[derive(Debug)]
pub struct Log {
    filter: reload::Handle<Targets, Registry>,
}

impl Log {
    /// Starts it. In a process that logs already it goes there.
    pub(crate) fn start(format: LogFormat, level: LevelFilter, sender: Option<&LogSender>) -> Self {
        let (filter, handle) = reload::Layer::new(targets(level));
        let lines = fmt::layer().with_writer(std::io::stderr);
        let lines = match format {
            LogFormat::Text => Some(lines.with_ansi(false).boxed()),
            LogFormat::Json => Some(lines.json().flatten_event(true).boxed()),
            LogFormat::Unwritten => None,
        };
        // There is one per process.
        let filtered = tracing_subscriber::registry().with(filter);
        drop(filtered.with(sender.and_then(LogSender::layer)).with(lines).try_init());
        log_panics();
        Self { filter: handle }
    }

    /// Logs this and worse from here on.
    pub fn set_level(&self, level: LevelFilter) {
        if let Err(error) = self.filter.reload(targets(level)) {
            tracing::error!(error = error.to_string(), "the log keeps its level");
        }
    }
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new().with_default(OF_OTHERS).with_target("baton", level)
}

/// A thread that panics says so in the log as well.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        tracing::error!(thread, %panic, "a bug: something has panicked");
        before(panic);
    }));
}
