//! The objects of a lane, one behind the other: what makes that an entry is in one of them and in
//! no other.
//!
//! A lease says who should write, and cannot keep a writer from writing late that was frozen while
//! its lane went to another. So the place itself decides. Before an object there is a *record* in
//! the lane's journal: it says under the next number what the object will be, and is made only
//! where none is. Of two writers one is refused, and begins anew with what the other one has done.
//!
//! A record without its object is what is left of a writer that died between the two, or is still
//! at it. Whoever comes next makes a *void* object in its place, only where none is again: from
//! then on that object will never be, what it should have held is not in the archive, and its
//! writer, should it come back, is told so. What is in the archive thus follows from the last
//! record and the size of its object.

use std::sync::Arc;

use baton_consumer::LaneEntry;
use baton_model::{Lane, StreamId};
use baton_store::Entry;
use bytes::Bytes;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    batch::{Sealed, void},
    hour::Hour,
    layout::{Layout, number},
    marks::Marks,
    place::{Created, Place, PlaceError},
};

/// A lane's end of the archive, as one writer knows it.
#[derive(Debug)]
pub struct Chain {
    site: Arc<Site>,
    lane: Lane,
    /// Whose records are ours: two writers that are at the same entries would write the same bytes.
    writer: String,
    /// The number of the last object.
    number: u64,
    marks: Marks,
}

/// Where an app's archive is.
#[derive(Debug)]
pub struct Site {
    /// The place.
    pub place: Place,
    /// What lies where.
    pub layout: Layout,
}

/// What a journal says of an object before it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The number.
    pub number: u64,
    /// Who writes it.
    pub writer: String,
    /// The hour, counted from 1970.
    pub hour: u64,
    /// The object's path.
    pub object: String,
    /// How many bytes it has; a void one has fewer.
    pub bytes: u64,
    /// How many entries it holds.
    pub entries: u64,
    /// The id of the first.
    pub first: StreamId,
    /// The id of the last.
    pub last: StreamId,
    /// What was in the archive before.
    pub before: Marks,
    /// What came into it with this object.
    pub added: Marks,
}

/// What came of putting an object into the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is there, and lasts.
    There,
    /// Somebody else has written: nothing of it is there, and everything must be looked at anew.
    Superseded,
}

/// Why the archive cannot be used at this moment, or at all.
#[derive(Debug, Error)]
pub enum ChainError {
    /// The place did not do it.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A record is none.
    #[error("record {path} cannot be read: {source}; a newer baton-archiver may have written it")]
    Record {
        /// Which.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
}

impl Chain {
    /// Finds out what of a lane is in the archive, and makes sure that this stays so.
    ///
    /// # Errors
    /// If it cannot be told.
    pub async fn open(site: Arc<Site>, lane: Lane, writer: String) -> Result<Self, ChainError> {
        let (number, marks) = match site.last_record(lane).await? {
            None => (0, Marks::default()),
            Some(record) => (record.number, site.settle(record).await?),
        };
        Ok(Self { site, lane, writer, number, marks })
    }

    /// Whether an entry is in the archive.
    #[must_use]
    pub fn has(&self, at: &LaneEntry, entry: &Entry) -> bool {
        self.marks.has(at, entry)
    }

    /// Puts an object into the archive. Repeating it after an error changes nothing.
    ///
    /// # Errors
    /// If it is unknown whether it is there.
    pub async fn append(&mut self, batch: &Sealed) -> Result<Appended, ChainError> {
        if self.announce(batch).await? == Appended::Superseded {
            return Ok(Appended::Superseded);
        }
        self.put(batch).await
    }

    /// Makes the record: the number is ours from then on, or another's.
    pub(crate) async fn announce(&self, batch: &Sealed) -> Result<Appended, ChainError> {
        let record = self.record(batch);
        let json = serde_json::to_vec(&record);
        let json = json.unwrap_or_else(|error| unreachable!("a record is plain data: {error}"));
        let path = self.site.layout.record(self.lane, record.number);
        Ok(appended(self.site.place.create(&path, json.into()).await?))
    }

    /// Makes the object of a record that was made.
    pub(crate) async fn put(&mut self, batch: &Sealed) -> Result<Appended, ChainError> {
        let path = self.object(batch.hour);
        let created = appended(self.site.place.create(&path, batch.bytes.clone()).await?);
        if created == Appended::There {
            self.number += 1;
            self.marks.add(&batch.added);
        }
        Ok(created)
    }

    fn record(&self, batch: &Sealed) -> Record {
        Record {
            number: self.number + 1,
            writer: self.writer.clone(),
            hour: batch.hour.0,
            object: self.object(batch.hour).to_string(),
            bytes: length(&batch.bytes),
            entries: batch.entries,
            first: batch.span.0,
            last: batch.span.1,
            before: self.marks.clone(),
            added: batch.added.clone(),
        }
    }

    fn object(&self, hour: Hour) -> Path {
        self.site.layout.object(hour, self.lane, self.number + 1)
    }
}

const fn appended(created: Created) -> Appended {
    match created {
        Created::There => Appended::There,
        Created::Other => Appended::Superseded,
    }
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Site {
    /// The record that was made last.
    async fn last_record(&self, lane: Lane) -> Result<Option<Record>, ChainError> {
        let journal = self.layout.journal(lane);
        let (folders, _) = self.place.names(&journal).await?;
        let is_number = |name: &String| number(name).is_some();
        let Some(folder) = folders.into_iter().filter(is_number).max() else {
            return Ok(None);
        };
        let (_, records) = self.place.names(&journal.join(folder)).await?;
        let Some(last) = records.iter().filter_map(|name| number(name)).max() else {
            return Ok(None);
        };
        let path = self.layout.record(lane, last);
        let json = self.place.read(&path).await?;
        let record = serde_json::from_slice(&json);
        record.map(Some).map_err(|source| ChainError::Record { path: path.to_string(), source })
    }

    /// What is in the archive, for good: if the record's object is not there yet, it never will be.
    async fn settle(&self, record: Record) -> Result<Marks, ChainError> {
        let Record { object, bytes, before, added, .. } = record;
        let object = Path::from(object);
        let mut size = self.place.size(&object).await?;
        if size.is_none() {
            self.place.create(&object, void()).await?;
            // Its writer may have been faster.
            size = self.place.size(&object).await?;
        }
        let mut marks = before;
        if size == Some(bytes) {
            marks.add(&added);
        }
        Ok(marks)
    }
}

#[cfg(test)]
mod tests;
