//! Where the store is.

use std::path::PathBuf;

use baton_model::FleetName;
use baton_store_valkey::{StoreUrl, StoreUrlError, Topology, ValkeyConfig};
use thiserror::Error;

use super::{
    kind::Kind,
    mistake::Fault,
    reader::{Section, Setting},
    setting::{Text, text, wrong},
    value::Value,
};
use crate::token::{TokenError, TokenSource};

/// The section `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Which store.
    pub place: StorePlace,
    /// The ACL user, where the url has none.
    pub user: Option<String>,
    /// Where the password is, where the url has none.
    pub password: Option<TokenSource>,
    /// Certificates to trust with TLS.
    pub ca_file: Option<PathBuf>,
}

/// Which store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// Valkey, or what speaks like it.
    Valkey(StoreUrl),
    /// In the process, in this folder.
    Embedded(PathBuf),
}

/// What opens a store.
#[derive(Debug, Clone)]
pub enum StoreSettings {
    /// Valkey, or what speaks like it.
    Valkey(ValkeyConfig),
    /// In the process, in this folder.
    Embedded(PathBuf),
}

/// Why the store's secrets are not there.
#[derive(Debug, Error)]
pub enum StoreSettingsError {
    /// The password is not where it should be.
    #[error("the store's password is not there; put it where store.password says")]
    Password(#[source] TokenError),
    /// The certificates are not.
    #[error("store.ca_file {path} cannot be read; make it readable, or leave the option out")]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StoreConfig {
    /// Reads the section.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        let place = section.required("store.url");
        let user = section.optional::<Text>("store.user");
        let password = section.optional::<TokenSource>("store.password");
        let ca_file = section.optional::<PathBuf>("store.ca_file");
        if let Some(Some(source)) = &password {
            section.ensure_source("store.password", std::slice::from_ref(source));
        }
        let store = Self {
            place: place?,
            user: user?.map(|user| user.0),
            password: password?,
            ca_file: ca_file?,
        };
        store.judge(section);
        Some(store)
    }

    /// Notes what does not go together.
    fn judge(&self, section: &mut Section<'_, '_>) {
        let (unused, has_login) = match &self.place {
            StorePlace::Embedded(_) => (Some("is not used by an embedded store; remove it"), false),
            StorePlace::Valkey(url) => {
                (None, url.login.user.is_some() || url.login.password.is_some())
            }
        };
        let twice = has_login.then_some("is set, and store.url has a login as well; remove one");
        if let Some(because) = unused.or(twice) {
            for (name, is_set) in
                [("store.user", self.user.is_some()), ("store.password", self.password.is_some())]
            {
                if is_set {
                    section.does_not_go(name, because);
                }
            }
        }
        let plain = match &self.place {
            StorePlace::Valkey(url) if url.tls => None,
            StorePlace::Valkey(_) => Some("is not used without TLS; write valkeys… in store.url"),
            StorePlace::Embedded(_) => unused,
        };
        if let (Some(because), Some(_)) = (plain, &self.ca_file) {
            section.does_not_go("store.ca_file", because);
        }
        if self.user.is_some() && self.password.is_none() && unused.is_none() {
            section.does_not_go("store.user", "is set, but store.password is not; set both");
        }
    }

    /// Why this store cannot have streams for `@discordjs/brokers`, whose names lie in any slot.
    pub(super) const fn no_brokers(&self) -> Option<&'static str> {
        match &self.place {
            StorePlace::Embedded(_) => Some(
                "is not off, but an embedded store has no streams for @discordjs/brokers; set it \
                 to off, or use a Valkey",
            ),
            StorePlace::Valkey(StoreUrl { topology: Topology::Cluster(_), .. }) => Some(
                "is not off, but a Cluster cannot hold streams for @discordjs/brokers; set it to \
                 off, or use a Valkey that is none",
            ),
            StorePlace::Valkey(_) => None,
        }
    }

    /// What opens the store. Reads the password and the certificates.
    ///
    /// # Errors
    /// If one of them is not where it should be.
    pub fn settings(&self, fleet: FleetName) -> Result<StoreSettings, StoreSettingsError> {
        let mut url = match &self.place {
            StorePlace::Embedded(folder) => return Ok(StoreSettings::Embedded(folder.clone())),
            StorePlace::Valkey(url) => url.clone(),
        };
        if let Some(source) = &self.password {
            let password = source.read_text().map_err(StoreSettingsError::Password)?;
            url.login.password = Some(password);
            url.login.user.clone_from(&self.user);
        }
        let mut config = ValkeyConfig::new(url, fleet);
        if let Some(path) = &self.ca_file {
            let failed = |source| StoreSettingsError::Authorities { path: path.clone(), source };
            config.ca_pem = Some(std::fs::read(path).map_err(failed)?);
        }
        Ok(StoreSettings::Valkey(config))
    }
}

impl Setting for StorePlace {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        let text = text(value)?;
        match text.split_once("://") {
            Some(("embedded", "")) => Err(wrong()),
            Some(("embedded", folder)) => Ok(Self::Embedded(PathBuf::from(folder))),
            Some(_) | None => text.parse().map(Self::Valkey).map_err(|error| vec![fault(&error)]),
        }
    }

    fn shown(&self, _: &Value) -> String {
        match self {
            Self::Embedded(folder) => format!("\"embedded://{}\"", folder.display()),
            Self::Valkey(url) => format!("\"{}\"{}", url, login(url)),
        }
    }
}

/// The url's own words would show what stands in it, and that may be a password: anywhere, where
/// somebody has forgotten to encode one.
fn fault(error: &StoreUrlError) -> Fault {
    let about = match error {
        StoreUrlError::Scheme(_) => "its scheme is not known",
        StoreUrlError::NoScheme => "it has no scheme",
        StoreUrlError::Server(_) => "a server in it is neither host nor host:port",
        StoreUrlError::NoService => "it names no service",
        StoreUrlError::Trailing(_) => "it has something at its end that means nothing there",
        StoreUrlError::Encoding => "its user or password is not percent-encoded UTF-8",
    };
    Fault { about: Some(about.to_owned()), ..Fault::default() }
}

/// Says that there is a login which is not shown.
fn login(url: &StoreUrl) -> &'static str {
    let at_sentinels = match &url.topology {
        Topology::Sentinel { login, .. } => login.password.is_some(),
        Topology::Standalone(_) | Topology::Cluster(_) => false,
    };
    if url.login.password.is_some() || at_sentinels { " (with a password)" } else { "" }
}
