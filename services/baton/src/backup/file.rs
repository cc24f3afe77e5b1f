//! Where a backup is: a file that nobody else may read, or standard output and input.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// What means standard output, or input.
const STANDARD: &str = "-";

/// Writes it: whole or not at all, and so that it outlives a power failure.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    if file == Path::new(STANDARD) {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        return stdout.flush();
    }
    let Some(name) = file.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"));
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.new", std::process::id()));
    let beside = file.with_file_name(hidden);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = write_new(&beside, text)
        .and_then(|()| fs::rename(&beside, file))
        .and_then(|()| File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
    if written.is_err() {
        // It may not even have been made; what went wrong first is what counts.
        drop(fs::remove_file(&beside));
    }
    written
}

/// Reads it.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    if file != Path::new(STANDARD) {
        return fs::read_to_string(file);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_is_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fleet.json");
        fs::write(&file, "an older one, longer than what comes").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        write(&file, "a backup").unwrap();
        assert_eq!(read(&file).unwrap(), "a backup");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("fleet.json");
        fs::create_dir(&taken).unwrap();
        assert!(write(&taken, "a backup").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("no/such/folder"), "a backup").is_err());
        assert!(write(Path::new(".."), "a backup").is_err());
    }
}
