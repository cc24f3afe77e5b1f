//! Reads an archive as anybody would who has only read its documentation.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lane::{Key, Written};

#[derive(Deserialize)]
struct Line<'l> {
    id: &'l str,
    t: &'l str,
    sh: u16,
    s: u64,
    sid: u64,
    #[serde(borrow)]
    d: &'l RawValue,
}

/// An archive's objects, by their names.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

/// All objects of a folder.
pub(crate) fn folder(root: &Path) -> Objects {
    let mut found = Objects::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).expect("a folder") {
            let path = file.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "zst") {
                let name = path.strip_prefix(root).expect("a path below").display().to_string();
                found.insert(name, fs::read(path).expect("an object"));
            }
        }
    }
    found
}

/// Entries of each lane in the order of the archive, with their frames.
pub(crate) fn entries(objects: &Objects) -> Vec<(Key, Vec<u8>)> {
    let number = |name: &str| name.rsplit('/').next().expect("a name").to_owned();
    let mut objects: Vec<_> = objects.iter().collect();
    objects.sort_by_key(|(name, _)| number(name));
    let mut entries = Vec::new();
    for (name, object) in objects {
        let text = zstd::decode_all(&object[..]).expect("an object can be read");
        let text = String::from_utf8(text).expect("text");
        for line in text.lines() {
            let Line { id, t, sh, s, sid, d } = serde_json::from_str(line).expect("a line");
            assert!(name.contains(&format!("/lane={sh}/")), "{name} holds its lane's entries");
            let millis: u64 = id.split('-').next().expect("an id").parse().expect("a time");
            let hour = format!("/hour={:02}/", millis / 3_600_000 % 24);
            assert!(name.contains(&hour), "{name} holds its hour's entries: {id}");
            entries.push(((sh, sid, s, t.to_owned()), d.get().as_bytes().to_vec()));
        }
    }
    entries
}

/// Everything that was written is there, once, byte for byte, and each lane in its order.
pub(crate) fn ensure_exact(objects: &Objects, written: &Written) {
    let entries = entries(objects);
    let mut seen = BTreeSet::new();
    let mut last = BTreeMap::new();
    for (key, frame) in &entries {
        assert!(seen.insert(key), "{key:?} is there twice");
        assert_eq!(Some(frame), written.get(key), "{key:?} is as it was written");
        let before = last.insert(key.0, (key.1, key.2)).unwrap_or_default();
        assert!(before <= (key.1, key.2), "{key:?} comes behind {before:?}");
    }
    let missing: Vec<_> = written.keys().filter(|key| !seen.contains(key)).collect();
    assert!(missing.is_empty(), "{} are missing, such as {:?}", missing.len(), missing[0]);
}
