//! One websocket client of a shard: twilight's, kept from doing anything by itself.
//!
//! twilight reconnects, resumes and waits by its own lights. Here it lives for one connection: it
//! is built from what the machine says, polled for as long as that connection lives, and dropped
//! with it. Between HELLO and [`proceed`](Socket::proceed) it is not polled at all, because the
//! next poll sends RESUME. Its wish to IDENTIFY comes out as an event, through the queue that
//! twilight asks.

mod dialer;
mod frame;
mod outgoing;
mod permit;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use baton_shard::{CloseCode, SocketEvent, SocketId};
use futures_util::Stream;
use twilight_gateway::{
    CloseFrame, Message, Shard, ShardState,
    error::{ReceiveMessageError, ReceiveMessageErrorType},
};

pub use self::dialer::{Dialer, DialerSettings};
use self::{frame::FrameReader, outgoing::Outgoing, permit::PermitDesk};

/// A connection to Discord, or the attempt at one.
#[derive(Debug)]
pub struct Socket {
    id: SocketId,
    shard: Shard<PermitDesk>,
    desk: PermitDesk,
    reader: FrameReader,
    stage: Stage,
    life: Life,
    /// Whether a close frame of ours is out, or will be with the next poll.
    is_parting: bool,
    outgoing: Outgoing,
    /// What came with the same poll that wrote a command, to be told next.
    kept: Option<SocketEvent>,
}

/// What comes out of a socket.
#[derive(Debug)]
pub enum Heard {
    /// Something happened, as the machine wants to know it.
    Event(SocketEvent),
    /// The command that was to be sent is written.
    Written,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// On its way to HELLO.
    Connecting,
    /// Greeted, and not polled.
    Held,
    /// Polled until it ends.
    Polled,
    /// Nothing more comes.
    Over,
}

/// What is known of the connection by twilight's own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// There has been none.
    Unborn,
    /// There is one.
    Up,
    /// There was one, or it is closing.
    Down,
}

impl Socket {
    fn new(id: SocketId, shard: Shard<PermitDesk>, parts: (PermitDesk, FrameReader)) -> Self {
        let (desk, reader) = parts;
        Self {
            id,
            shard,
            desk,
            reader,
            stage: Stage::Connecting,
            life: Life::Unborn,
            is_parting: false,
            outgoing: Outgoing::default(),
            kept: None,
        }
    }

    /// Which of the machine's sockets this is.
    #[must_use]
    pub const fn id(&self) -> SocketId {
        self.id
    }

