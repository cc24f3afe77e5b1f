//! Why a store could not be opened.

use std::{io, path::PathBuf};

use baton_store::StoreError;
use thiserror::Error;

/// Why a store could not be opened. Nothing on the disk was changed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder is missing and cannot be made, or its file may not be read or written.
    #[error("store {path:?} cannot be used; check the disk and the rights of this user")]
    Io {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Another process, or another part of this one, has it open.
    #[error("store {file:?} is in use by another process; stop that one or choose another folder")]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// It holds something else than was written to it, or was never a store.
    #[error("store {file:?} is damaged: {found}; restore the file or move it away to start empty")]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// Its fleet has moved away, and must not run in two places.
    #[error(
        "the fleet of store {folder:?} has moved to {to}; start it there, or finish the move with \
         `baton migrate-store`"
    )]
    Moved {
        /// The folder.
        folder: PathBuf,
        /// Where to.
        to: String,
    },
    /// A newer Baton has written it.
    #[error("store {file:?} has format {found}, this Baton knows {known}; upgrade this Baton")]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u64,
        /// The latest format that can be read.
        known: u64,
    },
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::Io { .. } | OpenError::InUse { .. } => Self::unavailable(error.to_string()),
            OpenError::Corrupt { file, found } => {
                Self::corrupt(file.display().to_string(), found.clone(), "what was written to it")
            }
            OpenError::Moved { .. } => Self::refused(error.to_string()),
            OpenError::Newer { .. } => Self::Newer { what: error.to_string() },
        }
    }
}
