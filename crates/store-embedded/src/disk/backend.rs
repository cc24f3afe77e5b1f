//! A file whose writes the operating system may keep to itself for as long as it likes.

use std::io;

use redb::{StorageBackend, backends::FileBackend};

/// [`Durability::Never`](crate::Durability::Never): every transaction is written, none is synced
/// before the file is closed. It has no locks of its own: the folder is locked.
#[derive(Debug)]
pub(super) struct UnsyncedFile(pub(super) FileBackend);

impl StorageBackend for UnsyncedFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        let synced = self.0.sync_data();
        self.0.close()?;
        synced
    }
}
