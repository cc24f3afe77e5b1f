//! What can be wrong with the file.

use std::io;

use baton_store::StoreError;
use thiserror::Error;

/// Why the file could not be read or written.
#[derive(Debug, Error)]
pub(crate) enum DiskError {
    /// The operating system would not.
    #[error("the file cannot be read or written: {0}")]
    Io(io::Error),
    /// It does not hold what was written to it.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Another process, or another part of this one, has it open.
    #[error("the file is in use by another process")]
    InUse,
    /// A newer Baton has written it.
    #[error("the file has the newer format {0}")]
    Newer(u64),
}

impl From<redb::Error> for DiskError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the enum is another crate's and may grow; all the rest is about the content"
    )]
    fn from(error: redb::Error) -> Self {
        match error {
            // What does not come from the operating system, `redb` says of the file.
            redb::Error::Io(error) if error.raw_os_error().is_some() => Self::Io(error),
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            other => Self::Damaged(other.to_string()),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for DiskError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}
from_redb!(DatabaseError, TransactionError, TableError, StorageError, CommitError);

impl From<StoreError> for DiskError {
    fn from(error: StoreError) -> Self {
        Self::Damaged(error.to_string())
    }
}
