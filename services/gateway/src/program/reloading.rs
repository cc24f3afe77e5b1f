//! A new configuration for an instance that runs: what takes effect, and what does not.

use std::sync::Arc;

use baton_model::Version;
use baton_telemetry::Telemetry;

use super::{Arguments, load};
use crate::{
    config::{Config, Effect, diff},
    tuning::Tuning,
};

/// The configuration that holds, and how to read it again.
pub(super) struct Reloading {
    arguments: Arguments,
    config: Config,
    telemetry: Arc<Telemetry>,
}

impl Reloading {
    pub(super) const fn new(
        arguments: Arguments,
        config: Config,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        Self { arguments, config, telemetry }
    }

    /// What the process tells with.
    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
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
        self.telemetry.log().set_level(self.config.log_level.into());
        tuning.set_memory(self.config.bounds());
        for (name, app) in &self.config.apps {
            tuning.set_app(name, app.tuning());
        }
    }
}
