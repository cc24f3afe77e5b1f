//! Counting messages at the least cost: the heads of frames are read, and nothing behind them.

use std::io;

use crate::client::Client;

/// How much is read at once.
const CHUNK: usize = 32 * 1_024;

impl Client {
    /// Takes what comes until the connection ends, and says each time how many messages ended.
    pub(crate) async fn count(self, mut counted: impl FnMut(Counted)) {
        let mut frames = Frames::default();
        while self.stream.readable().await.is_ok() {
            // Not kept while it waits: a thousand clients share the stack's.
            let mut chunk = [0; CHUNK];
            match self.stream.try_read(&mut chunk) {
                Ok(0) => return,
                Ok(length) => {
                    let messages = frames.pass(&chunk[..length]);
                    counted(Counted { messages, bytes: length as u64 });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}

/// What a read brought.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// Where in the frames a stream of bytes stands.
#[derive(Debug, Default)]
struct Frames {
    head: [u8; 10],
    head_length: usize,
    payload_left: u64,
}

impl Frames {
    /// Passes over bytes; how many frames ended in them.
    fn pass(&mut self, mut bytes: &[u8]) -> u64 {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.payload_left == 0 {
                self.head[self.head_length] = bytes[0];
                self.head_length += 1;
                bytes = &bytes[1..];
                if let Some(length) = self.payload_length() {
                    (self.payload_left, self.head_length) = (length, 0);
                    ended += u64::from(length == 0);
                }
                continue;
            }
            let skipped = self.payload_left.min(bytes.len() as u64);
            self.payload_left -= skipped;
            ended += u64::from(self.payload_left == 0);
            bytes = &bytes[usize::try_from(skipped).expect("a part of the bytes")..];
        }
        ended
    }

    /// The length of the payload, once the head is whole.
    fn payload_length(&self) -> Option<u64> {
        let head = &self.head[..self.head_length];
        match head.get(1)? {
            126 => Some(u64::from(u16::from_be_bytes(head.get(2..4)?.try_into().ok()?))),
            127 => Some(u64::from_be_bytes(head.get(2..10)?.try_into().ok()?)),
            short => Some(u64::from(*short)),
        }
    }
}
