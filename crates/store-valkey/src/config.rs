//! What is needed to open a store.

use baton_model::FleetName;
use baton_valkey_link::{Place, StoreUrl};

/// Where the store is and as which fleet to use it.
#[derive(Debug, Clone)]
pub struct ValkeyConfig {
    /// The servers and how to log in.
    pub url: StoreUrl,
    /// The fleet.
    pub fleet: FleetName,
    /// Certificates to trust with TLS, as PEM; the web's roots if none.
    pub ca_pem: Option<Vec<u8>>,
}

impl ValkeyConfig {
    /// The store at this place, for this fleet.
    #[must_use]
    pub const fn new(url: StoreUrl, fleet: FleetName) -> Self {
        Self { url, fleet, ca_pem: None }
    }

    /// What it takes to connect.
    pub(crate) fn place(&self) -> Place<'_> {
        Place { url: &self.url, ca_pem: self.ca_pem.as_deref() }
    }
}
