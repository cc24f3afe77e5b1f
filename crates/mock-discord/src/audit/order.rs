//! What arrived, and in which order.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{Seq, ShardNumber, UnixMicros};

use super::{Entry, Place, Report, attribution::Attribution};
use crate::{
    Ledger, SessionOrdinal,
    ledger::{FrameHash, Sent},
};

/// The numbers that a stream holds, by session.
#[derive(Default)]
pub(super) struct Arrivals {
    seqs: BTreeMap<(ShardNumber, SessionOrdinal), BTreeSet<Seq>>,
    shards: BTreeMap<SessionOrdinal, ShardNumber>,
}

/// The dispatch of a shard that arrived last: when it was sent and when it was received.
type Latest = BTreeMap<ShardNumber, (Sent, UnixMicros)>;

impl Arrivals {
    /// Takes the entries in, one after the other, and reports those that should not be where or
    /// as they are.
    pub(super) fn of(
        ledger: &Ledger,
        entries: &[Entry],
        attribution: &Attribution<'_>,
        report: &mut Report,
    ) -> Self {
        let mut arrivals = Self::default();
        let mut latest = Latest::new();
        for entry in entries.iter().filter(|entry| !entry.is_marker()) {
            let session = attribution.session(entry.shard, &entry.session);
            let place = Place { shard: entry.shard, session, seq: entry.seq };
            let sent = session.and_then(|session| find(ledger, session, entry.seq));
            let (Some(session), Some(sent)) = (session, sent) else {
                if ledger.may_have_forgotten(entry.shard, session, entry.seq) {
                    report.unjudged.push(place);
                } else {
                    report.altered.push(place);
                }
                continue;
            };
            if sent.hash != FrameHash::of(&entry.bytes) {
                report.altered.push(place);
            }
            arrivals.take_in(session, place, report);
            let pause = longer_than_discords(&mut latest, entry, sent);
            if !pause.is_zero() {
                let worst = report.worst_gaps.entry(entry.shard).or_default();
                *worst = pause.max(*worst);
            }
        }
        arrivals
    }

    pub(super) fn has(&self, session: SessionOrdinal, seq: Seq) -> bool {
        let shard = self.shards.get(&session);
        shard.is_some_and(|shard| self.seqs[&(*shard, session)].contains(&seq))
    }

    pub(super) fn hold_any_of(&self, session: SessionOrdinal) -> bool {
        self.shards.contains_key(&session)
    }

    /// Whether a reader of the shard's stream met something that was sent after this.
    pub(super) fn go_on_after(
        &self,
        shard: ShardNumber,
        session: SessionOrdinal,
        seq: Seq,
    ) -> bool {
        let later = (shard, session)..=(shard, SessionOrdinal(u64::MAX));
        self.seqs.range(later).any(|((_, arrived), seqs)| {
            *arrived != session || seqs.last().is_some_and(|last| *last > seq)
        })
    }

    fn take_in(&mut self, session: SessionOrdinal, place: Place, report: &mut Report) {
        self.shards.insert(session, place.shard);
        let seqs = self.seqs.entry((place.shard, session)).or_default();
        let is_behind = seqs.last().is_some_and(|last| *last > place.seq);
        if !seqs.insert(place.seq) {
            report.doubled.push(place);
        } else if is_behind {
            report.reordered.push(place);
        }
    }
}

fn find(ledger: &Ledger, session: SessionOrdinal, seq: Seq) -> Option<Sent> {
    let sent = &ledger.sessions.get(&session)?.sent;
    let at = sent.binary_search_by_key(&seq, |sent| sent.seq).ok()?;
    Some(sent[at])
}

fn longer_than_discords(latest: &mut Latest, entry: &Entry, sent: Sent) -> Duration {
    let Some((before, at)) = latest.insert(entry.shard, (sent, entry.at)) else {
        return Duration::ZERO;
    };
    let pause = Duration::from_micros(entry.at.0.saturating_sub(at.0));
    pause.saturating_sub(sent.since(&before))
}
