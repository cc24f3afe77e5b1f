//! The disk: one `redb` file that holds what the changes so far have come to.
//!
//! It decides nothing and repeats nothing. One transaction holds the changes of many operations,
//! each of them whole, so that after a crash at any moment the file holds the state behind some
//! operation, and under [`Durability::Always`] not before the last that was acknowledged.
//!
//! `redb` checks every page against a checksum, but may trip over a damaged one before it has
//! noticed; a panic of its is taken for the damage that it is. It also writes when it opens a file,
//! so which format that has is read from a file beside it first.

mod backend;
#[cfg(test)]
mod crash_test;
mod error;
mod folder;
mod table;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use redb::{Builder, Database, ReadableDatabase, StorageBackend, backends::FileBackend};

use crate::{
    Durability, OpenError,
    state::{Change, Retention, StoreState},
};
use backend::UnsyncedFile;
pub(crate) use error::DiskError;
use folder::Folder;
pub(crate) use folder::{file_in, moved_to, write_moved_to};
use table::{meta, put, read_all};

/// What `redb` may cache. Everything is in memory already; this is for the inner pages.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// An open file. The order matters: the folder is unlocked when the file is closed.
pub(crate) struct Disk {
    database: Database,
    _folder: Option<Folder>,
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
        match durability {
            Durability::Always | Durability::Every(_) => {
                Self::open_through(folder, retention, |file| file)
            }
            Durability::Never => Self::open_through(folder, retention, UnsyncedFile),
        }
    }

    /// Opens it with something between `redb` and the file.
    pub(crate) fn open_through<B: StorageBackend>(
        folder: &Path,
        retention: Retention,
        wrap: impl FnOnce(FileBackend) -> B,
    ) -> Result<(Self, Loaded), OpenError> {
        let opened = contained(|| {
            let locked = Folder::lock(folder)?;
            locked.ensure_known(meta::FORMAT)?;
            let file = FileBackend::new(locked.ensure_file()?)?;
            let says = || locked.ensure_says(meta::FORMAT);
            let (disk, loaded) = Self::over(wrap(file), retention, says)?;
            let _folder = Some(locked);
            Ok((Self { _folder, ..disk }, loaded))
        });
        opened.map_err(|error| open_error(error, file_in(folder)))
    }

    /// Opens what is there, and does that before anything of ours is written into it.
    fn over(
        backend: impl StorageBackend,
        retention: Retention,
        before_writing: impl FnOnce() -> Result<(), DiskError>,
    ) -> Result<(Self, Loaded), DiskError> {
        if backend.len().map_err(DiskError::Io)? == 0 {
            return Err(DiskError::Damaged("it is empty".to_owned()));
        }
        let mut builder = Builder::new();
        let mut database = builder.set_cache_size(CACHE_BYTES).create_with_backend(backend)?;
        // Opening alone trusts a file that was closed in order; this reads all of it once.
        database.check_integrity()?;
        meta::ensure_readable(&database)?;
        before_writing()?;
        let opening = meta::begin_opening(&database)?;
        let mut state = StoreState::new(retention);
        read_all(&database.begin_read()?, &mut state)?;
        let disk = Self { database, _folder: None };
        Ok((disk, Loaded { state, opening }))
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

/// What the caller of [`Disk::open`] is told.
fn open_error(error: DiskError, file: PathBuf) -> OpenError {
    match error {
        DiskError::InUse => OpenError::InUse { file },
        DiskError::Io(source) => OpenError::Io { path: file, source },
        DiskError::Damaged(found) => OpenError::Corrupt { file, found },
        DiskError::Newer(found) => OpenError::Newer { file, found, known: meta::FORMAT },
    }
}
