//! A place for objects: a folder, or a bucket of S3 or of what speaks like it.
//!
//! What matters of a place is one thing: that of two writers who make an object of one name one is
//! refused. A place that cannot do that is not written to. Nothing is ever written over or removed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3Builder, S3ConditionalPut},
    local::LocalFileSystem,
    path::Path,
};
use thiserror::Error as ThisError;

use crate::{https::Https, layout::Layout};

/// What a place's seal holds.
const SEAL: &[u8] = b"{\"archive\":\"baton\",\"format\":1}\n";

/// How much of a server's answer is shown.
const SHOWN_CHARS_MAX: usize = 300;

/// A place for objects.
#[derive(Debug, Clone)]
pub struct Place {
    store: Arc<dyn ObjectStore>,
    name: String,
}

/// A bucket, and how to log in there.
#[derive(Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Where it is, if not at AWS.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// Who asks.
    pub key_id: String,
    /// The secret of who asks.
    pub secret: String,
}

/// What came of making an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is there, with these bytes; whoever made it first.
    There,
    /// There is another of this name.
    Other,
}

/// Why a place did not do what it was asked.
#[derive(Debug, ThisError)]
pub enum PlaceError {
    /// There is no such folder, or nothing may be done in it.
    #[error("folder {path} cannot be used: {source}; make it, and let this user write to it")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A bucket is described in a way that no client understands.
    #[error("{place} cannot be used: {because}")]
    Described {
        /// Which.
        place: String,
        /// Why.
        because: String,
    },
    /// There is no such bucket.
    #[error("{0} is not there; make it, or correct s3.bucket")]
    NoBucket(String),
    /// Nobody is let in with these keys.
    #[error(
        "{place} refuses the keys: {because}; correct s3.key_id and s3.secret, or their rights"
    )]
    Refused {
        /// Which.
        place: String,
        /// What it says.
        because: String,
    },
    /// It lets one writer write over what another one has written.
    #[error("{0} does not refuse to make an object twice (If-None-Match), and cannot be used")]
    Unconditional(String),
    /// What is there is something else.
    #[error("{place} holds something else at {path}; choose another prefix")]
    Foreign {
        /// Which.
        place: String,
        /// Where.
        path: String,
    },
    /// Something else did not work.
    #[error("{place}: {path}: {because}")]
    Failed {
        /// Which.
        place: String,
        /// What it was about.
        path: String,
        /// What the place says.
        because: String,
    },
}

impl Place {
    /// A folder that is there. What is written is on the disk when it is said to be.
    ///
    /// # Errors
    /// If there is none.
    pub fn folder(path: PathBuf) -> Result<Self, PlaceError> {
        let name = format!("folder {}", path.display());
        // The client would make a folder of a slip of the pen.
        if let Err(source) = std::fs::read_dir(&path) {
            return Err(PlaceError::Folder { path, source });
        }
        match LocalFileSystem::new_with_prefix(&path) {
            Ok(store) => Ok(Self { store: Arc::new(store.with_fsync(true)), name }),
            Err(error) => Err(PlaceError::Described { place: name, because: shown(&error) }),
        }
    }

