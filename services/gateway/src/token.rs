//! A bot's token, and where it comes from.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use thiserror::Error;

/// Whoever has it is the bot. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// An environment variable.
    Env(String),
    /// A file, read again when it changes.
    File(PathBuf),
}

/// A text that is no token source. What it says may be a token, so it is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a token source; expected env:NAME or file:PATH, never the token itself")]
pub struct TokenSourceError;

/// Why a source has no token.
#[derive(Debug, Error)]
pub enum TokenError {
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
    /// There is something, but no token.
    #[error("{0} holds no token: it is empty, or has characters that no token has")]
    NoToken(TokenSource),
}

impl Token {
    /// Takes a token, with or without the word `Bot` before it; none if it cannot be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("Bot ").unwrap_or(text);
        let is_plausible = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_plausible.then(|| Self(text.to_owned()))
    }

    /// The token itself, for Discord and nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TokenSource {
    /// Reads the token.
    ///
    /// # Errors
    /// If there is none, with the place to look at.
    pub fn read(&self) -> Result<Token, TokenError> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| TokenError::NotSet(name.clone()))?,
            Self::File(path) => read_file(path)?,
        };
        Token::new(&text).ok_or_else(|| TokenError::NoToken(self.clone()))
    }
}

fn read_file(path: &Path) -> Result<String, TokenError> {
    std::fs::read_to_string(path).map_err(|error| TokenError::File { path: path.to_owned(), error })
}

impl FromStr for TokenSource {
    type Err = TokenSourceError;

    fn from_str(text: &str) -> Result<Self, TokenSourceError> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            Some(_) | None => Err(TokenSourceError),
        }
    }
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_nowhere() {
        let token = Token::new(" Bot secret.token\n").unwrap();
        assert_eq!(token.reveal(), "secret.token");
        assert!(!format!("{token:?}").contains("secret"));
        let error = "secret.token".parse::<TokenSource>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
        for none in ["", " \n", "two words", "zeile\u{0}"] {
            assert_eq!(Token::new(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_source_says_where_it_found_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let source: TokenSource = format!("file:{}", path.display()).parse().unwrap();
        assert!(source.read().unwrap_err().to_string().contains("token: No such file"));
        std::fs::write(&path, "\n").unwrap();
        assert!(source.read().unwrap_err().to_string().ends_with("characters that no token has"));
        std::fs::write(&path, "abc\n").unwrap();
        assert_eq!(source.read().unwrap(), Token::new("abc").unwrap());
        let unset: TokenSource = "env:BATON_NO_SUCH_VARIABLE".parse().unwrap();
        let told = unset.read().unwrap_err().to_string();
        assert_eq!(told, "environment variable BATON_NO_SUCH_VARIABLE is not set");
    }
}
