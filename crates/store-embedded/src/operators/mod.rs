//! Operators of a store that another process has open: a socket in its folder.
//!
//! A connection is one question. The process says who it is, in a line that every version
//! understands; the operator asks, in a frame; the process answers, in a frame. What can be asked
//! is what [`ForOperators`](baton_store::ForOperators) has, and that the process end: nobody can be
//! an instance over it. The wire is no contract: both ends must be of one version.
//!
//! ```text
//! ◄── baton 0.1.0 main⏎
//! ──► length, kind, question       length: 4 bytes, of what follows it; kind: 1 question, 2 end
//! ◄── length, kind, answer         kind: 1 answer, 2 the store's error
//! ```
//!
//! The socket is its owner's only: by its mode, and by who is found at the other end. Whoever asks
//! nothing, or something that is no question, loses their connection, and nobody notices.

mod client;
mod frame;
mod place;
mod server;

pub use self::{
    client::{AttachError, Attached},
    server::{OperatorOptions, OperatorSocket},
};

/// The version whose wire this is.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is said to whom there is no room for.
const BUSY: &str = "busy";

/// What a question is, on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Question,
    End,
}

impl Asked {
    const fn code(self) -> u8 {
        match self {
            Self::Question => 1,
            Self::End => 2,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Question),
            2 => Some(Self::End),
            _ => None,
        }
    }
}

/// What an answer is, on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Answer,
    StoreError,
}

impl Answered {
    const fn code(self) -> u8 {
        match self {
            Self::Answer => 1,
            Self::StoreError => 2,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Answer),
            2 => Some(Self::StoreError),
            _ => None,
        }
    }
}