    /// The next thing that happens. Losing the future loses nothing.
    pub async fn next(&mut self) -> Heard {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// What has happened already, if anything.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        if let Some(kept) = self.kept.take() {
            return Poll::Ready(Heard::Event(kept));
        }
        if matches!(self.stage, Stage::Held | Stage::Over) {
            return Poll::Pending;
        }
        self.outgoing.hand_to(&self.shard);
        let polled = Pin::new(&mut self.shard).poll_next(cx);
        let is_written = self.outgoing.is_written(&self.shard, &polled);
        let event = self.event_of(polled);
        if !is_written {
            return event.map(Heard::Event);
        }
        if let Poll::Ready(event) = event {
            self.kept = Some(event);
        }
        Poll::Ready(Heard::Written)
    }

    fn event_of(
        &mut self,
        polled: Poll<Option<Result<Message, ReceiveMessageError>>>,
    ) -> Poll<SocketEvent> {
        match polled {
            Poll::Ready(Some(Ok(Message::Text(text)))) => Poll::Ready(self.on_text(text)),
            Poll::Ready(Some(Ok(Message::Close(frame)))) => {
                let code = frame.map(|frame| frame.code);
                Poll::Ready(self.end(SocketEvent::Closed { code }))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(self.on_error(&error)),
            Poll::Ready(None) => Poll::Ready(self.end(SocketEvent::Closed { code: None })),
            Poll::Pending if self.is_beyond_its_connection() => {
                Poll::Ready(self.end(SocketEvent::Closed { code: None }))
            }
            Poll::Pending if self.desk.has_new_wish() => Poll::Ready(SocketEvent::PermitWanted),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Whether twilight has gone on to another connection. Of a TCP connection that just ends it
    /// says nothing: it makes a new one, and resumes there from what it has read itself.
    const fn is_beyond_its_connection(&mut self) -> bool {
        let is_down = matches!(self.shard.state(), ShardState::Disconnected { .. });
        let before = self.life;
        self.life = match (before, is_down) {
            (Life::Unborn, true) => Life::Unborn,
            (Life::Unborn | Life::Up, false) => Life::Up,
            (Life::Up | Life::Down, true) => Life::Down,
            (Life::Down, false) => return true,
        };
        // After a close frame twilight waits for the echo on the same connection.
        matches!((before, self.life), (Life::Up, Life::Down)) && !self.is_parting
    }

    /// Writes a command with the next poll at which twilight would let it through;
    /// [`Written`](Heard::Written) follows. One is taken at a time.
    pub fn send(&mut self, frame: String) {
        self.outgoing.take(frame);
    }

    /// Takes back what was to be sent. Says whether that was in time; else it may be written.
    pub fn take_back(&mut self) -> bool {
        self.outgoing.give_back()
    }

    /// Polls on after HELLO: RESUME goes out, or the wish for an IDENTIFY comes.
    pub const fn proceed(&mut self) {
        if matches!(self.stage, Stage::Held) {
            self.stage = Stage::Polled;
        }
    }

    /// Lets IDENTIFY go out, if it is still waited for.
    pub fn identify(&mut self) {
        self.desk.grant();
    }

    /// How long Discord took to answer the last heartbeat; none before the first.
    pub(crate) fn heartbeat(&self) -> Option<std::time::Duration> {
        self.shard.latency().recent().first().copied()
    }

    /// Sends a close frame, with the next poll.
    pub fn close(&mut self, code: CloseCode) {
        self.is_parting = true;
        self.shard.close(match code {
            CloseCode::Resumable => CloseFrame::RESUME,
            CloseCode::Ending => CloseFrame::NORMAL,
        });
    }

    fn on_text(&mut self, text: String) -> SocketEvent {
        let Some(event) = self.reader.read(text, &self.shard) else {
            // To go on would be to leave out a dispatch without a word.
            return self.end(SocketEvent::Closed { code: None });
        };
        match event {
            SocketEvent::Hello if self.stage == Stage::Connecting => {
                self.stage = Stage::Held;
                self.life = Life::Up;
            }
            // A second greeting is that of a second connection.
            SocketEvent::Hello => return self.end(SocketEvent::Closed { code: None }),
            // twilight sends its close frame by itself then.
            SocketEvent::ReconnectAsked | SocketEvent::InvalidSession { .. } => {
                self.is_parting = true;
            }
            SocketEvent::ConnectFailed
            | SocketEvent::PermitWanted
            | SocketEvent::PermitGranted
            | SocketEvent::Ready { .. }
            | SocketEvent::Dispatch(_)
            | SocketEvent::Frame
            | SocketEvent::Closed { .. } => {}
        }
        event
    }

    fn on_error(&mut self, error: &ReceiveMessageError) -> SocketEvent {
        tracing::debug!(socket = %self.id.0, error = error.to_string(), "a socket failed");
        if matches!(error.kind(), ReceiveMessageErrorType::Reconnect) {
            return self.end(SocketEvent::ConnectFailed);
        }
        // Spoilt bytes, or a frame that twilight cannot read: what it said is lost on this
        // connection, and comes again on the next.
        self.end(SocketEvent::Closed { code: None })
    }

    const fn end(&mut self, event: SocketEvent) -> SocketEvent {
        self.stage = Stage::Over;
        event
    }
}
