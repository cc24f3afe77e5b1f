//! The state is pure: what would let it act or differ from run to run is not in its text.

use std::fs;

const FORBIDDEN: [&str; 17] = [
    ".await",
    "async ",
    "tokio",
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
    "Mutex",
    "RwLock",
    "Atomic",
    "Cell<",
    "std::fs",
    "std::io",
    "std::env",
    "std::net",
    "std::thread",
    "rand::",
];

#[test]
fn the_state_has_no_clock_no_task_no_file_and_no_random_order() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/state");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for word in FORBIDDEN {
            let at = text.lines().position(|line| line.contains(word));
            assert_eq!(at, None, "{word:?} in {}", path.display());
        }
        files += 1;
    }
    assert!(files > 8, "the state was not found in {folder}");
}
