//! Where a secret is. The configuration names its place, and never holds it.

use std::{path::PathBuf, str::FromStr};

use thiserror::Error;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(PathBuf),
}

/// A text that names no place. It may be the secret itself, so it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the place of a secret; expected env:NAME or file:PATH")]
pub struct SourceError;

/// Why a place holds no secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("environment variable {0} is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Source {
    /// Reads the secret, without the line's end that editors leave.
    ///
    /// # Errors
    /// If there is none, with the place to look at.
    pub fn read(&self) -> Result<String, SecretError> {
        let text = match self {
            Self::Env(name) => {
                std::env::var(name).map_err(|_| SecretError::NotSet(name.clone()))?
            }
            Self::File(path) => {
                let failed = |error| SecretError::File { path: path.clone(), error };
                std::fs::read_to_string(path).map_err(failed)?
            }
        };
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && is_name(name) => {
                Ok(Self::Env(name.to_owned()))
            }
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            Some(_) | None => Err(SourceError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_its_place_and_is_no_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "hunter2\n").unwrap();
        let source: Source = format!("file:{}", path.display()).parse().unwrap();
        assert_eq!(source.read().unwrap(), "hunter2");
        for text in ["hunter2", "env:", "env:hunter-2", "file:"] {
            assert_eq!(text.parse::<Source>(), Err(SourceError), "{text}");
        }
    }
}
