//! What an operator has said the archiver is to do.
//!
//! One TOML file, variables that begin with `BATON_ARCHIVER_` over it, defaults under it. Every
//! mistake is reported together with the others. A secret is never part of it, only its place.

mod found;
mod options;
mod secret;

use std::{net::SocketAddr, num::NonZeroU16, path::PathBuf, time::Duration};

use baton_model::{AppName, FleetName, LaneCount, length};
use baton_valkey_link::StoreUrl;
use thiserror::Error;

pub use self::{
    found::{Mistakes, Reader},
    options::{OPTIONS, OptionEntry, reference},
    secret::{SecretError, Source, SourceError},
};
use crate::{
    lane::Bounds,
    place::{Bucket, Place, PlaceError},
};

/// A configuration without mistakes.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the streams are.
    pub store: StoreConfig,
    /// The fleet that runs the app.
    pub fleet: FleetName,
    /// Whose events are archived.
    pub app: AppName,
    /// The consumer group.
    pub group: String,
    /// How many lanes the app has; asked if none.
    pub lanes: Option<LaneCount>,
    /// Where objects are put.
    pub to: Destination,
    /// What their names begin with.
    pub prefix: String,
    /// How large they become.
    pub bounds: Bounds,
    /// How long an end may take.
    pub stop_limit: Duration,
    /// Where health and metrics are served.
    pub listen: SocketAddr,
    /// Whether the log is for programs.
    pub log_json: bool,
    /// What is logged.
    pub log_level: tracing::Level,
    /// Where a collector takes the log; none if it is not sent.
    pub otlp_logs_url: Option<String>,
}

/// Where the streams are.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The servers, as they were named.
    pub text: String,
    url: StoreUrl,
    user: Option<String>,
    password: Option<Source>,
    ca_file: Option<PathBuf>,
}

/// Where objects are put.
#[derive(Debug, Clone)]
pub enum Destination {
    /// Into a folder.
    Folder(PathBuf),
    /// Into a bucket.
    Bucket {
        /// Its name.
        name: String,
        /// Where it is, if not at AWS.
        endpoint: Option<String>,
        /// Its region.
        region: String,
        /// Where the key's id is.
        key_id: Source,
        /// Where the key is.
        secret: Source,
    },
}

/// Why something that the configuration names is not there.
#[derive(Debug, Error)]
pub enum MissingError {
    /// A secret.
    #[error("{option}: {source}")]
    Secret {
        /// Which option names it.
        option: &'static str,
        /// Why not.
        source: SecretError,
    },
    /// Certificates.
    #[error("store.ca_file {path}: {source}; make it readable, or leave the option out")]
    Authorities {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A place for objects.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Config {
    /// Reads what was found.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn read(mut reader: Reader) -> Result<Self, Mistakes> {
        let config = Self::take(&mut reader);
        reader.finish(config)
    }

    fn take(reader: &mut Reader) -> Option<Self> {
        let store = StoreConfig::take(reader);
        let fleet = reader.required("fleet", |text| text.parse().ok());
        let app = reader.required("app", |text| text.parse().ok());
        let group = reader.required("group", some_text);
        let lanes =
            reader.optional("lanes", |text| Some(LaneCount(text.parse::<NonZeroU16>().ok()?)));
        let to = Destination::take(reader);
        let prefix = reader.optional("archive.prefix", some_text);
        let bytes_max = reader.required("object.bytes_max", number(1_024, 1 << 30));
        let age_max = reader.required("object.age_max", time(1, 24 * 60 * 60));
        let memory = reader.required("memory.bytes_max", number(1_024, 1 << 36));
        let stop_limit = reader.required("stop.limit", time(1, 15 * 60));
        let listen = reader.required("http.listen", |text| text.parse().ok());
        let log_json = reader.required("log.format", |text| match text {
            "text" => Some(false),
            "json" => Some(true),
            _ => None,
        });
        let log_level = reader.required("log.level", |text| text.parse().ok());
        let otlp_logs_url = reader.optional("telemetry.otlp_logs_url", plain_url);
        let bounds = Bounds {
            bytes_max: bytes_max?,
            age_max: age_max?,
            memory_bytes_max: usize::try_from(memory?).ok()?,
        };
        Some(Self {
            store: store?,
            fleet: fleet?,
            app: app?,
            group: group?,
            lanes: lanes?,
            to: to?,
            prefix: prefix?.unwrap_or_default(),
            bounds,
            stop_limit: stop_limit?,
            listen: listen?,
            log_json: log_json?,
            log_level: log_level?,
            otlp_logs_url: otlp_logs_url?,
        })
    }
}

impl StoreConfig {
    fn take(reader: &mut Reader) -> Option<Self> {
        let url = reader.required("store.url", |text| Some((text.to_owned(), text.parse().ok()?)));
        let user = reader.optional("store.user", some_text);
        let password = reader.optional("store.password", |text| text.parse().ok());
        let ca_file = reader.optional("store.ca_file", |text| Some(text.into()));
        let (text, url) = url?;
        Some(Self { text, url, user: user?, password: password?, ca_file: ca_file? })
    }

