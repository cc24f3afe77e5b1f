//! A new configuration for an instance that runs: what takes effect, and what does not.

use baton_model::Version;

use super::{Arguments, load, logging::Logging};
use crate::{
    config::{Config, Effect, diff},
    tuning::Tuning,
};

/// The configuration that holds, and how to read it again.
pub(super) struct Reloading {
    arguments: Arguments,
    config: Config,
    logging: Logging,
}

impl Reloading {
    pub(super) const fn new(arguments: Arguments, config: Config, logging: Logging) -> Self {
        Self { arguments, config, logging }
    }

    /// What the others are told that runs here.
    pub(super) const fn version(&self) -> Version {
        self.arguments.version
    }

    /// What holds now.
    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// Reads it again. With a mistake in it, everything stays as it was.
    pub(super) fn reload(&mut self, tuning: &Tuning) {
        let new = match load(&self.arguments) {
            Ok(new) => new,
            Err(mistakes) => {
                let mistakes = mistakes.to_string();
                tracing::error!(mistakes, "the configuration has mistakes; nothing has changed");
                return;
            }
        };
        let changes = diff(&self.config, &new);
        if changes.is_empty() {
            tracing::info!("the configuration is read again; nothing differs");
        }
        for change in changes {
            match change.effect {
                Effect::AtOnce => tracing::info!(%change, "reloaded"),
                Effect::Restart | Effect::NewSessions | Effect::WholeFleet => {
                    tracing::warn!(%change, "not reloaded");
                }
            }
        }
        self.config.take_over(&new);
        self.logging.set_level(self.config.log_level);
        tuning.set_memory(self.config.bounds());
        for (name, app) in &self.config.apps {
            tuning.set_app(name, app.tuning());
        }
    }
}
