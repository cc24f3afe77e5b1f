//! What a simulated Discord wants done.

use bytes::Bytes;

use super::input::{ConnectionId, RequestId};

/// Something to carry out, in order. One about a connection that has ended meanwhile is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this text, compressed as the connection's query asked.
    Send {
        /// To whom.
        connection: ConnectionId,
        /// The JSON text.
        frame: Bytes,
    },
    /// Send a close frame, and end the connection when it is answered.
    Close {
        /// Whose.
        connection: ConnectionId,
        /// The code.
        code: u16,
        /// The text beside it.
        reason: &'static str,
    },
    /// End the TCP connection without a close frame.
    Drop {
        /// Whose.
        connection: ConnectionId,
    },
    /// Do not answer the upgrade; end the TCP connection.
    Refuse {
        /// Whose.
        connection: ConnectionId,
    },
    /// From here on read nothing from it and answer nothing, not even a close frame, until the
    /// client ends the TCP connection. What was sent before still goes out, the upgrade as well.
    Stall {
        /// Whose.
        connection: ConnectionId,
    },
    /// Spoil the compressed bytes of the next frame.
    Corrupt {
        /// Whose.
        connection: ConnectionId,
    },
    /// Answer a REST or admin request.
    Respond {
        /// Which one.
        request: RequestId,
        /// The status.
        status: u16,
        /// The header Retry-After, in seconds.
        retry_after_s: Option<u64>,
        /// The body, as JSON text.
        body: String,
    },
}

impl Output {
    /// The connection it is about; none for answers to requests.
    #[must_use]
    pub const fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Send { connection, .. }
            | Self::Close { connection, .. }
            | Self::Drop { connection }
            | Self::Refuse { connection }
            | Self::Stall { connection }
            | Self::Corrupt { connection } => Some(*connection),
            Self::Respond { .. } => None,
        }
    }
}
