//! The store's folder: one process at a time, and a file that is there whole or not at all.
//!
//! | file | what it is |
//! |---|---|
//! | `baton.redb` | the store |
//! | `baton.redb.new` | one that is being made; what a crash left of it is thrown away |
//! | `format` | the format of the store, to be read before `redb`, which writes when it opens |
//! | `moved-to` | where the fleet has moved; nobody runs on a store that has it |
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

/// The name of the file that says where the fleet has moved.
const MOVED_TO: &str = "moved-to";

/// The name of the file that says which format the store has.
const FORMAT: &str = "format";

/// Where the fleet of this folder has moved; none if it has not.
pub(crate) fn moved_to(folder: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(MOVED_TO)) {
        Ok(to) => Ok(Some(to.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes down where the fleet of this folder moves: durable on return.
pub(crate) fn write_moved_to(folder: &Path, to: &str) -> io::Result<()> {
    put_line(folder, MOVED_TO, to)
}

/// Makes a file with one line, which is there whole or not at all; durable on return.
fn put_line(folder: &Path, name: &str, line: &str) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    fs::write(&new, format!("{line}\n"))?;
    File::open(&new)?.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()
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

    /// Refuses a store in a format that is newer than this, and writes nothing. One that does not
    /// say is judged by what is in it.
    pub(super) fn ensure_known(&self, known: u64) -> Result<(), DiskError> {
        match self.format()? {
            Some(found) if found > known => Err(DiskError::Newer(found)),
            Some(_) | None => Ok(()),
        }
    }

    /// Says which format the store has from here on: before anything is written in it.
    pub(super) fn ensure_says(&self, format: u64) -> Result<(), DiskError> {
        if self.format()? == Some(format) {
            return Ok(());
        }
        put_line(&self.path, FORMAT, &format.to_string()).map_err(DiskError::Io)
    }

    fn format(&self) -> Result<Option<u64>, DiskError> {
        let text = match fs::read_to_string(self.path.join(FORMAT)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(DiskError::Io(error)),
        };
        let no_number = |_| DiskError::Damaged("`format` beside it holds no number".to_owned());
        text.trim().parse().map(Some).map_err(no_number)
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
pub(crate) fn file_in(folder: &Path) -> PathBuf {
    folder.join("baton.redb")
}