    /// A bucket. Nobody is asked yet.
    ///
    /// # Errors
    /// If its description is none.
    pub fn bucket(bucket: Bucket) -> Result<Self, PlaceError> {
        let name = format!("bucket {}", bucket.name);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket.name)
            .with_region(bucket.region)
            .with_access_key_id(bucket.key_id)
            .with_secret_access_key(bucket.secret)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_http_connector(Https)
            // Whoever asks tries again, and says so.
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
        if let Some(endpoint) = bucket.endpoint {
            builder = builder.with_allow_http(endpoint.starts_with("http:"));
            builder = builder.with_endpoint(endpoint);
        }
        match builder.build() {
            Ok(store) => Ok(Self { store: Arc::new(store), name }),
            Err(error) => Err(PlaceError::Described { place: name, because: shown(&error) }),
        }
    }

    /// A place in memory, or one that fails, for tests.
    #[cfg(test)]
    pub(crate) fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, name: "memory".to_owned() }
    }

    /// Makes sure that the archive of an app can be written here, and by several at once.
    ///
    /// # Errors
    /// If not.
    pub async fn ensure_usable(&self, layout: &Layout) -> Result<(), PlaceError> {
        let seal = layout.seal();
        if self.create(&seal, Bytes::from_static(SEAL)).await? == Created::Other {
            let path = seal.to_string();
            return Err(PlaceError::Foreign { place: self.name.clone(), path });
        }
        // The same bytes, for whoever does not refuse them would write over what is there.
        let again = self.put_new(&seal, Bytes::from_static(SEAL)).await;
        match again {
            Err(Error::AlreadyExists { .. }) => Ok(()),
            Ok(()) => Err(PlaceError::Unconditional(self.name.clone())),
            Err(error) => Err(self.failed(&seal, &error)),
        }
    }

    /// Makes an object, unless there is one of its name. Repeating it changes nothing.
    ///
    /// # Errors
    /// If it is not known to be there.
    pub async fn create(&self, path: &Path, bytes: Bytes) -> Result<Created, PlaceError> {
        match self.put_new(path, bytes.clone()).await {
            Ok(()) => Ok(Created::There),
            // An answer may have been lost, and this be what an earlier attempt has made.
            Err(Error::AlreadyExists { .. }) => match self.read(path).await? == bytes {
                true => Ok(Created::There),
                false => Ok(Created::Other),
            },
            Err(error) => Err(self.failed(path, &error)),
        }
    }

    /// How many bytes an object has; none if there is none.
    ///
    /// # Errors
    /// If that cannot be told.
    pub async fn size(&self, path: &Path) -> Result<Option<u64>, PlaceError> {
        match self.store.head(path).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(path, &error)),
        }
    }

    /// An object's bytes.
    ///
    /// # Errors
    /// If they cannot be read, or there is none.
    pub async fn read(&self, path: &Path) -> Result<Bytes, PlaceError> {
        let failed = |error| self.failed(path, &error);
        self.store.get(path).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    /// The names of the folders and of the objects right in a folder.
    ///
    /// # Errors
    /// If it cannot be listed.
    pub async fn names(&self, folder: &Path) -> Result<(Vec<String>, Vec<String>), PlaceError> {
        let listed = self.store.list_with_delimiter(Some(folder)).await;
        let listed = listed.map_err(|error| self.failed(folder, &error))?;
        let last = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let objects = listed.objects.iter().map(|object| last(&object.location));
        Ok((listed.common_prefixes.iter().map(last).collect(), objects.collect()))
    }

    /// All objects below a folder.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub async fn below(&self, folder: &Path) -> Result<Vec<Path>, PlaceError> {
        let listed = self.store.list(Some(folder)).map_ok(|object| object.location);
        listed.try_collect().await.map_err(|error| self.failed(folder, &error))
    }

    async fn put_new(&self, path: &Path, bytes: Bytes) -> object_store::Result<()> {
        let payload = PutPayload::from_bytes(bytes);
        self.store.put_opts(path, payload, PutMode::Create.into()).await.map(drop)
    }

    fn failed(&self, path: &Path, error: &Error) -> PlaceError {
        let (place, path, because) = (self.name.clone(), path.to_string(), shown(error));
        let says = |codes: &[&str]| codes.iter().any(|code| because.contains(code));
        if says(&["NoSuchBucket"]) {
            return PlaceError::NoBucket(place);
        }
        let is_refused = matches!(error, Error::PermissionDenied { .. })
            || matches!(error, Error::Unauthenticated { .. })
            || says(&["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"]);
        match is_refused {
            true => PlaceError::Refused { place, because },
            false => PlaceError::Failed { place, path, because },
        }
    }
}

/// The longest pause between two attempts.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(10);

/// An error with everything that led to it, in one line of which the end may be missing.
fn shown(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut text = String::new();
    for cause in causes.map(ToString::to_string) {
        // Many repeat what led to them.
        if !text.contains(&cause) {
            text += if text.is_empty() { "" } else { ": " };
            text += &cause;
        }
    }
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(SHOWN_CHARS_MAX).collect()
}
