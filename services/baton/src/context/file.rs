//! The file of contexts: `$XDG_CONFIG_HOME/baton/config.toml`, or `~/.config/baton/config.toml`.
//!
//! A context names a store as a gateway's configuration does. Secrets are not in it, only where
//! they are.

use std::{
    collections::BTreeMap,
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::ContextError;

/// All contexts, and which is meant if nobody says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contexts {
    pub(crate) current: Option<String>,
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, Context>,
    #[serde(skip)]
    path: PathBuf,
}

/// One context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    pub(crate) fleet: Option<String>,
    pub(crate) store: StoreOptions,
}

/// A store, by the options that a gateway has for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreOptions {
    pub(crate) url: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) ca_file: Option<String>,
}

/// A context with its name.
#[derive(Debug, Clone)]
pub(crate) struct NamedContext {
    pub(crate) name: String,
    pub(crate) context: Context,
}

impl Contexts {
    /// Reads the file; one that is not there holds none.
    pub(crate) fn load() -> Result<Self, ContextError> {
        let path = place()?;
        let failed = |because: String| ContextError::File { path: path.clone(), because };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error.to_string())),
        };
        // The parser's words may quote a line, and somebody may have put a secret there.
        let wrong = |error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
            failed(format!("line {line}: {}", error.message()))
        };
        let contexts: Self = toml::from_str(&text).map_err(wrong)?;
        Ok(Self { path, ..contexts })
    }

    /// Writes the file: whole, or not at all; for nobody else to read.
    pub(crate) fn save(&self) -> Result<(), ContextError> {
        let failed = |error: std::io::Error| ContextError::File {
            path: self.path.clone(),
            because: error.to_string(),
        };
        let text = toml::to_string(self).unwrap_or_else(|error| unreachable!("{error}"));
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let beside = self.path.with_extension("toml.new");
        write_private(&beside, &text).map_err(failed)?;
        fs::rename(&beside, &self.path).map_err(failed)
    }

    pub(crate) fn named(&self, name: &str) -> Result<NamedContext, ContextError> {
        let found = self.contexts.get(name).cloned();
        let found = found.map(|context| NamedContext { name: name.to_owned(), context });
        found.ok_or_else(|| {
            let known: Vec<_> = self.contexts.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            ContextError::NoSuchContext { name: name.to_owned(), path: self.path.clone(), known }
        })
    }

    /// The context that is meant if nobody says.
    pub(crate) fn current(&self) -> Result<Option<NamedContext>, ContextError> {
        let named = env::var("BATON_CONTEXT").ok().filter(|name| !name.is_empty());
        named.or_else(|| self.current.clone()).map(|name| self.named(&name)).transpose()
    }
}

fn place() -> Result<PathBuf, ContextError> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")));
    let folder = folder.ok_or_else(|| ContextError::File {
        path: PathBuf::from("baton/config.toml"),
        because: "neither XDG_CONFIG_HOME nor HOME says where it is; set one".to_owned(),
    })?;
    Ok(folder.join("baton").join("config.toml"))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
