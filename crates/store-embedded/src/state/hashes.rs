//! Hashes that consumers write: what those that lease lanes among themselves say to each other (who
//! lives, who holds what), and what all of them tell operators of their handlers.
//!
//! They are no part of the state, and never on the disk. A lease of theirs outlives no restart of
//! the store, and need not: whoever held a lane writes it back under its number, unless somebody
//! was granted a larger one first, and those begin with the store's time. A report is written anew
//! every few seconds.

use std::collections::BTreeMap;

use baton_model::limits::{
    CONSUMER_REPORTS_BYTES_MAX, DISPATCH_OVERHEAD_BYTES, READER_HASHES_BYTES_MAX,
};
use bytes::Bytes;

/// All hashes of consumers. Each kind has room of its own.
#[derive(Debug)]
pub struct KeptHashes {
    readers: KeptHash,
    handlers: KeptHash,
}

impl Default for KeptHashes {
    fn default() -> Self {
        Self {
            readers: KeptHash::with_room(READER_HASHES_BYTES_MAX),
            handlers: KeptHash::with_room(CONSUMER_REPORTS_BYTES_MAX),
        }
    }
}

/// What a hash of consumers is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashOf {
    /// For leasing lanes.
    Readers,
    /// For telling operators of handlers.
    Handlers,
}

impl KeptHashes {
    /// The hashes of one kind.
    #[must_use]
    pub const fn of(&self, kind: HashOf) -> &KeptHash {
        match kind {
            HashOf::Readers => &self.readers,
            HashOf::Handlers => &self.handlers,
        }
    }

    /// The hashes of one kind, to change them.
    pub const fn of_mut(&mut self, kind: HashOf) -> &mut KeptHash {
        match kind {
            HashOf::Readers => &mut self.readers,
            HashOf::Handlers => &mut self.handlers,
        }
    }
}

/// Hashes of one kind, by their keys.
#[derive(Debug)]
pub struct KeptHash {
    hashes: BTreeMap<Bytes, BTreeMap<Bytes, Bytes>>,
    bytes: usize,
    bytes_max: usize,
}

/// There is no room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl KeptHash {
    const fn with_room(bytes_max: usize) -> Self {
        Self { hashes: BTreeMap::new(), bytes: 0, bytes_max }
    }

    /// A field of a hash.
    #[must_use]
    pub fn get(&self, key: &[u8], field: &[u8]) -> Option<&Bytes> {
        self.hashes.get(key)?.get(field)
    }

    /// All fields of a hash, ordered by name.
    pub fn all(&self, key: &[u8]) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.hashes.get(key).into_iter().flatten()
    }

    /// Sets a field, and says whether it is new.
    ///
    /// # Errors
    /// [`Full`], and nothing has changed.
    pub fn set(&mut self, key: &Bytes, field: &Bytes, value: &Bytes) -> Result<bool, Full> {
        let before = self.get(key, field).map_or(0, |before| cost(field, before));
        let bytes = self.bytes - before + cost(field, value);
        if bytes > self.bytes_max && bytes > self.bytes {
            return Err(Full);
        }
        self.bytes = bytes;
        let hash = self.hashes.entry(key.clone()).or_default();
        Ok(hash.insert(field.clone(), value.clone()).is_none())
    }

    /// Removes a field, and says whether it was there. A hash without fields does not exist.
    pub fn remove(&mut self, key: &[u8], field: &[u8]) -> bool {
        let Some(hash) = self.hashes.get_mut(key) else {
            return false;
        };
        let Some((field, value)) = hash.remove_entry(field) else {
            return false;
        };
        if hash.is_empty() {
            self.hashes.remove(key);
        }
        self.bytes -= cost(&field, &value);
        true
    }
}

fn cost(field: &Bytes, value: &Bytes) -> usize {
    field.len() + value.len() + DISPATCH_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"baton:{bot}:readers:group";

    fn set(kept: &mut KeptHash, field: &'static str, value: Vec<u8>) -> Result<bool, Full> {
        kept.set(&Bytes::from_static(KEY), &Bytes::from_static(field.as_bytes()), &value.into())
    }

    #[test]
    fn a_field_is_what_was_said_of_it_last() {
        let mut kept = KeptHashes::default().readers;
        assert_eq!(set(&mut kept, "a", b"1".to_vec()), Ok(true));
        assert_eq!(set(&mut kept, "a", b"22".to_vec()), Ok(false));
        assert_eq!(kept.get(KEY, b"a").map(|value| &value[..]), Some(&b"22"[..]));
        assert!(kept.remove(KEY, b"a"));
        assert!(!kept.remove(KEY, b"a"));
        assert_eq!((kept.all(KEY).count(), kept.bytes, kept.hashes.len()), (0, 0, 0));
    }

    #[test]
    fn what_there_is_no_room_for_changes_nothing_and_room_comes_back() {
        let mut kept = KeptHashes::default().readers;
        let much = vec![0; READER_HASHES_BYTES_MAX - 2 * DISPATCH_OVERHEAD_BYTES - 2];
        assert_eq!(set(&mut kept, "a", much.clone()), Ok(true));
        assert_eq!(set(&mut kept, "b", Vec::new()), Ok(true));
        assert_eq!(set(&mut kept, "b", vec![0]), Err(Full));
        assert_eq!(set(&mut kept, "c", Vec::new()), Err(Full));
        assert_eq!(set(&mut kept, "a", Vec::new()), Ok(false), "less is always taken");
        assert_eq!(set(&mut kept, "c", Vec::new()), Ok(true));
    }
}
