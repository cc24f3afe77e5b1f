//! A command on its way into the websocket.
//!
//! twilight takes any number of commands, says nothing of what becomes of them, and keeps what its
//! count of sends does not let through. So one is handed to it at a time, only when it would write
//! it with the very next poll; and that it did is seen from outside.

use std::task::Poll;

use twilight_gateway::{Message, Shard, error::ReceiveMessageError};

use super::permit::PermitDesk;

/// What is to be sent.
#[derive(Debug, Default)]
pub(super) enum Outgoing {
    /// Nothing.
    #[default]
    Nothing,
    /// It waits until twilight would write it.
    Waits(String),
    /// twilight has it, and could write so many more before.
    Handed {
        /// Sends that its count allowed.
        sends_left: u8,
    },
}

impl Outgoing {
    /// Takes a frame.
    pub(super) fn take(&mut self, frame: String) {
        assert!(matches!(self, Self::Nothing), "a command is sent while {self:?}");
        *self = Self::Waits(frame);
    }

    /// Gives up; says whether that was in time.
    pub(super) fn give_back(&mut self) -> bool {
        !matches!(std::mem::take(self), Self::Handed { .. })
    }

    /// Hands the frame to twilight, if it would write it with the next poll.
    pub(super) fn hand_to(&mut self, shard: &Shard<PermitDesk>) {
        let left = sends_left(shard);
        if left == 0 || !shard.state().is_identified() {
            return;
        }
        match std::mem::take(self) {
            Self::Waits(frame) => {
                shard.send(frame);
                *self = Self::Handed { sends_left: left };
            }
            other @ (Self::Nothing | Self::Handed { .. }) => *self = other,
        }
    }

    /// Whether the poll has written what was handed over. twilight reads only once it has written
    /// everything; and where it has read nothing, it has counted what it wrote.
    pub(super) fn is_written(
        &mut self,
        shard: &Shard<PermitDesk>,
        polled: &Poll<Option<Result<Message, ReceiveMessageError>>>,
    ) -> bool {
        let Self::Handed { sends_left: before } = *self else {
            return false;
        };
        let has_read = matches!(polled, Poll::Ready(Some(Ok(Message::Text(_)))));
        let has_counted = polled.is_pending() && sends_left(shard) < before;
        let is_written = has_read || has_counted;
        if is_written {
            *self = Self::Nothing;
        }
        is_written
    }
}

/// What twilight would still send on this connection; nothing where there is none.
fn sends_left(shard: &Shard<PermitDesk>) -> u8 {
    shard.ratelimiter().map_or(0, |count| count.available())
}
