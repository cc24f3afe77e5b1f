//! What will be one object: lines of one lane and one hour, compressed as they come.
//!
//! Only what is compressed is held, and the ids that are to be acknowledged for it.

use std::io::Write;

use baton_consumer::LaneEntry;
use baton_model::StreamId;
use baton_store::Entry;
use bytes::Bytes;
use zstd::stream::write::Encoder;

use crate::{
    hour::Hour,
    line::{self, Unwritable},
    marks::Marks,
};

/// How hard is compressed: what zstd itself takes for a good middle.
const LEVEL: i32 = 3;

/// What is kept of an entry beside its line, roughly.
const ID_BYTES: usize = size_of::<StreamId>();

/// Lines of one lane and one hour.
pub struct Batch {
    hour: Hour,
    encoder: Encoder<'static, Vec<u8>>,
    line: Vec<u8>,
    lines_bytes: u64,
    entries: u64,
    span: Option<(StreamId, StreamId)>,
    acks: Vec<StreamId>,
    added: Marks,
}

/// A batch to which nothing is added any more.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The hour of all its entries.
    pub hour: Hour,
    /// The compressed lines.
    pub bytes: Bytes,
    /// How many bytes the lines were.
    pub lines_bytes: u64,
    /// How many entries it holds.
    pub entries: u64,
    /// The ids of the first and the last of them.
    pub span: (StreamId, StreamId),
    /// What is to be acknowledged once it is in the archive.
    pub acks: Vec<StreamId>,
    /// What is in the archive with it, and was not before.
    pub added: Marks,
}

impl Batch {
    /// One without entries.
    #[must_use]
    pub fn new(hour: Hour) -> Self {
        let begun = Encoder::new(Vec::new(), LEVEL).and_then(|mut encoder| {
            encoder.include_checksum(true)?;
            Ok(encoder)
        });
        let encoder = begun.unwrap_or_else(|error| unreachable!("it takes memory only: {error}"));
        let (line, acks, added) = (Vec::new(), Vec::new(), Marks::default());
        Self { hour, encoder, line, lines_bytes: 0, entries: 0, span: None, acks, added }
    }

    /// The hour of its entries.
    #[must_use]
    pub const fn hour(&self) -> Hour {
        self.hour
    }

    /// Whether an entry is in it.
    #[must_use]
    pub fn has(&self, at: &LaneEntry, entry: &Entry) -> bool {
        self.added.has(at, entry)
    }

    /// Adds an entry of its hour.
    ///
    /// # Errors
    /// If it cannot be a line; the batch is as it was then.
    pub fn add(&mut self, at: &LaneEntry, entry: &Entry) -> Result<(), Unwritable> {
        assert_eq!(Hour::of(at.id), self.hour, "entries of one hour");
        self.line.clear();
        line::write(&mut self.line, at)?;
        let written = self.encoder.write_all(&self.line);
        written.unwrap_or_else(|error| unreachable!("memory takes what is written: {error}"));
        self.lines_bytes += u64::try_from(self.line.len()).unwrap_or(u64::MAX);
        self.entries += 1;
        self.span = Some((self.span.map_or(at.id, |(first, _)| first), at.id));
        self.acks.push(at.id);
        self.added.note(at, entry);
        Ok(())
    }

    /// An entry that is in it has come again: it is acknowledged with the batch, and not before.
    pub fn repeat(&mut self, id: StreamId) {
        self.acks.push(id);
    }

    /// How many entries it holds or acknowledges.
    #[must_use]
    pub const fn acks(&self) -> usize {
        self.acks.len()
    }

    /// How many bytes its lines are.
    #[must_use]
    pub const fn lines_bytes(&self) -> u64 {
        self.lines_bytes
    }

    /// Bytes that it takes up in memory, roughly.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.encoder.get_ref().capacity() + self.line.capacity() + self.acks.len() * ID_BYTES
    }

    /// Closes it.
    #[must_use]
    pub fn seal(self) -> Sealed {
        let Self { hour, encoder, lines_bytes, entries, span, acks, added, .. } = self;
        let span = span.unwrap_or_default();
        let bytes = encoder.finish();
        let bytes =
            bytes.unwrap_or_else(|error| unreachable!("memory takes what is left: {error}"));
        Sealed { hour, bytes: bytes.into(), lines_bytes, entries, span, acks, added }
    }
}

/// What is written where an object will never be: it can be read, and holds nothing.
#[must_use]
pub fn void() -> Bytes {
    Batch::new(Hour(0)).seal().bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::dispatch;

    #[test]
    fn what_is_added_is_read_back_in_order() {
        let mut batch = Batch::new(Hour(0));
        let entries: Vec<_> = (1..=500).map(|id| dispatch(id, 0, 1, id)).collect();
        for (at, entry) in &entries {
            batch.add(at, entry).unwrap();
            assert!(batch.has(at, entry));
        }
        batch.repeat(entries[3].0.id);
        assert_eq!(batch.acks(), 501);
        let sealed = batch.seal();
        let text = zstd::decode_all(&sealed.bytes[..]).unwrap();
        assert_eq!(text.len() as u64, sealed.lines_bytes);
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let read: Vec<_> = lines.map(|line| line::read(line).unwrap()).collect();
        assert!(read.iter().eq(entries.iter().map(|(at, _)| at)));
        assert_eq!(sealed.entries, 500);
        assert_eq!(sealed.span, (entries[0].0.id, entries[499].0.id));
        let ids = entries.iter().map(|(at, _)| at.id).chain([entries[3].0.id]);
        assert!(sealed.acks.into_iter().eq(ids));
        assert!(sealed.bytes.len() < text.len() / 4, "it is compressed");
    }

    #[test]
    fn a_void_object_is_smaller_than_any_other_and_can_be_read() {
        assert_eq!(zstd::decode_all(&void()[..]).unwrap(), b"");
        let mut batch = Batch::new(Hour(0));
        let (at, entry) = dispatch(1, 0, 1, 1);
        batch.add(&at, &entry).unwrap();
        assert!(void().len() < batch.seal().bytes.len());
    }
}
