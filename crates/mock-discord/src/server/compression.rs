//! Transport compression: one stream a connection, flushed after every frame.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression as Level, write::ZlibEncoder};
use tokio_websockets::Message;

use super::websocket::plain;

/// How frames of one connection go over the wire.
pub(super) struct Compression {
    encoder: Encoder,
    /// Is the next frame to be spoilt?
    is_next_corrupt: bool,
}

enum Encoder {
    None,
    Zlib(ZlibEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compression {
    /// What the query of the url asks for. What is unknown is not compressed: the machine closes
    /// that connection.
    pub(super) fn of(query: &str) -> Self {
        let asked = query.split('&').find_map(|pair| pair.strip_prefix("compress="));
        let encoder = match asked {
            Some("zlib-stream") => Encoder::Zlib(ZlibEncoder::new(Vec::new(), Level::fast())),
            Some("zstd-stream") => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), 1);
                Encoder::Zstd(encoder.unwrap_or_else(|error| unreachable!("level 1: {error}")))
            }
            Some(_) | None => Encoder::None,
        };
        Self { encoder, is_next_corrupt: false }
    }

    pub(super) fn corrupt_next(&mut self) {
        self.is_next_corrupt = true;
    }

    /// The frame as a message.
    pub(super) fn message(&mut self, frame: Bytes) -> Message {
        let mut bytes = match &mut self.encoder {
            Encoder::None => return plain(frame),
            Encoder::Zlib(encoder) => {
                write_all(encoder, &frame);
                std::mem::take(encoder.get_mut())
            }
            Encoder::Zstd(encoder) => {
                write_all(encoder, &frame);
                std::mem::take(encoder.get_mut())
            }
        };
        if std::mem::take(&mut self.is_next_corrupt) {
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
        }
        Message::binary(bytes)
    }
}

fn write_all(encoder: &mut impl Write, frame: &[u8]) {
    let written = encoder.write_all(frame).and_then(|()| encoder.flush());
    written.unwrap_or_else(|error| unreachable!("memory takes everything: {error}"));
}
