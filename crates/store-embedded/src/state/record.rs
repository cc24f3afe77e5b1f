//! A record: an item of a stream as its fields, whatever they say.

use baton_model::limits::DISPATCH_OVERHEAD_BYTES;
use baton_store::Entry;
use bytes::{Bytes, BytesMut};

use super::StreamItem;

/// Fields and their values, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record(Vec<(Bytes, Bytes)>);

impl Record {
    /// A record that shares no memory with what it was made of: that may be a part of something
    /// much larger, which it would keep alive.
    #[must_use]
    pub fn copied<'a>(fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut whole = BytesMut::new();
        let mut lengths = Vec::new();
        for (name, value) in fields {
            whole.extend_from_slice(name);
            whole.extend_from_slice(value);
            lengths.push((name.len(), value.len()));
        }
        let mut whole = whole.freeze();
        let fields = lengths.into_iter().map(|(name, value)| {
            let name = whole.split_to(name);
            (name, whole.split_to(value))
        });
        Self(fields.collect())
    }

    /// Its fields.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &(Bytes, Bytes)> {
        self.0.iter()
    }

    /// Its fields.
    #[must_use]
    pub fn into_fields(self) -> Vec<(Bytes, Bytes)> {
        self.0
    }
}

impl<const N: usize> From<[(&'static str, Bytes); N]> for Record {
    fn from(fields: [(&'static str, Bytes); N]) -> Self {
        let fields = fields.into_iter();
        Self(fields.map(|(name, value)| (Bytes::from_static(name.as_bytes()), value)).collect())
    }
}

impl From<&Entry> for Record {
    fn from(entry: &Entry) -> Self {
        Self::from(entry.encode())
    }
}

impl From<&Record> for Record {
    fn from(record: &Record) -> Self {
        record.clone()
    }
}

impl StreamItem for Record {
    fn bytes(&self) -> usize {
        let fields = self.0.iter().map(|(name, value)| name.len() + value.len());
        fields.sum::<usize>() + DISPATCH_OVERHEAD_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_its_fields_and_no_more() {
        let fields: [(&[u8], &[u8]); 3] = [(b"a", b"one"), (b"", b""), (b"a", b"two")];
        let record = Record::copied(fields);
        let read: Vec<_> = record.fields().map(|(name, value)| (&name[..], &value[..])).collect();
        assert_eq!(read, fields);
        assert_eq!(record.bytes(), 8 + DISPATCH_OVERHEAD_BYTES);
    }
}
