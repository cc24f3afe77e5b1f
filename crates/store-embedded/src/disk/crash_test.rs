//! Crashes at every write, damage at any place: what the file holds then.

use std::{
    io,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;

use super::{Disk, DiskError, Loaded, contained};
use crate::state::{Retention, StoreState, script::Script};

const SMALL: Retention = Retention { items_max: 24, bytes_max: 20_000 };

/// What a file was asked to do.
#[derive(Debug, Clone)]
enum Asked {
    SetLen(usize),
    Write(usize, Vec<u8>),
    Sync,
}

/// A file in memory that writes down what it was asked.
#[derive(Debug, Clone, Default)]
struct Recorder {
    content: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorder {
    fn holding(content: Vec<u8>) -> Self {
        let content = Arc::new(Mutex::new(content));
        let asked = Arc::default();
        Self { content, asked }
    }

    fn asked_so_far(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn ask(&self, asked: Asked) {
        carry_out(&mut self.content.lock().unwrap(), &asked);
        self.asked.lock().unwrap().push(asked);
    }
}

fn carry_out(content: &mut Vec<u8>, asked: &Asked) {
    match asked {
        Asked::SetLen(len) => content.resize(*len, 0),
        Asked::Write(offset, data) => {
            let end = offset + data.len();
            let len = content.len().max(end);
            content.resize(len, 0);
            content[*offset..end].copy_from_slice(data);
        }
        Asked::Sync => {}
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let content = self.content.lock().unwrap();
        let found = content.get(offset..offset + out.len());
        let found = found.ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.ask(Asked::SetLen(usize::try_from(len).unwrap()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.ask(Asked::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        self.ask(Asked::Write(offset, data.to_vec()));
        Ok(())
    }
}

fn open(content: Vec<u8>) -> Result<(Disk, Loaded), DiskError> {
    contained(|| Disk::over(Recorder::holding(content), SMALL, || Ok(())))
}

/// A life of a store: the state behind each transaction, and what the file had been asked when
/// that was acknowledged.
struct Life {
    recorder: Recorder,
    states: Vec<StoreState>,
    acknowledged_at: Vec<usize>,
}

fn life(seed: u64, transactions: usize) -> Life {
    let recorder = Recorder::default();
    drop(redb::Builder::new().create_with_backend(recorder.clone()));
    let made_at = recorder.asked_so_far();
    let (disk, loaded) = Disk::over(recorder.clone(), SMALL, || Ok(())).unwrap();
    let (mut state, mut script) = (loaded.state, Script::new(seed));
    let mut states = vec![state.clone()];
    let mut acknowledged_at = vec![made_at];
    for _ in 0..transactions {
        for _ in 0..script.roll(8) {
            script.step(&mut state);
        }
        disk.commit(&state.take_changes()).unwrap();
        states.push(state.clone());
        acknowledged_at.push(recorder.asked_so_far());
    }
    Life { recorder, states, acknowledged_at }
}

/// What may stand on the disk after a power failure: everything before the last sync, and of what
/// came after it whatever the dice say, one write of it perhaps by half.
fn after_power_failure(asked: &[Asked], dice: &mut Script) -> Vec<u8> {
    let synced = asked.iter().rposition(|asked| matches!(asked, Asked::Sync));
    let synced = synced.map_or(0, |at| at + 1);
    let mut content = Vec::new();
    for asked in &asked[..synced] {
        carry_out(&mut content, asked);
    }
    for asked in &asked[synced..] {
        match (asked, dice.roll(4)) {
            (Asked::SetLen(_), _) | (Asked::Write(..), 0 | 1) => carry_out(&mut content, asked),
            (Asked::Write(offset, data), 2) => {
                let torn = data[..data.len() / 2].to_vec();
                carry_out(&mut content, &Asked::Write(*offset, torn));
            }
            (Asked::Write(..) | Asked::Sync, _) => {}
        }
    }
    content
}

#[test]
fn after_a_power_failure_at_any_write_every_acknowledged_transaction_is_there_whole() {
    for seed in 0..4 {
        let Life { recorder, states, acknowledged_at } = life(seed, 12);
        let asked = recorder.asked.lock().unwrap().clone();
        let mut dice = Script::new(seed);
        for crash in acknowledged_at[0]..=asked.len() {
            let content = after_power_failure(&asked[..crash], &mut dice);
            let acknowledged = acknowledged_at.partition_point(|at| *at <= crash) - 1;
            let (_disk, loaded) = open(content).unwrap();
            let at_most_one_more = &states[acknowledged..states.len().min(acknowledged + 2)];
            assert!(
                at_most_one_more.contains(&loaded.state),
                "seed {seed}, crash at write {crash}, transaction {acknowledged}"
            );
        }
    }
}

#[test]
fn what_was_written_is_read_back_after_every_transaction() {
    for seed in 10..14 {
        let Life { recorder, states, .. } = life(seed, 60);
        let content = recorder.content.lock().unwrap().clone();
        let (_disk, loaded) = open(content).unwrap();
        assert_eq!(Some(&loaded.state), states.last(), "seed {seed}");
    }
}

#[test]
fn every_opening_has_a_number_of_its_own() {
    let recorder = life(0, 0).recorder;
    for opening in 2..5 {
        let (_disk, loaded) = Disk::over(recorder.clone(), SMALL, || Ok(())).unwrap();
        assert_eq!(loaded.opening, opening);
    }
}

/// The states that a damaged file may be read as: any that was ever true. What it must never be
/// is something else, or a panic.
fn assert_read_or_refused(damaged: Vec<u8>, states: &[StoreState], what: &str) {
    match open(damaged) {
        Ok((_disk, loaded)) => assert!(states.contains(&loaded.state), "{what}"),
        Err(DiskError::Damaged(_)) => {}
        Err(other) => panic!("{what}: {other}"),
    }
}

#[test]
fn a_truncated_file_is_an_earlier_state_or_refused() {
    let Life { recorder, states, .. } = life(20, 30);
    let content = recorder.content.lock().unwrap().clone();
    let mut dice = Script::new(20);
    let lengths = (0..300).map(|_| usize::try_from(dice.roll(content.len() as u64)).unwrap());
    for length in lengths.chain(0..40) {
        let damaged = content[..length].to_vec();
        assert_read_or_refused(damaged, &states, &format!("cut at {length}"));
    }
}

#[test]
fn a_flipped_bit_is_an_earlier_state_or_refused() {
    let Life { recorder, states, .. } = life(30, 30);
    let content = recorder.content.lock().unwrap().clone();
    let mut dice = Script::new(30);
    // The first pages hold what everything else hangs from: half of all flips go there.
    for round in 0..1_500_u64 {
        let reach = if round % 2 == 0 { 4_096 } else { content.len() as u64 };
        let at = usize::try_from(dice.roll(reach)).unwrap();
        let mut damaged = content.clone();
        damaged[at] ^= 1 << dice.roll(8);
        assert_read_or_refused(damaged, &states, &format!("bit of byte {at}"));
    }
}
