//! Why a command did not do what it was asked: one line that says what, where and what to do.

use baton_store::StoreError;
use thiserror::Error;

use crate::{Exit, context::ContextError};

/// Why a command did not do what it was asked.
#[derive(Debug, Error)]
pub enum Failure {
    /// Which store is meant is not known.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The store did not answer, or not as it should.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// No process runs where one was looked for.
    #[error("{0}")]
    NobodyThere(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It is so already, or somebody else was faster.
    #[error("{0}")]
    Conflict(String),
    /// It would hurt.
    #[error("{0}; --force does it all the same")]
    Unsafe(String),
    /// It would hurt, and nothing makes it right.
    #[error("{0}")]
    Refused(String),
    /// Nobody has said yes.
    #[error("{0}")]
    Unconfirmed(String),
    /// Words on the command line do not go together.
    #[error("{0}")]
    Usage(String),
    /// Waiting took too long.
    #[error("{0}")]
    TimedOut(String),
    /// What was found could not be written.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// Something else does not work.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// With which code the program ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Context(_) | Self::Usage(_) => Exit::Usage,
            Self::Store(_) | Self::NobodyThere(_) | Self::Write(_) | Self::Other(_) => Exit::Failed,
            Self::NotFound(_) => Exit::NotFound,
            Self::Conflict(_) => Exit::Conflict,
            Self::Unsafe(_) | Self::Refused(_) | Self::Unconfirmed(_) => Exit::Unsafe,
            Self::TimedOut(_) => Exit::TimedOut,
        }
    }
}