    /// The url with its login.
    ///
    /// # Errors
    /// If the password is not where it should be.
    pub fn with_login(&self) -> Result<StoreUrl, MissingError> {
        let mut url = self.url.clone();
        if let Some(source) = &self.password {
            url.login.password = Some(secret("store.password", source)?);
            url.login.user.clone_from(&self.user);
        }
        Ok(url)
    }

    /// Certificates to trust, if any are named.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn authorities(&self) -> Result<Option<Vec<u8>>, MissingError> {
        let Some(path) = &self.ca_file else {
            return Ok(None);
        };
        let failed = |source| MissingError::Authorities { path: path.clone(), source };
        std::fs::read(path).map(Some).map_err(failed)
    }
}

impl Destination {
    fn take(reader: &mut Reader) -> Option<Self> {
        let folder = reader.optional("archive.folder", |text| Some(PathBuf::from(text)));
        let bucket = reader.optional("s3.bucket", some_text);
        let endpoint = reader.optional("s3.endpoint", plain_url);
        let region = reader.required("s3.region", some_text);
        let key_id = reader.optional("s3.key_id", |text| text.parse().ok());
        let secret = reader.optional("s3.secret", |text| text.parse().ok());
        match (folder?, bucket?) {
            (Some(folder), None) => Some(Self::Folder(folder)),
            (None, Some(name)) => {
                let (key_id, secret) = (key_id?, secret?);
                if key_id.is_none() || secret.is_none() {
                    reader.wrong("s3.bucket is set, but s3.key_id or s3.secret is not; set both");
                }
                let (key_id, secret) = (key_id?, secret?);
                Some(Self::Bucket { name, endpoint: endpoint?, region: region?, key_id, secret })
            }
            (None, None) => {
                reader.wrong("neither archive.folder nor s3.bucket is set; set one");
                None
            }
            (Some(_), Some(_)) => {
                reader.wrong("archive.folder and s3.bucket are both set; remove one");
                None
            }
        }
    }

    /// The place. Nobody is asked yet.
    ///
    /// # Errors
    /// If a key is not where it should be, or there is no such folder.
    pub fn place(&self) -> Result<Place, MissingError> {
        match self {
            Self::Folder(path) => Ok(Place::folder(path.clone())?),
            Self::Bucket { name, endpoint, region, key_id, secret: source } => {
                Ok(Place::bucket(Bucket {
                    name: name.clone(),
                    endpoint: endpoint.clone(),
                    region: region.clone(),
                    key_id: secret("s3.key_id", key_id)?,
                    secret: secret("s3.secret", source)?,
                })?)
            }
        }
    }
}

fn secret(option: &'static str, source: &Source) -> Result<String, MissingError> {
    source.read().map_err(|source| MissingError::Secret { option, source })
}

/// A url that may be shown.
fn plain_url(text: &str) -> Option<String> {
    let is_url = text.starts_with("https://") || text.starts_with("http://");
    (is_url && !text.contains('@')).then(|| text.trim_end_matches('/').to_owned())
}

fn some_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(least: u64, most: u64) -> impl Fn(&str) -> Option<u64> {
    move |text| text.replace('_', "").parse().ok().filter(|it| (least..=most).contains(it))
}

fn time(least_s: u64, most_s: u64) -> impl Fn(&str) -> Option<Duration> {
    let bounds = Duration::from_secs(least_s)..=Duration::from_secs(most_s);
    move |text| length::read(text).filter(|time| bounds.contains(time))
}

#[cfg(test)]
mod tests;
