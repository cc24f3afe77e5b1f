//! Writes archived entries back into streams, for consumers to read once more.
//!
//! They go into lanes of an app of their own, whose name is free to choose: the bot's own lanes
//! belong to the gateways. Entries keep their ids, so that a replay that is begun again goes on
//! where it was: the store refuses an id that is not behind all others. Where the archive's ids go
//! backwards (a store that was wiped may give smaller ones) they get the next that is free.

mod target;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Cursor},
};

use baton_consumer::LaneEntry;
use baton_model::{AppName, Lane, StreamId};
use object_store::path::Path;
use thiserror::Error;

pub use self::target::{Target, TargetError};
use crate::{
    chain::Site,
    hour::Hour,
    layout::{FORMAT, parts},
    line::{self, Unreadable},
    place::PlaceError,
};

/// Entries that are written in one go.
const WRITE_MAX: usize = 200;

/// What to replay.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The first hour.
    pub from: Hour,
    /// The hour before which to end.
    pub to: Hour,
    /// Only these lanes; all if none.
    pub lanes: BTreeSet<Lane>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Entries that were written.
    pub written: u64,
    /// Entries that were there from an earlier attempt.
    pub there: u64,
}

/// Why not everything was written.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The archive cannot be read.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The stream cannot be written.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Part of the archive was written by a newer version.
    #[error(
        "archive has objects of format {0}; this baton-archiver reads {FORMAT}, take a newer one"
    )]
    Newer(String),
    /// An object is damaged.
    #[error("object {path} cannot be read: {source}")]
    Damaged {
        /// Which.
        path: Path,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no entry.
    #[error("object {path}, line {line}: {source}")]
    Line {
        /// In which.
        path: Path,
        /// Which, from 1.
        line: usize,
        /// Why.
        source: Unreadable,
    },
}

/// Writes what is wanted to the lanes of `into`.
///
/// # Errors
/// If something cannot be read or written. What was written stays, and the same replay goes on
/// behind it.
pub async fn replay(
    site: &Site,
    target: &mut Target,
    into: &AppName,
    wanted: &Wanted,
) -> Result<Replayed, ReplayError> {
    ensure_known_formats(site).await?;
    target.ensure_no_app(into).await?;
    let mut done = Replayed::default();
    for (lane, objects) in objects(site, wanted).await? {
        let mut copy = Copy { target, into, lane, next: Vec::new(), last: StreamId::START };
        copy.open(site, &objects).await?;
        for path in &objects {
            for entry in entries(site, path).await? {
                copy.add(entry, &mut done).await?;
            }
            copy.write(&mut done).await?;
        }
        tracing::info!(%lane, written = done.written, there = done.there, "replayed a lane");
    }
    Ok(done)
}

/// What a newer version has written would be left out without a word.
async fn ensure_known_formats(site: &Site) -> Result<(), ReplayError> {
    let (formats, _) = site.place.names(site.layout.formats()).await?;
    let newer = formats.into_iter().find(|format| format.starts_with('v') && format != FORMAT);
    newer.map_or(Ok(()), |format| Err(ReplayError::Newer(format)))
}

/// The objects of each lane, in their order.
async fn objects(site: &Site, wanted: &Wanted) -> Result<BTreeMap<Lane, Vec<Path>>, ReplayError> {
    let mut found: BTreeMap<Lane, BTreeMap<u64, Path>> = BTreeMap::new();
    let days = wanted.from.0 / 24..wanted.to.0.div_ceil(24);
    for day in days {
        let folder = site.layout.day(&Hour(day * 24).date());
        for path in site.place.below(&folder).await? {
            let Some((hour, lane, number)) = parts(&path) else {
                continue;
            };
            let is_lane = wanted.lanes.is_empty() || wanted.lanes.contains(&lane);
            if is_lane && (wanted.from..wanted.to).contains(&hour) {
                found.entry(lane).or_default().insert(number, path);
            }
        }
    }
    let in_order =
        |(lane, objects): (Lane, BTreeMap<_, _>)| (lane, objects.into_values().collect());
    Ok(found.into_iter().map(in_order).collect())
}

async fn entries(site: &Site, path: &Path) -> Result<Vec<LaneEntry>, ReplayError> {
    let damaged = |source| ReplayError::Damaged { path: path.clone(), source };
    let bytes = site.place.read(path).await?;
    let decoder = zstd::stream::read::Decoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut entries = Vec::new();
    for (at, text) in BufReader::new(decoder).split(b'\n').enumerate() {
        let read = line::read(&text.map_err(damaged)?);
        let faulty = |source| ReplayError::Line { path: path.clone(), line: at + 1, source };
        entries.push(read.map_err(faulty)?);
    }
    Ok(entries)
}

/// One lane that is written.
struct Copy<'t> {
    target: &'t mut Target,
    into: &'t AppName,
    lane: Lane,
    next: Vec<LaneEntry>,
    /// The id of the entry before.
    last: StreamId,
}

impl Copy<'_> {
    /// Makes sure that the stream is empty, or holds the beginning of just this.
    async fn open(&mut self, site: &Site, objects: &[Path]) -> Result<(), ReplayError> {
        for path in objects {
            if let Some(first) = entries(site, path).await?.first() {
                return Ok(self.target.open(self.into, self.lane, first.id).await?);
            }
        }
        Ok(())
    }

    async fn add(&mut self, mut entry: LaneEntry, done: &mut Replayed) -> Result<(), ReplayError> {
        if entry.id <= self.last {
            entry.id = StreamId { millis: self.last.millis, number: self.last.number + 1 };
        }
        self.last = entry.id;
        if self.target.has(entry.id) {
            done.there += 1;
            return Ok(());
        }
        self.next.push(entry);
        if self.next.len() >= WRITE_MAX { self.write(done).await } else { Ok(()) }
    }

    async fn write(&mut self, done: &mut Replayed) -> Result<(), ReplayError> {
        self.target.write(&self.next).await?;
        done.written += u64::try_from(self.next.len()).unwrap_or(u64::MAX);
        self.next.clear();
        Ok(())
    }
}
