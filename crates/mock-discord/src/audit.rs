//! The comparison of a stream with what was sent.
//!
//! [`audit`] says what a stream lost, doubled, reordered or altered, and where it went on past a
//! hole without saying so. It refuses to be lenient: what is missing is lost unless a marker in
//! the stream names it, and the dispatches that are still on their way count as missing. So a
//! stream is audited after its writers have come to rest.
//!
//! The one idea to take along: a stream knows sessions by its own numbers, and which session of
//! the ledger a number means is told by what it holds, for the bytes of a dispatch are like those
//! of no other.

mod attribution;
mod excuses;
mod order;
mod silent;

use std::{collections::BTreeMap, time::Duration};

use baton_model::{EventName, Marker, Seq, SessionNumber, ShardNumber, UnixMicros};
use bytes::Bytes;
use serde::Serialize;

use self::{attribution::Attribution, excuses::Excuses, order::Arrivals};
use crate::{
    Ledger, SessionOrdinal,
    ledger::{Sent, SessionLedger},
};

/// One entry of a stream, in whatever system it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its shard.
    pub shard: ShardNumber,
    /// Its session.
    pub session: EntrySession,
    /// Its number in there.
    pub seq: Seq,
    /// The event's name. One that starts with [`Marker::PREFIX`] makes it a marker.
    pub name: EventName,
    /// The frame as Discord sent it, or the marker's body.
    pub bytes: Bytes,
    /// When it was received, by the receiver's clock.
    pub at: UnixMicros,
}

/// How a stream names a session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntrySession {
    /// By Discord's id.
    Id(String),
    /// By a number of its own.
    Number(SessionNumber),
}

/// What is wrong with a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Sent, not in the stream, and named by no marker.
    pub lost: Vec<Place>,
    /// In the stream once more than they should be.
    pub doubled: Vec<Place>,
    /// Behind a dispatch of their session that was sent later.
    pub reordered: Vec<Place>,
    /// With other bytes than were sent, or never sent at all.
    pub altered: Vec<Place>,
    /// Of which nothing can be said, for the ledger has forgotten too much of their session.
    pub unjudged: Vec<Place>,
    /// Where the stream of a shard goes on past what it lost.
    pub unmarked_gaps: Vec<Gap>,
    /// By how much a pause between two neighbours of a shard was longer than Discord's own, at
    /// the worst; no shard is here without one that was. Compares no two clocks: each pause is
    /// measured by one.
    pub worst_gaps: BTreeMap<ShardNumber, Duration>,
}

/// One dispatch, or what passes for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The shard.
    pub shard: ShardNumber,
    /// The session; none if nothing in the ledger is like what the stream holds of it.
    pub session: Option<SessionOrdinal>,
    /// The number.
    pub seq: Seq,
}

/// Dispatches of one session that are missing in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The first of them.
    pub first: Place,
    /// The last of them.
    pub last: Seq,
}

impl Report {
    /// Whether there is nothing wrong. A long pause is nothing wrong, and neither is what cannot
    /// be judged.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.lost.is_empty()
            && self.doubled.is_empty()
            && self.reordered.is_empty()
            && self.altered.is_empty()
            && self.unmarked_gaps.is_empty()
    }
}

/// Compares a stream, entries in its order, with what was sent.
///
/// A session of the ledger of which the stream holds nothing is lost as a whole: leave sessions
/// out of the ledger that were none of the stream's business.
#[must_use]
pub fn audit(ledger: &Ledger, entries: &[Entry]) -> Report {
    let attribution = Attribution::of(ledger, entries);
    let excuses = Excuses::of(entries, &attribution);
    let mut report = Report::default();
    let arrivals = Arrivals::of(ledger, entries, &attribution, &mut report);
    for (session, of_session) in &ledger.sessions {
        let holes = holes(*session, of_session, &arrivals, &excuses);
        if is_unknown(*session, of_session, &arrivals, &report) {
            let place = |sent: &Sent| place_of(*session, of_session, sent);
            report.unjudged.extend(holes.iter().flatten().map(place));
            continue;
        }
        for hole in holes {
            report_hole(&hole, *session, of_session, &arrivals, &mut report);
        }
    }
    report
}

/// Whether it cannot be told which entries are this session's: what the stream holds of it may be
/// what the ledger has forgotten, and its markers may speak of the rest.
fn is_unknown(
    session: SessionOrdinal,
    of_session: &SessionLedger,
    arrivals: &Arrivals,
    report: &Report,
) -> bool {
    let is_of_its_shard = |place: &Place| place.shard == of_session.slice.0;
    of_session.has_forgotten()
        && !arrivals.hold_any_of(session)
        && report.unjudged.iter().any(is_of_its_shard)
}

/// What is missing of a session, each run of neighbours together.
fn holes(
    session: SessionOrdinal,
    of_session: &SessionLedger,
    arrivals: &Arrivals,
    excuses: &Excuses,
) -> Vec<Vec<Sent>> {
    let is_missing =
        |sent: &Sent| !arrivals.has(session, sent.seq) && !excuses.name(session, sent.seq);
    let sent: Vec<_> = of_session.sent.iter().copied().collect();
    sent.chunk_by(|a, b| is_missing(a) == is_missing(b))
        .filter(|run| run.first().is_some_and(is_missing))
        .map(<[Sent]>::to_vec)
        .collect()
}

fn report_hole(
    hole: &[Sent],
    session: SessionOrdinal,
    of_session: &SessionLedger,
    arrivals: &Arrivals,
    report: &mut Report,
) {
    let place = |sent: &Sent| place_of(session, of_session, sent);
    report.lost.extend(hole.iter().map(place));
    if let (Some(first), Some(last)) = (hole.first(), hole.last())
        && arrivals.go_on_after(of_session.slice.0, session, last.seq)
    {
        report.unmarked_gaps.push(Gap { first: place(first), last: last.seq });
    }
}

const fn place_of(session: SessionOrdinal, of_session: &SessionLedger, sent: &Sent) -> Place {
    Place { shard: of_session.slice.0, session: Some(session), seq: sent.seq }
}

impl Entry {
    fn is_marker(&self) -> bool {
        self.name.as_str().starts_with(Marker::PREFIX)
    }

    /// A marker with a body that no one understands excuses nothing.
    fn marker(&self) -> Option<Marker> {
        if self.is_marker() { serde_json::from_slice(&self.bytes).ok() } else { None }
    }
}
