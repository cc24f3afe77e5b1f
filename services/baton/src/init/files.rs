//! New files: each whole or not at all, and none over what is there unless that is said.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
};

use crate::Failure;

/// A file that is to be there.
pub(super) struct NewFile {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// Writes them all, or none if one of them is there.
pub(super) fn write(folder: &Path, files: &[NewFile], may_replace: bool) -> Result<(), Failure> {
    let cannot = |error: io::Error| failed(folder, &error);
    fs::create_dir_all(folder).map_err(cannot)?;
    let there: Vec<_> = files
        .iter()
        .map(|file| folder.join(file.name))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() && !may_replace {
        return Err(Failure::Unsafe(format!("{} would be written over", there.join(", "))));
    }
    for file in files {
        let path = folder.join(file.name);
        put(&path, &file.text, may_replace).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

/// Has git leave a file alone. What its list holds already stays.
pub(super) fn ignore(folder: &Path, name: &str) -> Result<(), Failure> {
    let path = folder.join(".gitignore");
    let there = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(&path, &error)),
    };
    let line = format!("/{name}");
    if there.lines().any(|known| known.trim() == line || known.trim() == name) {
        return Ok(());
    }
    let break_before = if there.is_empty() || there.ends_with('\n') { "" } else { "\n" };
    let text = format!("{there}{break_before}{line}\n");
    put(&path, &text, true).map_err(|error| failed(&path, &error))
}

/// Under another name first, so that whoever looks sees the whole or nothing.
fn put(path: &Path, text: &str, may_replace: bool) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let moved = written.and_then(|()| match may_replace {
        true => fs::rename(&beside, path),
        // A link is never made over a file that somebody has made meanwhile.
        false => fs::hard_link(&beside, path),
    });
    if moved.is_err() || !may_replace {
        fs::remove_file(&beside)?;
    }
    moved
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Other(format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_has_made_meanwhile_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("baton.toml");
        fs::write(&path, "mine").expect("written");
        let refused = put(&path, "new", false).expect_err("it is there");
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        let files = fs::read_dir(folder.path()).expect("a folder").count();
        let kept = fs::read_to_string(&path).expect("it is there");
        assert_eq!((kept.as_str(), files), ("mine", 1), "and nothing is left beside it");
        put(&path, "new", true).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "new");
    }
}
