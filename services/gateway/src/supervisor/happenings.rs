//! What is noted down in the fleet's journal of what happens here.
//!
//! Nothing is decided by it: each note says what has been done already.

use baton_fleet::Departure;
use baton_model::{Epoch, IntentId, Line, Moment, ShardKey, Wish, whole_millis};
use baton_store::{LettingGo, Taking, What};

use super::{Connection, Ending, Hosted, Output, Remark, Supervisor, hosted::Origin};

/// A drain of this instance, from its beginning on.
#[derive(Debug)]
pub(super) struct Leaving {
    cause: Cause,
    began: Moment,
    handed_over: u32,
    released: u32,
    has_ended: bool,
}

/// Why an instance gives its shards away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Its process is to end.
    Ending,
    /// An operator wants it.
    Ordered(IntentId),
}

impl Supervisor {
    pub(super) fn note(&mut self, what: What) {
        self.push(Output::Remark(Remark::Happened(what)));
    }

    /// A lease that the shard had before, and that its task has found again, is not taken.
    pub(super) fn note_taken(&mut self, shard: &ShardKey, epoch: Epoch) {
        let hosted = self.hosted.get(shard);
        if hosted.is_some_and(|hosted| hosted.held == Some(epoch) || hosted.is_restarted) {
            return;
        }
        let (how, from) = match hosted.map(|hosted| hosted.origin).unwrap_or_default() {
            Origin::Offered(offerer) => (Taking::Accepted, Some(offerer)),
            Origin::Claimed(holder) => (Taking::Claimed, holder),
            Origin::Unknown => (Taking::Claimed, None),
        };
        self.note(What::Took { shard: shard.clone(), epoch, from, how });
    }

    pub(super) fn note_live(&mut self, shard: ShardKey, connection: Connection) {
        let Some(epoch) = self.hosted.get(&shard).and_then(|hosted| hosted.held) else {
            return; // Its lease has ended before this was heard.
        };
        let Connection { how, gap, replayed, skipped } = connection;
        let gap_ms = gap.map(whole_millis);
        self.note(What::Live { shard, epoch, how, gap_ms, replayed, skipped });
    }

    pub(super) fn note_let_go(&mut self, shard: ShardKey, epoch: Epoch, departure: Departure) {
        if let Some(leaving) = &mut self.leaving {
            match departure {
                Departure::HandedOver(_) => leaving.handed_over += 1,
                Departure::Released => leaving.released += 1,
                Departure::Fenced => {}
            }
        }
        let (to, how) = match departure {
            Departure::HandedOver(to) => (Some(to), LettingGo::HandedOver),
            Departure::Released => (None, LettingGo::Released),
            Departure::Fenced => (None, LettingGo::Fenced),
        };
        self.note(What::LetGo { shard, epoch, to, how });
    }

    // -----------------------------------------------------------------------------------------
    // Drains
    // -----------------------------------------------------------------------------------------

    /// Notes where the own drain has got to, if it has got further.
    pub(super) fn tell_of_drain(&mut self, now: Moment) {
        let cause = self.cause();
        if self.leaving.as_ref().map(|leaving| leaving.cause) != cause {
            match cause {
                Some(cause) => self.begin_leaving(cause, now),
                None => {
                    self.leaving = None;
                    self.note(What::DrainTakenBack { instance: self.me });
                }
            }
        }
        let is_empty = !self.hosted.values().any(Hosted::is_held);
        if let Some(leaving) = self.leaving.as_mut().filter(|it| is_empty && !it.has_ended) {
            leaving.has_ended = true;
            let Leaving { began, handed_over, released, .. } = *leaving;
            let (instance, ms) = (self.me, whole_millis(now.since(began)));
            self.note(What::DrainEnded { instance, handed_over, released, ms });
        }
    }

    fn begin_leaving(&mut self, cause: Cause, now: Moment) {
        let held = self.hosted.values().filter(|hosted| hosted.is_held()).count();
        let shards = u32::try_from(held).unwrap_or(u32::MAX);
        let (instance, reason) = (self.me, self.reason(cause));
        let (handed_over, released) = (0, 0);
        self.leaving = Some(Leaving { cause, began: now, handed_over, released, has_ended: false });
        self.note(What::DrainBegan { instance, reason, shards });
    }

    fn cause(&self) -> Option<Cause> {
        let ordered = self.order.as_ref().map(|(id, _)| Cause::Ordered(*id));
        if self.is_ending { Some(Cause::Ending) } else { ordered }
    }

    fn reason(&self, cause: Cause) -> Line {
        match (cause, &self.order, self.ending) {
            (Cause::Ordered(_), Some((_, reason)), _) => reason.clone(),
            (_, _, Ending::Memory) => Line::shortened("memory runs short"),
            (_, _, Ending::Drained | Ending::Impostor) => Line::shortened("the process ends"),
        }
    }

    /// What an operator wants of this instance, and why, as the intents say.
    pub(super) fn learn_order(&mut self) {
        let order = self.intents.iter().find(|intent| match &intent.wish {
            Wish::Drain { instance, limit: _ } => *instance == self.me,
            Wish::Pin { .. } | Wish::Restart { .. } | Wish::ReadToken { .. } => false,
        });
        self.order = order.map(|intent| {
            let reason = match intent.reason.as_str() {
                "" => intent.by.clone(),
                reason => Line::shortened(&format!("{}: {reason}", intent.by)),
            };
            (intent.id, reason)
        });
    }
}
