//! What a courier wants done.

use baton_model::StreamId;
use baton_shard::SocketId;
use baton_store::CommandOutcome;

/// Something to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write a frame.
    Send {
        /// Where.
        socket: SocketId,
        /// What.
        frame: String,
    },
    /// Tell a command's sender, if it waits, what became of it.
    Answer {
        /// Which command.
        command: StreamId,
        /// Under which name its sender waits; empty if it does not.
        reply_to: String,
        /// What became of it.
        outcome: CommandOutcome,
    },
    /// Keep the place up to which the shard has dealt with its commands. One such request is on
    /// its way at a time.
    Save(StreamId),
}
