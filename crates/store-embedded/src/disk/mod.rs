//! The disk: one `redb` file that holds what the changes so far have come to.
//!
//! It decides nothing and repeats nothing. One transaction holds the changes of many operations,
//! each of them whole, so that after a crash at any moment the file holds the state behind some
//! operation, and under [`Durability::Always`] not before the last that was acknowledged.
//!
//! `redb` checks every page against a checksum, but may trip over a damaged one before it has
//! noticed; a panic of its is taken for the damage that it is.

mod backend;
#[cfg(test)]
mod crash_test;
mod error;
mod table;

use std::{
    fs::{self, File, OpenOptions},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use redb::{Builder, Database, ReadableDatabase, StorageBackend, backends::FileBackend};

use crate::{
    Durability, OpenError,
    state::{Change, Retention, StoreState},
};
use backend::UnsyncedFile;
pub(crate) use error::DiskError;
use table::{meta, put, read_all};

/// The file in the store's folder.
const FILE_NAME: &str = "baton.redb";

/// What `redb` may cache. Everything is in memory already; this is for the inner pages.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// An open file.
pub(crate) struct Disk {
    database: Database,
}

/// What an open file held.
pub(crate) struct Loaded {
    /// The state behind the last operation that reached it.
    pub(crate) state: StoreState,
    /// How often the file was opened so far: it tells this process from the one before.
    pub(crate) opening: u64,
}

impl Disk {
    /// Opens the store in this folder; makes it if there is none.
    pub(crate) fn open(
        folder: &Path,
        durability: Durability,
        retention: Retention,
    ) -> Result<(Self, Loaded), OpenError> {
        let file = folder.join(FILE_NAME);
        let opened = open_file(folder, &file).map_err(|source| OpenError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let backend = FileBackend::new(opened).map_err(|error| open_error(error.into(), &file))?;
        match durability {
            Durability::Always | Durability::Every(_) => Self::over(backend, &file, retention),
            Durability::Never => Self::over(UnsyncedFile(backend), &file, retention),
        }
    }

    /// Opens the store on this backend; `file` is for errors.
    fn over(
        backend: impl StorageBackend,
        file: &Path,
        retention: Retention,
    ) -> Result<(Self, Loaded), OpenError> {
        contained(|| load(backend, retention)).map_err(|error| open_error(error, file))
    }

    /// Writes these changes, all or none; returns when they are durable.
    pub(crate) fn commit<'a>(
        &self,
        changes: impl IntoIterator<Item = &'a Change>,
    ) -> Result<(), DiskError> {
        let commit = || {
            let transaction = self.database.begin_write()?;
            put(&transaction, changes)?;
            transaction.commit()?;
            Ok(())
        };
        contained(commit)
    }
}

/// Does something with a file that may be damaged in ways that `redb` does not expect.
fn contained<T>(work: impl FnOnce() -> Result<T, DiskError>) -> Result<T, DiskError> {
    // What a panic leaves half-done is the database, and that is dropped over the error.
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(DiskError::Damaged("a page makes no sense".to_owned())))
}

fn open_file(folder: &Path, file: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)?;
    // Or a power failure could take the file's name, and with it everything in it.
    File::open(folder)?.sync_all()?;
    Ok(opened)
}

fn load(backend: impl StorageBackend, retention: Retention) -> Result<(Disk, Loaded), DiskError> {
    let mut builder = Builder::new();
    let mut database = builder
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(backend)?;
    // Opening alone trusts a file that was closed in order; this reads all of it once.
    database.check_integrity()?;
    let opening = meta::begin_opening(&database)?;
    let mut state = StoreState::new(retention);
    read_all(&database.begin_read()?, &mut state)?;
    Ok((Disk { database }, Loaded { state, opening }))
}

/// What the caller of [`Disk::open`] is told.
fn open_error(error: DiskError, file: &Path) -> OpenError {
    let file = file.to_owned();
    match error {
        DiskError::InUse => OpenError::InUse { file },
        DiskError::Io(source) => OpenError::Io { path: file, source },
        DiskError::Damaged(found) => OpenError::Corrupt { file, found },
        DiskError::Newer(found) => OpenError::Newer {
            file,
            found,
            known: meta::FORMAT,
        },
    }
}
