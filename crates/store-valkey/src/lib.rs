//! The store on Valkey: standalone, Sentinel and Cluster; also on Redis from 7.0.
//!
//! Every atomic step is a function in Valkey itself (`functions/*.lua`), because only there is one
//! place and one time. This crate puts the arguments together, sends them, and reads the answers.
//! Two clients do that, each for what it is good at: `control` (fred) for what is rare,
//! `data` (redis) for events and commands. Both have their hidden retries off.

mod apps;
mod awaiting;
mod blocking;
mod brokers;
mod commands;
mod config;
mod conflicts;
mod control;
mod data;
mod diagnosis;
mod events;
mod hints;
mod identify;
mod intents;
mod journal;
mod lanes;
mod leases;
mod library;
mod majority;
mod membership;
mod planning;
mod reply;
mod reports;
mod safety;
mod sentinels;
mod stored_apps;
mod subscription;
mod tls;
mod transfer;

use std::sync::Arc;

use baton_model::FleetName;
use baton_store::StoreError;
use baton_valkey_link::redis_error;
use bytes::Bytes;

pub use baton_valkey_link::{Login, Server, StoreUrl, StoreUrlError, Topology};

pub use config::ValkeyConfig;
pub use diagnosis::{Diagnosis, ServerFacts};
pub use hints::HintHearing;
pub use membership::PresenceHold;

use awaiting::Awaiting;
use control::Control;
use data::Data;
use sentinels::Sentinels;

/// A handle on the store. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Valkey {
    inner: Arc<Inner>,
}

struct Inner {
    config: ValkeyConfig,
    control: Control,
    data: Data,
    sentinels: Option<Sentinels>,
    awaiting: Awaiting,
}

impl Valkey {
    /// Connects, refuses a server on which the promises cannot be kept, and loads the function
    /// library where it is missing or older.
    ///
    /// # Errors
    /// If the store cannot be reached, does not let us in, may evict keys, or belongs to a newer
    /// Baton. Nothing has been written then.
    pub async fn open(config: ValkeyConfig) -> Result<Self, StoreError> {
        let control = Control::connect(&config).await?;
        safety::ensure_safe(&control).await?;
        control.ensure_library().await?;
        let data = Data::new(&config)?;
        let sentinels = Sentinels::of(&config).map_err(|error| redis_error(&error))?;
        let awaiting = Awaiting::default();
        Ok(Self { inner: Arc::new(Inner { config, control, data, sentinels, awaiting }) })
    }

    /// Where this store is, without credentials.
    #[must_use]
    pub fn url(&self) -> &StoreUrl {
        &self.inner.config.url
    }

    /// Of which fleet.
    #[must_use]
    pub fn fleet(&self) -> &FleetName {
        &self.inner.config.fleet
    }

    fn control(&self) -> &Control {
        &self.inner.control
    }

    fn data(&self) -> &Data {
        &self.inner.data
    }

    fn awaiting(&self) -> &Awaiting {
        &self.inner.awaiting
    }

    fn sentinels(&self) -> Option<&Sentinels> {
        self.inner.sentinels.as_ref()
    }

    fn config(&self) -> &ValkeyConfig {
        &self.inner.config
    }
}

impl std::fmt::Debug for Valkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Valkey({})", self.url())
    }
}

/// An argument of a function: anything that has a text form.
fn arg(value: impl std::fmt::Display) -> Bytes {
    Bytes::from(value.to_string())
}
