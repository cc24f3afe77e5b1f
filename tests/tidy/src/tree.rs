//! A repository as the rules see it: its text files, read once.
//!
//! It walks the folder itself and does not ask git: a source archive has no history, and a file
//! that is not added yet should be judged before it is committed, not after.

use std::{cell::OnceCell, fs, io, os::unix::fs::PermissionsExt, path::Path, path::PathBuf};

use cargo_metadata::Metadata;

/// Folders that hold what tools made, and the trees that break rules on purpose.
const NOT_OURS: [&str; 7] =
    ["target", "node_modules", "__pycache__", ".git", ".terraform", ".venv", "tests/tidy/fixtures"];

/// A text file of a tree.
#[derive(Debug)]
pub struct TextFile {
    /// Where it is, relative to the root, with `/` between the parts.
    pub path: String,
    /// What stands in it; a link's text is that of its target.
    pub text: String,
    /// Whether it may be run.
    pub executable: bool,
}

/// A repository, or a fixture that looks like one.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    files: Vec<TextFile>,
    pub(crate) metadata: OnceCell<Result<Metadata, String>>,
}

impl Tree {
    /// Reads every text file under `root`, in the order of their paths.
    ///
    /// # Errors
    /// Where a folder or file cannot be read.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_owned(), files, metadata: OnceCell::new() })
    }

    /// The folder that was read.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every text file.
    #[must_use]
    pub fn files(&self) -> &[TextFile] {
        &self.files
    }

    /// The file at `path`, if it is there and holds text.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files whose name ends in `.extension`.
    pub fn with_extension(&self, extension: &str) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(move |file| file.extension() == Some(extension))
    }

    /// Whether `path` leads to anything at all: text or not, file or folder.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

impl TextFile {
    /// What follows the last dot of its name.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        Path::new(&self.path).extension()?.to_str()
    }

    /// Its lines, numbered from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    /// The folder it lies in; empty at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

fn read_folder(root: &Path, folder: &str, files: &mut Vec<TextFile>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if NOT_OURS.contains(&name.as_str()) || NOT_OURS.contains(&path.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            read_folder(root, &path, files)?;
        } else if let Some(file) = read_text(root, path)? {
            files.push(file);
        }
    }
    Ok(())
}

/// None for what is no text, and for links that lead to a folder or nowhere.
fn read_text(root: &Path, path: String) -> io::Result<Option<TextFile>> {
    let full = root.join(&path);
    if !full.is_file() {
        return Ok(None);
    }
    let executable = full.metadata()?.permissions().mode() & 0o111 != 0;
    let text = String::from_utf8(fs::read(full)?).ok();
    Ok(text.map(|text| TextFile { path, text, executable }))
}
