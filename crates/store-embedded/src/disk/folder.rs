//! The store's folder: one process at a time, and a file that is there whole or not at all.
//!
//! | file | what it is |
//! |---|---|
//! | `baton.redb` | the store |
//! | `baton.redb.new` | one that is being made; what a crash left of it is thrown away |
//! | `lock` | empty, locked while the store is open; the kernel unlocks it when the process dies |

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use redb::Database;

use super::DiskError;

/// A folder that no other process may use until this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if there is none, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, DiskError> {
        fs::create_dir_all(path).map_err(DiskError::Io)?;
        let lock = File::create(path.join("lock")).map_err(DiskError::Io)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => DiskError::InUse,
            TryLockError::Error(error) => DiskError::Io(error),
        })?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The store's file; makes an empty one if there is none.
    pub(super) fn ensure_file(&self) -> Result<File, DiskError> {
        let path = file_in(&self.path);
        if !path.try_exists().map_err(DiskError::Io)? {
            self.make(&path)?;
        }
        let opened = File::options().read(true).write(true).open(path);
        opened.map_err(DiskError::Io)
    }

    /// `redb` cannot open what a crash left of making a file, so that happens under another name.
    fn make(&self, path: &Path) -> Result<(), DiskError> {
        let new = path.with_extension("redb.new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DiskError::Io(error))?,
            Ok(()) | Err(_) => {}
        }
        drop(Database::create(&new)?);
        let renamed = || {
            File::open(&new)?.sync_all()?;
            fs::rename(&new, path)?;
            // Or a power failure could take the name, and with it everything written since.
            File::open(&self.path)?.sync_all()
        };
        renamed().map_err(DiskError::Io)
    }
}

/// The store's file in this folder.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join("baton.redb")
}
