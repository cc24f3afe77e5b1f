//! Where the socket is.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

/// The socket's name in the store's folder.
const NAME: &str = "operators.sock";

/// A socket's address has room for so many bytes on every system, its end included.
const ADDRESS_BYTES_MAX: usize = 104;

/// The socket in this folder, as people know it.
pub(super) fn socket_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// A way to the socket that is short enough for an address. It lasts as long as this does.
pub(super) struct Way {
    pub(super) path: PathBuf,
    _folder: Option<File>,
}

impl Way {
    /// The way to the socket in this folder. A long one goes over the folder's descriptor.
    pub(super) fn to(folder: &Path) -> io::Result<Self> {
        let path = socket_in(folder);
        if path.as_os_str().len() < ADDRESS_BYTES_MAX {
            return Ok(Self { path, _folder: None });
        }
        let folder = File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }
}
